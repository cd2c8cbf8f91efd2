"""SampleMonitor: statistics of generated images beside the user's own real images, and contact sheets."""

from __future__ import annotations

import numpy as np

from gandoctor.measures.diversity import Reference, diversity_statistics
from gandoctor.measures.images import image_statistics
from gandoctor.monitors.forward import Probe
from gandoctor.monitors.images import to_bytes, to_unit
from gandoctor.monitors.latents import FIXED_COUNT
from gandoctor.monitors.monitor import Monitor
from gandoctor.monitors.session import Session
from gandoctor.signals import SIGNALS

SHEETS_A_RUN = 50


class SampleMonitor(Monitor):
    """Records sample statistics at every probe and a contact sheet of fixed latents about 50 times a run."""

    _reference: Reference | None = None
    _next_sheet = 0

    def attached(self, session: Session) -> None:
        """Prepare the real images that generated ones are compared with."""
        missing = session.manifest.missing
        if "latent_sampler" in missing:
            missing.update({n: missing["latent_sampler"] for n in SIGNALS if n.startswith("sample_")})
        if session.reals is None or session.manifest.data is None:
            for name in ("sample_autocorrelation", "sample_noise_sigma", "sample_coverage", "sample_kid"):
                session.manifest.missing[name] = session.manifest.missing["probe_data"]
            return
        self._reference = Reference(to_unit(session.reals, session.manifest.data))

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Measure this probe's images and store a sheet of them when it is time."""
        if probe is None:
            return {}
        found = {
            "sample_min": float(np.min(probe.fakes)),
            "sample_max": float(np.max(probe.fakes)),
            "sample_train_infer_gap": _gap(probe),
        }
        assert self.session is not None
        card = self.session.manifest.data
        if card is None or self._reference is None:
            return found
        fakes = to_unit(probe.fakes, card)
        found |= image_statistics(fakes)
        found |= diversity_statistics(fakes, self._reference)
        if step >= self._next_sheet or self.session.is_closing:
            assert self.session.reals is not None
            sheet = to_bytes(fakes[:FIXED_COUNT])
            self.session.writer.samples(step, sheet, to_bytes(to_unit(self.session.reals[:8], card)))
            self._next_sheet = step + max(1, (self.session.manifest.planned_steps or 0) // SHEETS_A_RUN)
        return found


def _gap(probe: Probe) -> float:
    """Mean absolute difference of training- and inference-mode images of the same latents, over their spread."""
    training = probe.fakes_training
    inference = probe.fakes[: len(training)]
    spread = float(np.std(inference))
    difference = float(np.mean(np.abs(training - inference)))
    return difference / spread if spread > 0 else (0.0 if difference == 0 else float("inf"))
