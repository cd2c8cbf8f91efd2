"""When rules begin to judge: early in training, healthy GANs show the symptoms of failing ones."""

from __future__ import annotations

from gandoctor.store import Run

WARM_UP_STEPS = 500
WARM_UP_SHARE = 0.5
CONTRACT_STEPS = 300
CONTRACT_SHARE = 0.15


def warm_up_end(run: Run) -> int:
    """Return the step from which symptom rules judge whatever the run shows; see `reading.young` for what is earlier.

    500 steps or half of the run, whichever comes first. An earlier version used 300 steps, after which no healthy run
    of the first round of measurements had a loss under 0.05, or 15 % of the planned ones. On the calibration split of
    the fault benchmark that was too early. Samples were still taking shape in most healthy runs with 600 planned steps
    and, until step 500, in runs with a quarter of the learning rates.
    """
    return _end(run, WARM_UP_STEPS, WARM_UP_SHARE)


def contract_warm_up_end(run: Run) -> int:
    """Return the first step at which contracts judge that need many steps: 300, or 15 % of the run.

    Such contracts rest on inequalities that hold at every step of a sound game. They wait only for the networks to
    differ. The values are those with which contracts were measured on 45 healthy runs.
    """
    return _end(run, CONTRACT_STEPS, CONTRACT_SHARE)


def _end(run: Run, steps: int, share: float) -> int:
    """Return so many steps or a share of the run: of the planned steps, else of all once it is complete."""
    planned = run.manifest.planned_steps
    if planned is None and run.state == "completed":
        planned = run.last_step
    return steps if planned is None else min(steps, max(1, round(share * planned)))
