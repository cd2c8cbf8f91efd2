"""The faults that can be switched on, from the start or mid-run, to see the doctor find them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from gandoctor.errors import GandoctorError
from reference_models.settings import Settings, change_settings


@dataclass(frozen=True)
class Fault:
    """One way to damage the training; a one-line change of settings.

    Attributes:
        name: What `--fault` takes; kebab-case.
        title: One line.
        description: What it does to the training and which real mistake it stands for.
        expected: Ids of the rules it was made for, the main one first; public vocabulary, so that an id may name a rule
            that this version does not have yet.
        key: The setting that switches it on: its value is the step.
        start: Step it begins at unless `@STEP` says otherwise; 0 is the start of training.
    """

    name: str
    title: str
    description: str
    expected: tuple[str, ...]
    key: str
    start: int = 0


_ALL = (
    Fault(
        name="generator-learning-rate-1e-7",
        title="The generator hardly learns",
        description=(
            "The generator's learning rate becomes 1e-7, four thousand times below the article's: a mistyped "
            "exponent. The discriminator meets an opponent that does not move."
        ),
        expected=("GD301", "GD104"),
        key="faults.generator_learning_rate.start",
    ),
    Fault(
        name="constant-latent",
        title="The latent z is always zero",
        description=(
            "Training, and the latent sampler the monitor is given, hand over zeros: the bug "
            "`noise = np.zeros(...)`. The generator can only make one image."
        ),
        expected=("GD403", "GD301", "GD007"),
        key="faults.constant_latent.start",
    ),
    Fault(
        name="symmetric-data",
        title="A sigmoid generator on data in [-1, 1]",
        description=(
            "The real images are scaled to [-1, 1] while the generator ends in a sigmoid, so that it can "
            "never make their background of -1. Switched on mid-run it rescales the batches from then on; "
            "the real images the monitor was given at the start stay as they were."
        ),
        expected=("GD301", "GD006"),
        key="faults.symmetric_data.start",
    ),
    Fault(
        name="half-latents-collapsed",
        title="Half of the latents make one image",
        description=(
            "The generator replaces every z whose first coordinate is positive by one fixed z: a partial "
            "mode collapse whose exact extent is known."
        ),
        expected=("GD403",),
        key="faults.half_latents_collapsed.start",
    ),
    Fault(
        name="output-noise",
        title="Gaussian noise on every generated image",
        description=(
            "Adds noise of standard deviation 0.1 behind the generator's last activation, in training and in "
            "inference: residual noise whose exact size is known. Values may leave [0, 1]."
        ),
        expected=("GD402",),
        key="faults.output_noise.start",
    ),
    Fault(
        name="nan-at-step",
        title="NaN enters the training",
        description=(
            "Multiplies the discriminator's loss by NaN, at step 200 unless told otherwise: its gradients "
            "and weights become NaN, and in the same step the generator's too."
        ),
        expected=("GD001",),
        key="faults.nan.start",
        start=200,
    ),
)

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""


@dataclass(frozen=True)
class PlannedFault:
    """A fault and the first step it acts in, counted from 1; 0 acts before the first step already."""

    fault: Fault
    start: int

    def __str__(self) -> str:
        return f"{self.fault.name}@{self.start}"


def parse_fault(text: str) -> PlannedFault:
    """Read "NAME" or "NAME@STEP".

    Raises:
        GandoctorError: No such fault (names the nearest), or STEP is not a whole number from 0.
    """
    name, at, step = text.strip().partition("@")
    if name not in FAULTS:
        nearest = difflib.get_close_matches(name, list(FAULTS), n=1, cutoff=0.0)[0]
        raise GandoctorError(f"There is no fault {name!r}. Did you mean {nearest}? There are: {', '.join(FAULTS)}.")
    fault = FAULTS[name]
    if not at:
        return PlannedFault(fault, fault.start)
    if not (step.isascii() and step.isdigit() and len(step) <= 9):
        raise GandoctorError(
            f"The step in the fault {text!r} is {step!r}; it must be a whole number from 0, e.g. {name}@400."
        )
    return PlannedFault(fault, int(step))


def apply_faults(settings: Settings, faults: Iterable[str]) -> tuple[Settings, tuple[PlannedFault, ...]]:
    """Return the settings with faults ("NAME[@STEP]") switched on, and the faults as planned.

    Raises:
        GandoctorError: A fault is unknown, named twice, or would begin after the last step.
    """
    planned = tuple(parse_fault(text) for text in faults)
    changes: dict[str, int] = {}
    for one in planned:
        if one.fault.key in changes:
            raise GandoctorError(f"The fault {one.fault.name!r} is named twice.")
        if one.start > settings.training.steps:
            raise GandoctorError(
                f"The fault {one} would never act: the training has {settings.training.steps} steps. "
                f"Name an earlier step, or train longer with --steps."
            )
        changes[one.fault.key] = one.start
    return change_settings(settings, changes), planned
