"""Answers: a few inputs that are images, kept beside what the generator makes of them and what belongs to them."""

from __future__ import annotations

import numpy as np

from gandoctor.measures.images import image_statistics
from gandoctor.measures.pairs import PAIRED
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import ForwardPasses, Probe
from gandoctor.recording.probe.images import LEAST_SIDE, to_bytes, to_unit
from gandoctor.recording.probe.nested import flattened

SHOWN = 8
SMOOTH = 0.5
"""Correlation of neighbouring pixels above which an input is an image: noise has 0."""
LATER = 0.25
"""Share of the steps so far after which they are kept anew."""


class Answers(Instrument):
    """Stores what was made of the first inputs, for the eye: it measures nothing."""

    name = "AnswerMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._forward: ForwardPasses | None = None
        self._inputs: np.ndarray | None = None
        self._next_step = 0

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Store them where it is time to, and where inputs and samples are images."""
        recording, forward, card = self.recording, self.recording.forward, self.recording.manifest.data
        if probe is None or forward is None or card is None or card.kind != "images":
            return {}
        if forward is not self._forward:
            self._forward, self._inputs, self._next_step = forward, _images(flattened(forward.latents)), 0
        if self._inputs is None or (step < self._next_step and not recording.is_closing):
            return {}
        made = to_bytes(to_unit(probe.fakes[:SHOWN], card))
        recording.writer.answers(self._inputs, made, self._belonging(forward))
        self._next_step = step + max(1, round(LATER * step))
        return {}

    def _belonging(self, forward: ForwardPasses) -> np.ndarray | None:
        """Return the real images that the inputs belong to; None where training has no pairs."""
        recording, card, pairs = self.recording, self.recording.manifest.data, self.recording.manifest.pairs
        if card is None or recording.partners is None or pairs is None or pairs.told < PAIRED:
            return None
        rows, partners = recording.partners.of(forward.latents)
        return to_bytes(to_unit(partners[:SHOWN], card)) if list(rows[:SHOWN]) == list(range(SHOWN)) else None


def _images(inputs: list[np.ndarray]) -> np.ndarray | None:
    """Return the first inputs as bytes where they are images, scaled from their own range; None where they are not."""
    for part in inputs:
        if part.ndim != 4 or part.shape[-1] not in (1, 3) or min(part.shape[1:3]) < LEAST_SIDE or len(part) < SHOWN:
            continue
        low, high = float(part.min()), float(part.max())
        if not np.isfinite([low, high]).all() or low == high:
            continue
        unit = (part.astype(np.float32) - low) / (high - low)
        if image_statistics(unit).get("sample_autocorrelation", 0.0) > SMOOTH:
            return to_bytes(unit[:SHOWN])
    return None
