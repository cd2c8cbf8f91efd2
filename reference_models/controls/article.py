"""The article's DCGAN: as published, with its author's later learning rates, and with smoothed labels."""

from __future__ import annotations

from collections.abc import Iterable

from gandoctor.experiments.training import Training
from reference_models.training import build

LATER_RATES = (
    "discriminator.learning_rate=2e-4",
    "discriminator.clip_value=none",
    "generator.learning_rate=1e-4",
    "generator.clip_value=none",
)
"""The optimizers of the author's last version: a quarter of the published rates, and no clipping. D is frozen in the
adversarial step, which no version of the author's does."""


def as_published(
    preset: str = "quick",
    settings: Iterable[str] = (),
    faults: Iterable[str] = (),
    steps: int | None = None,
    seed: int = 0,
    data: str | None = None,
) -> Training:
    """The article's own loop: its adversarial step also updates the discriminator. Arguments: `training.build`."""
    return build(preset, ("training.freeze_discriminator=false", *settings), faults, steps, seed, data)


def dcgan(
    preset: str = "quick",
    settings: Iterable[str] = (),
    faults: Iterable[str] = (),
    steps: int | None = None,
    seed: int = 0,
    data: str | None = None,
) -> Training:
    """The article's networks and loss; each step updates only its own network. Arguments: `training.build`."""
    return build(preset, (*LATER_RATES, *settings), faults, steps, seed, data)


def dcgan_smoothed(
    preset: str = "quick",
    settings: Iterable[str] = (),
    faults: Iterable[str] = (),
    steps: int | None = None,
    seed: int = 0,
    data: str | None = None,
) -> Training:
    """`dcgan` with one-sided label smoothing: D's target for reals is 0.9 (Salimans et al. 2016, section 3.4).

    D's loss then cannot fall below 0.16, half the entropy of a coin with probability 0.9. Arguments: `training.build`.
    """
    return build(preset, (*LATER_RATES, "training.real_label=0.9", *settings), faults, steps, seed, data)
