"""The runs of the benchmark that are replayed in PyTorch: the same options and right answers, another framework.

Of the benchmark's plan these are the reference model's healthy runs, which give the oracle its band, and one run of
each fault that exists in PyTorch's reference model. No limit may be set on any of them.
"""

from __future__ import annotations

from gandoctor.experiments.benchmark.plan import Plan, PlannedRun
from gandoctor.experiments.target import REFERENCES
from reference_models.benchmark.plan import REFERENCE, build_plan
from reference_models.torch_dcgan.faults import ABSENT


def build_torch_plan() -> Plan:
    """Return the plan of the replay; the runs are in the order in which they are most worth having."""
    whole = build_plan()
    runs = [
        run.model_copy(update={"target": REFERENCES["torch"], "judged_before": False})
        for run in whole.runs
        if _is_replayed(run)
    ]
    once: dict[tuple[str | None, int, int], PlannedRun] = {}
    for run in runs:
        once.setdefault((run.fault, run.onset, run.seed if run.fault is None else 0), run)
    return whole.model_copy(update={"runs": tuple(sorted(once.values(), key=_rank))})


def _is_replayed(run: PlannedRun) -> bool:
    if run.target != REFERENCE or run.options.get("data") is not None or run.fault in ABSENT:
        return False
    return (run.fault is not None and run.split == "test") or (run.family == "reference" and run.fault is None)


def _rank(run: PlannedRun) -> tuple[bool, bool]:
    """Healthy runs come first, and faults that begin on the way last."""
    return run.fault is not None, run.onset > 0
