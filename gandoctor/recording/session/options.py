"""Options: the arguments of a monitor, checked, and the manifest they open."""

from __future__ import annotations

import operator
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from gandoctor.errors import GandoctorError
from gandoctor.loss_families import LossFamily
from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import HANDLES, REAL_LABEL_KEY
from gandoctor.recording.backend import Backend
from gandoctor.recording.probe.images import UnusableImages, checked_images, data_card
from gandoctor.recording.warning import warn
from gandoctor.store import Manifest
from gandoctor.store.cards import Source
from gandoctor.store.games import GAMES_FOLDER
from gandoctor.store.manifest import Declared


@dataclass(frozen=True)
class Options:
    """The arguments of a monitor; `GANMonitor` explains each."""

    run_dir: Path
    generator: Any = None
    discriminator: Any = None
    g_optimizer: Any = None
    d_optimizer: Any = None
    latent_sampler: Callable[[int], Any] | None = None
    probe_data: Any = None
    holdout_data: Any = None
    embedding: Callable[[Any], Any] | None = None
    loss: LossFamily | None = None
    real_is_high: bool | None = None
    declared: Mapping[str, Any] | None = None
    overhead_budget: float = 0.02
    strict: bool = False
    resume: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    observe_loop: bool = False
    """Observe a hand-written loop as `fit` is, and keep what the players are fed where real data or latents are not
    known; set by what attaches itself."""
    changes: Mapping[str, float] = field(default_factory=dict)
    """What is set in the training before its first step, by its name in `HANDLES`; set by what tries a change."""
    snapshots: int | None = None
    duality_gap_at: Sequence[int] = ()
    fork_of: tuple[Path, int] | None = None
    """Run directory and step of the snapshot that the training goes on from; set by what has set it to that."""
    game: str | None = None
    game_source: Source = "given"

    @property
    def directory(self) -> Path:
        """Where this recording is wanted: of one of several games, within the directory of their run."""
        return self.run_dir if self.game is None else self.run_dir / GAMES_FOLDER / self.game


Images = np.ndarray | Absence
"""The user's real data, float32: images (n, h, w, c), series (n, T, C) or vectors (n, c); or why there are none."""


def opening_manifest(
    options: Options, backend: Backend, reals: Mapping[str, Images], planned_steps: int | None
) -> Manifest:
    """Return the manifest of a run that is about to begin: all but its players' cards.

    Players and manifest share where things were found, so that what shows in training need not be passed on.

    Args:
        options: As passed by the user.
        backend: The GAN.
        reals: What `usable_reals` has returned.
        planned_steps: Length of the training where it is known.

    Raises:
        GandoctorError: The loss family is unknown, or what is declared is not.
    """
    manifest = Manifest(
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        planned_steps=planned_steps,
        game=options.game,
        **dict(options.metadata),
    )
    manifest.missing.update(backend.players.absent)
    manifest.missing.update({name: why for name, why in reals.items() if isinstance(why, Absence)})
    manifest.players = backend.players.sources
    manifest.versions = _versions() | backend.versions()
    manifest.losses = backend.losses()
    probe, holdout = reals["probe_data"], reals["holdout_data"]
    if not isinstance(probe, Absence):
        manifest.data = data_card(probe, None if isinstance(holdout, Absence) else holdout, options.probe_data)
    if options.declared is not None:
        manifest.declared = checked_declaration(options.declared)
    if REAL_LABEL_KEY in options.changes:
        manifest.declared.real_label = options.changes[REAL_LABEL_KEY]
    if options.loss is not None:
        if options.loss not in get_args(LossFamily):
            raise GandoctorError(f"loss={options.loss!r} is unknown; use one of {', '.join(get_args(LossFamily))}.")
        manifest.loss_family, manifest.loss_family_source = options.loss, "given"
    manifest.real_is_high = True if options.real_is_high is None else options.real_is_high
    manifest.real_is_high_source = "assumed" if options.real_is_high is None else "given"
    return manifest


def applied_changes(backend: Backend, changes: Mapping[str, float]) -> dict[str, float | None]:
    """Set what the user asked for, by the names of `HANDLES`; return what each was.

    Raises:
        GandoctorError: Something cannot be set.
    """
    before = {}
    for name, value in changes.items():
        player, what = HANDLES[name]
        if what == "learning_rate":
            before[name] = backend.learning_rate(player)
            backend.set_learning_rate(player, value)
        else:
            before[name] = backend.set_value(player, what, value)
    return before


def checked_declaration(declared: Mapping[str, Any]) -> Declared:
    """Return what the user declares of a training.

    Raises:
        GandoctorError: A name is unknown or a value is out of bounds.
    """
    known = ", ".join(Declared.model_fields)
    try:
        unknown = sorted(set(map(str, declared)) - set(Declared.model_fields))
        if not unknown:
            return Declared.model_validate(dict(declared))
    except TypeError:
        raise GandoctorError(f"declared={declared!r} is not a dictionary; it may hold {known}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise GandoctorError(f"declared[{where!r}]={first['input']!r} cannot be used: {first['msg']}.") from None
    raise GandoctorError(f"declared holds {', '.join(unknown)}, which is unknown; it may hold {known}.")


def checked_steps(steps: Sequence[int]) -> tuple[int, ...]:
    """Return the steps at which the duality gap is asked for, in order.

    Raises:
        GandoctorError: They are no whole numbers of 1 or more.
    """
    try:
        found = tuple(sorted({operator.index(step) for step in steps}))
    except TypeError:
        found = (0,)
    if found and found[0] < 1:
        raise GandoctorError(f"duality_gap_at={steps!r} is no list of steps; give numbers such as (500, 1000).")
    return found


def usable_reals(options: Options) -> dict[str, Images]:
    """Return "probe_data" and "holdout_data": the images of each, or why there are none.

    Raises:
        GandoctorError: They are unusable and `strict` was asked for.
    """
    return {name: _usable_images(options, name) for name in ("probe_data", "holdout_data")}


def _usable_images(options: Options, name: str) -> Images:
    given = getattr(options, name)
    if given is None:
        return Absence(Absent.NOT_GIVEN, Message("pass {argument}=...", argument=name))
    try:
        return checked_images(given, name)
    except UnusableImages as error:
        if options.strict:
            raise
        warn(Message("gandoctor: {why}. Recording goes on without it.", why=error.why), stacklevel=4)
        return Absence(Absent.UNUSABLE, error.why)


def _versions() -> dict[str, str]:
    """Return the versions of what decides the numbers, the framework's apart."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("gandoctor", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found
