"""The fault benchmark: train the runs of a plan, measure their damage, judge them, and score the judgements.

    plan -> train (worker, conduct) -> measure (the plan's oracle) -> judge -> score -> tables

Targets, plan and oracle are imported by name. Nothing here depends on the reference model.
"""
