"""When rules begin to judge: early in training, healthy GANs show the symptoms of failing ones."""

from __future__ import annotations

from gandoctor.store import Manifest

WARM_UP_STEPS = 500
WARM_UP_SHARE = 0.5
CONTRACT_STEPS = 300
CONTRACT_SHARE = 0.15


def warm_up_end(manifest: Manifest) -> int:
    """Return the first step at which symptom rules judge.

    500 steps or half of the planned steps, whichever comes first. An earlier version used 300 steps, after which no
    healthy run of the first round of measurements had a loss under 0.05, or 15 % of the planned ones. On the
    calibration split of the fault benchmark that was too early. Samples were still taking shape in most healthy runs
    with 600 planned steps and, until step 500, in runs with a quarter of the learning rates.
    """
    return _end(manifest, WARM_UP_STEPS, WARM_UP_SHARE)


def contract_warm_up_end(manifest: Manifest) -> int:
    """Return the first step at which contracts judge that need many steps: 300, or 15 % of the planned steps.

    Such contracts rest on inequalities that hold at every step of a sound game. They wait only for the networks to
    differ. The values are those with which contracts were measured on 45 healthy runs.
    """
    return _end(manifest, CONTRACT_STEPS, CONTRACT_SHARE)


def _end(manifest: Manifest, steps: int, share: float) -> int:
    if manifest.planned_steps is None:
        return steps
    return min(steps, max(1, round(share * manifest.planned_steps)))
