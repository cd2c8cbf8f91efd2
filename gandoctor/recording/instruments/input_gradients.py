"""InputGradients: how steep the discriminator is where it matters, at reals, at generated images and between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.recording.probe.nested import mapped, parts

COUNT = 16
"""Images of each kind."""
NUMBERS = 2**22
"""Numbers that the images of one kind may have together; of larger images fewer are taken."""
EVERY = 2
"""Probes from one measurement to the next."""
SIGNALS = ("d_input_gradient_real", "d_input_gradient_fake", "d_input_gradient_between")


class InputGradients(Instrument):
    """Records the mean L2 norm of the gradient of the discriminator's logit with respect to its input.

    One norm an image, inference mode, in every second probe. Between reals and fakes at fixed shares from 0 to 1: no
    random number is drawn.
    """

    name = "InputGradientMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._probes = 0

    def begin(self) -> Readings:
        """Say what cannot be recorded for want of real data."""
        no_latents, recording = self.recording.absence("latent_sampler"), self.recording
        if no_latents is not None:
            return dict.fromkeys(SIGNALS, no_latents)
        if recording.reals is None:
            return dict.fromkeys((SIGNALS[0], SIGNALS[2]), recording.absence("probe_data"))
        return {}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Differentiate at the images that the probe has scored."""
        if probe is None or probe.raw is None or probe.fake is None:
            return {} if probe is None or probe.no_scores is None else dict.fromkeys(SIGNALS, probe.no_scores)
        self._probes += 1
        if (self._probes - 1) % EVERY and not self.recording.is_closing:
            return {}
        forward, backend = self.recording.forward, self.recording.backend
        fakes = self._few(mapped(backend.to_numpy, probe.raw))
        reals = None if forward is None or forward.reals is None else self._few(forward.reals)
        kinds = {SIGNALS[1]: fakes}
        if reals is not None:
            kinds[SIGNALS[0]] = reals
            between = _between(reals, fakes)
            if between is not None:
                kinds[SIGNALS[2]] = between
        try:
            return self._norms(kinds)
        except Exception as error:  # noqa: BLE001 - a discriminator that cannot be differentiated is no failure of ours
            why = Message(
                "the discriminator cannot be differentiated by its input ({error})", error=type(error).__name__
            )
            return dict.fromkeys(SIGNALS, Absence(Absent.CANNOT_RUN, why))

    def _few(self, batch: Any) -> Any:
        size = int(np.prod(np.shape(parts(batch)[0])[1:])) or 1
        count = max(1, min(COUNT, NUMBERS // size))
        return mapped(lambda part: np.asarray(part)[:count], batch)

    def _norms(self, kinds: dict[str, Any]) -> dict[str, float]:
        """Differentiate at all images at once where that is the same, as each call has a cost of its own."""
        batches = list(kinds.values())
        alike = all(isinstance(b, np.ndarray) and b.shape == batches[0].shape for b in batches)
        if not alike or not self.recording.backend.judges_one_by_one("d"):
            return {name: float(self._norm(batch).mean()) for name, batch in kinds.items()}
        norms = np.split(self._norm(np.concatenate(batches)), len(batches))
        return {name: float(norm.mean()) for name, norm in zip(kinds, norms, strict=True)}

    def _norm(self, batch: Any) -> np.ndarray:
        """Return the norm of the gradient at each image."""
        gradient = self.recording.backend.input_gradient(mapped(self.recording.backend.on_device, batch))
        flat = np.asarray(gradient, np.float64).reshape(len(gradient), -1)
        norm: np.ndarray = np.sqrt((flat * flat).sum(axis=1))
        return norm


def _between(reals: Any, fakes: Any) -> Any:
    """Return points on the lines from reals to fakes, beside what belongs to the reals; None where sizes differ."""
    real, fake = parts(reals)[0], parts(fakes)[0]
    if real.shape != fake.shape or not np.issubdtype(real.dtype, np.floating):
        return None
    share = np.linspace(0.0, 1.0, len(real), dtype=np.float32).reshape(-1, *[1] * (real.ndim - 1))
    mixed = (share * fake + (1.0 - share) * real).astype(real.dtype)
    first = iter([mixed])
    return mapped(lambda part: next(first, part), reals)
