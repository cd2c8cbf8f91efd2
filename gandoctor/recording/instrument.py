"""Instrument: one measurement, made for a session that calls its hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from gandoctor.message import Absence, Message
from gandoctor.player_names import Player
from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Batch, Fed, StepTrace, Update
from gandoctor.recording.objective.polarity import Polarity
from gandoctor.recording.probe.forward_passes import ForwardPasses, Probe
from gandoctor.recording.probe.latents import ProbeLatents
from gandoctor.recording.probe.partners import Partners
from gandoctor.store import Manifest, RunWriter

Readings = Mapping[str, Any]
"""Signal -> a number, an `Absence` that says why there is none, or None if that no longer holds."""


class Recording(Protocol):
    """The part of a session that instruments use.

    Attributes:
        backend: The GAN.
        writer: The run directory; its manifest is read by instruments, and `spaces` and `players` are filled by them.
        polarity: Which side of the discriminator's output means "real".
        step: Completed training steps; first_step: where this recording began.
    """

    backend: Backend
    writer: RunWriter
    polarity: Polarity
    step: int
    first_step: int

    @property
    def manifest(self) -> Manifest:
        """The run's manifest."""

    @property
    def reals(self) -> np.ndarray | None:
        """Real data, float32 (n, h, w, c), (n, T, C) or (n, c); None where there are none."""

    @property
    def holdout(self) -> np.ndarray | None:
        """Likewise, data that the discriminator never trains on."""

    @property
    def embedding(self) -> Callable[[Any], Any] | None:
        """Features of the user's own; None where none were passed."""

    @property
    def duality_gap_at(self) -> Sequence[int]:
        """Steps at which the duality gap is asked for; empty where it is not."""

    @property
    def latents(self) -> ProbeLatents:
        """Which latents each probe looks at."""

    @property
    def forward(self) -> ForwardPasses | None:
        """The probe's passes; None before the first probe."""

    @property
    def partners(self) -> Partners | None:
        """Real samples that were fed beside the generator's inputs, row by row; None where that is not known."""

    @property
    def is_closing(self) -> bool:
        """Whether this is the run's last probe."""

    def absence(self, name: str) -> Absence | None:
        """Return why a signal is absent, as far as is known; None if no reason is recorded."""

    def unseen(self, step: int, signals: Mapping[Player, tuple[str, ...]]) -> dict[str, Absence | None]:
        """Return why signals that need a player's updates are absent; None for those of a player that was updated.

        The first steps do not count, because some trainings update a player in every fifth step only. Warns the user
        once in a run.
        """

    def warn(self, why: Message) -> None:
        """Tell the user something while training goes on."""

    def data_changed(self) -> None:
        """Take note that the step under way is the first whose real data have another shape than before."""


class Instrument:
    """Base of all instruments; a subclass overrides the hooks it needs.

    Hooks, in the order of a step:
        before_step: Between steps; says whether the next step will be probed.
        on_input: Inside the step, for the latents and the real batch it is fed.
        before_update, after_update: Inside the step, around each `optimizer.apply`.
        on_gradients: Inside the step, between the two, with the gradients as they are applied.
        after_step: Inside the step, at its end.
        probe: Between steps, every few of them; gets the players' outputs.
        after_probe: Between steps, after every instrument's `probe`; gets the numbers they returned.

    What is inside the step may run once only, while the step is traced: the numbers are the framework's, not Python's.

    Args:
        recording: The session it is made for.

    Attributes:
        name: What the instrument is called in warnings and events.
        disabled: Set when a hook failed; the instrument is then left out for the rest of the run.
    """

    name = ""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.disabled = False

    def begin(self) -> Readings:
        """Prepare; called once when recording begins. Returns what is known to be absent."""
        return {}

    def before_step(self, measured: bool) -> None:
        """Prepare for a step, which will be probed at its end or not."""

    def on_input(self, kind: Fed, batch: Batch) -> Readings:
        """Measure what a step is fed."""
        return {}

    def before_update(self, update: Update) -> Readings:
        """Measure before an optimizer moves weights."""
        return {}

    def on_gradients(self, update: Update) -> Readings:
        """Measure the gradients that are applied."""
        return {}

    def after_update(self, update: Update) -> Readings:
        """Measure after an optimizer has moved weights."""
        return {}

    def after_step(self, trace: StepTrace) -> Readings:
        """Measure what a step has produced."""
        return {}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Measure at a probe; `probe` is None where the players cannot be run."""
        return {}

    def after_probe(self, step: int, values: Mapping[str, float]) -> None:
        """Look at all numbers of a probe."""


MakeInstrument = Callable[[Recording], Instrument]
"""An instrument's class, or anything that makes one for a session."""
