"""What the user passes to a monitor, and what of it can be used."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from gandoctor.backends.tensorflow.players.model_card import versions
from gandoctor.backends.tensorflow.players.players import Players
from gandoctor.errors import GandoctorError
from gandoctor.recording.probe.images import checked_images, data_card
from gandoctor.store import LossFamily, Manifest
from gandoctor.store.manifest import MANIFEST_NAME


class MonitorWarning(UserWarning):
    """A monitor could not do its work; training goes on."""


@dataclass(frozen=True)
class Options:
    """What the user passed to a monitor; see GANMonitor for the meaning of each."""

    run_dir: Path
    generator: Any = None
    discriminator: Any = None
    g_optimizer: Any = None
    d_optimizer: Any = None
    latent_sampler: Callable[[int], Any] | None = None
    probe_data: Any = None
    holdout_data: Any = None
    loss: LossFamily | None = None
    real_is_high: bool | None = None
    overhead_budget: float = 0.02
    strict: bool = False
    resume: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)


def opening_manifest(options: Options, players: Players, planned_steps: int | None) -> Manifest:
    """Return the manifest of a run that is about to begin: all but its players' cards and its data.

    Players and manifest share what is missing and where things were found, so that what is found out in training is
    said without anyone passing it on.

    Raises:
        GandoctorError: The loss family is unknown.
    """
    manifest = Manifest(
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        planned_steps=planned_steps,
        **dict(options.metadata),
    )
    manifest.missing.update(players.missing)
    players.missing, manifest.players = manifest.missing, players.sources
    manifest.versions = versions()
    if options.loss is not None:
        if options.loss not in get_args(LossFamily):
            raise GandoctorError(f"loss={options.loss!r} is unknown; use one of {', '.join(get_args(LossFamily))}.")
        manifest.loss_family, manifest.loss_family_source = options.loss, "given"
    manifest.real_is_high = True if options.real_is_high is None else options.real_is_high
    manifest.real_is_high_source = "assumed" if options.real_is_high is None else "given"
    return manifest


def usable_reals(options: Options, manifest: Manifest) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the probe and held-out reals; unusable ones are left out, with the reason in the manifest.

    Raises:
        GandoctorError: They are unusable and `strict` was asked for.
    """
    images: dict[str, np.ndarray | None] = {"probe_data": None, "holdout_data": None}
    for name in images:
        given = getattr(options, name)
        if given is None:
            manifest.missing[name] = f"pass GANMonitor(..., {name}=...)"
            continue
        try:
            images[name] = checked_images(given, name)
        except GandoctorError as error:
            if options.strict:
                raise
            manifest.missing[name] = str(error)
            warnings.warn(f"gandoctor: {error} Recording goes on without it.", MonitorWarning, stacklevel=2)
    probe = images["probe_data"]
    if probe is not None:
        manifest.data = data_card(probe, images["holdout_data"], options.probe_data)
    return probe, images["holdout_data"]


def usable_directory(options: Options) -> Path:
    """Return the run directory, or a numbered sibling where it already holds a run: nothing is overwritten."""
    wanted = Path(options.run_dir)
    if options.resume or not (wanted / MANIFEST_NAME).exists():
        return wanted
    if options.strict:
        raise GandoctorError(f"{wanted} already holds a run. Choose another directory or pass resume=True.")
    number = 2
    while (sibling := wanted.with_name(f"{wanted.name}-{number}")).exists():
        number += 1
    warnings.warn(
        f"gandoctor: {wanted} already holds a run; recording to {sibling} instead.",
        MonitorWarning,
        stacklevel=2,
    )
    return sibling
