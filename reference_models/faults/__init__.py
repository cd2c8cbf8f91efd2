"""Faults to switch on, from the start or mid-run, so that gandoctor has something to detect; one module a kind.

`faulty_gan`, `faulty_generator`, `faulty_layers` and `faulty_latents` implement them. This module and the lists of
faults import neither Keras nor TensorFlow.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gandoctor.errors import GandoctorError
from reference_models.faults.data import DATA
from reference_models.faults.fault import Fault
from reference_models.faults.images import IMAGES
from reference_models.faults.latents import LATENTS
from reference_models.faults.learning import LEARNING
from reference_models.faults.networks import NETWORKS
from reference_models.faults.phases import PHASES
from reference_models.settings import Settings, change_settings

__all__ = ["FAULTS", "THEMES", "Fault", "PlannedFault", "apply_faults", "parse_fault"]

THEMES: dict[str, tuple[Fault, ...]] = {
    "Training phases": PHASES,
    "Losses and learning rates": LEARNING,
    "Latents": LATENTS,
    "Data": DATA,
    "Networks": NETWORKS,
    "Images": IMAGES,
}
"""Every fault by what it acts on."""

FAULTS: dict[str, Fault] = {fault.name: fault for faults in THEMES.values() for fault in faults}
"""Every fault by name."""


@dataclass(frozen=True)
class PlannedFault:
    """A fault and the first step it acts in, counted from 1; with 0 it acts before the first step."""

    fault: Fault
    start: int

    def __str__(self) -> str:
        return f"{self.fault.name}@{self.start}"


def parse_fault(text: str) -> PlannedFault:
    """Read "NAME" or "NAME@STEP".

    Raises:
        GandoctorError: There is no such fault (the message names the nearest), STEP is not a whole number of 0 or more,
            or the fault can only act from the start.
    """
    name, at, step = text.strip().partition("@")
    if name not in FAULTS:
        raise GandoctorError(
            f"There is no fault {name!r}. Did you mean {_nearest(name.lower())}? "
            f"`gandoctor faults` lists all {len(FAULTS)}."
        )
    fault = FAULTS[name]
    if not at:
        return PlannedFault(fault, fault.start)
    if not (step.isascii() and step.isdigit() and len(step) <= 9):
        raise GandoctorError(
            f"The step of the fault {text!r} is {step!r}. It must be a whole number of 0 or more, for example "
            "constant-latent@400."
        )
    if int(step) and fault.key is None:
        raise GandoctorError(
            f"The fault {name} cannot begin at step {int(step)}: {fault.only_from_the_start}. "
            f"Write {name} without a step to switch it on from the start."
        )
    return PlannedFault(fault, int(step))


def apply_faults(settings: Settings, faults: Iterable[str]) -> tuple[Settings, tuple[PlannedFault, ...]]:
    """Return the settings with faults ("NAME[@STEP]") switched on, and the planned faults.

    Raises:
        GandoctorError: A fault is unknown, cannot begin at its step, would begin after the last step, or changes the
            same setting as another one.
    """
    planned = tuple(parse_fault(text) for text in faults)
    changes: dict[str, Any] = {}
    changed_by: dict[str, PlannedFault] = {}
    for one in planned:
        if one.start > settings.training.steps:
            raise GandoctorError(
                f"The fault {one} would never act: training ends at step {settings.training.steps}. "
                f"Choose an earlier step, or train longer with --steps."
            )
        for key, value in one.fault.settings(one.start).items():
            other = changed_by.setdefault(key, one)
            if other is not one and other.fault is one.fault:
                raise GandoctorError(f"The fault {one.fault.name!r} is given twice.")
            if changes.setdefault(key, value) != value or (other is not one and key == one.fault.key):
                raise GandoctorError(f"The faults {other} and {one} exclude each other: both change {key}.")
    return change_settings(settings, changes), planned


def _nearest(typed: str) -> str:
    # difflib finds a part of a name ("nan") less similar to the whole name than to some other short name.
    holding = [name for name in FAULTS if typed and typed in name]
    return (holding or difflib.get_close_matches(typed, list(FAULTS), n=1, cutoff=0.0))[0]
