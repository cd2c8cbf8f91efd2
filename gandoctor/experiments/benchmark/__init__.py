"""The fault benchmark: train what a plan lists, ask an oracle what came of it, judge, and score the judgements.

    plan -> train (worker, conduct) -> measure (the plan's oracle) -> judge -> score -> tables

Targets, plan and oracle are reached by name; nothing here knows the reference model.
"""
