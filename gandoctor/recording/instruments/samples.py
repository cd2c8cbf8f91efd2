"""SampleMonitor: statistics of generated images beside the user's own real images, and contact sheets."""

from __future__ import annotations

import numpy as np

from gandoctor.backends.tensorflow.forward_passes import Probe
from gandoctor.measures.digits import SPACE as DIGITS
from gandoctor.measures.diversity import Reference, diversity_statistics
from gandoctor.measures.images import image_statistics
from gandoctor.measures.missing import MIN_REALS
from gandoctor.measures.missing import SPACE as PIXELS
from gandoctor.measures.pool import Pool
from gandoctor.measures.trajectory import Trajectory
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.probe.images import to_bytes, to_unit
from gandoctor.recording.probe.latents import FIXED_COUNT, POOL_COUNT, WINDOWS
from gandoctor.recording.session.session import Session
from gandoctor.signals import FAMILIES, SIGNALS

SHEETS_A_RUN = 50
_WITHOUT_REALS = ("sample_min", "sample_max", "sample_train_infer_gap")
_POOLED = ("sample_missing_share", "sample_class_perplexity", "sample_class_share")
_OF_DIGITS = ("sample_class_perplexity", "sample_class_kid", "sample_class_share")
NO_DIGITS = "the real images do not look like the digits (28x28, bright on dark) that the classifier knows"


class SampleMonitor(Monitor):
    """Records sample statistics at every probe and a contact sheet of fixed latents about 50 times a run."""

    _reference: Reference | None = None
    _pool: Pool | None = None
    _next_sheet = 0

    def attached(self, session: Session) -> None:
        """Prepare the real images that generated ones are compared with; say what cannot be compared and why."""
        missing, card = session.manifest.missing, session.manifest.data
        names = [n for n in (*SIGNALS, *FAMILIES) if n.startswith("sample_")]
        if "latent_sampler" in missing:
            missing.update(dict.fromkeys(names, missing["latent_sampler"]))
        self._trajectory = Trajectory()
        if session.reals is None or card is None:
            missing.update(dict.fromkeys((n for n in names if n not in _WITHOUT_REALS), missing["probe_data"]))
            return
        reals = to_unit(session.reals, card)
        holdout = None if session.holdout is None else to_unit(session.holdout, card)
        self._reference = Reference(reals, holdout)
        self._pool = Pool(reals, POOL_COUNT)
        if holdout is None:
            missing["sample_copying"] = missing["holdout_data"]
        spaces = session.manifest.spaces
        spaces |= dict.fromkeys(("sample_step_distance", "sample_return_distance", "sample_copying"), PIXELS)
        if self._pool.bins is None:
            missing["sample_missing_share"] = f"probe_data holds {len(reals)} images; {MIN_REALS} are needed"
        else:
            spaces["sample_missing_share"] = PIXELS
        if self._pool.digits is None:
            missing.update(dict.fromkeys(_OF_DIGITS, NO_DIGITS))
        else:
            spaces |= dict.fromkeys(_OF_DIGITS, DIGITS)

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
        found |= self._trajectory.add(fakes[:FIXED_COUNT])
        found |= self._pooled(fakes)
        if step >= self._next_sheet or self.session.is_closing:
            assert self.session.reals is not None
            sheet = to_bytes(fakes[:FIXED_COUNT])
            self.session.writer.samples(step, sheet, to_bytes(to_unit(self.session.reals[:8], card)))
            self._next_sheet = step + max(1, (self.session.manifest.planned_steps or 0) // SHEETS_A_RUN)
        return found

    def _pooled(self, fakes: np.ndarray) -> dict[str, float]:
        """What needs a pool of several probes' images, where the sampler returns latents enough to fill one."""
        assert self.session is not None
        assert self._pool is not None
        if self.session.latents.windows == WINDOWS:
            return self._pool.add(fakes, slice(FIXED_COUNT, None))
        reason = f"latent_sampler gives fewer latents than the {FIXED_COUNT + POOL_COUNT} it was asked for"
        for name in _POOLED:
            self.session.manifest.missing.setdefault(name, reason)
        return self._pool.add(fakes, slice(0))


def _gap(probe: Probe) -> float:
    """Mean absolute difference of training- and inference-mode images of the same latents, over their spread."""
    training = probe.fakes_training
    inference = probe.fakes[: len(training)]
    spread = float(np.std(inference))
    difference = float(np.mean(np.abs(training - inference)))
    return difference / spread if spread > 0 else (0.0 if difference == 0 else float("inf"))
