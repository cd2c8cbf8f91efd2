"""When symptoms may be judged: early excursions of the losses are normal in healthy GAN training."""

from __future__ import annotations

from gandoctor.store import Manifest

WARM_UP_STEPS = 300
WARM_UP_SHARE = 0.5
CONTRACT_SHARE = 0.15


def warm_up_end(manifest: Manifest) -> int:
    """Return the first step at which symptom rules judge.

    300 steps or half of the planned steps, whichever is first: in 10 of 12 healthy runs the discriminator's loss fell
    under 0.05 before step 300 and in none after it (first round of measurements, DCGAN on MNIST, batch 64). A share of
    15 % was tried first: in the calibration split of the fault benchmark, with 600 planned steps, it had symptoms
    judged while the samples of most healthy runs were still taking shape.
    """
    return _end(manifest, WARM_UP_SHARE)


def contract_warm_up_end(manifest: Manifest) -> int:
    """Return the first step at which those contracts judge that need many steps: 300, or 15 % of the planned ones.

    They rest on inequalities that hold in every step of a sound game, and need time for networks to differ only. Kept
    as it was when contracts were measured on 45 healthy runs.
    """
    return _end(manifest, CONTRACT_SHARE)


def _end(manifest: Manifest, share: float) -> int:
    if manifest.planned_steps is None:
        return WARM_UP_STEPS
    return min(WARM_UP_STEPS, max(1, round(share * manifest.planned_steps)))
