"""Samples: statistics of generated images beside the user's own real images, and contact sheets."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.measures.digits import SPACE as DIGITS
from gandoctor.measures.diversity import Reference, diversity_statistics
from gandoctor.measures.images import image_statistics, lone_pixel_share
from gandoctor.measures.missing import MIN_REALS
from gandoctor.measures.missing import SPACE as PIXELS
from gandoctor.measures.pool import Pool
from gandoctor.measures.trajectory import Trajectory
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.recording.probe.images import to_bytes, to_unit
from gandoctor.recording.probe.latents import FIXED_COUNT, POOL_COUNT, WINDOWS
from gandoctor.signals import FAMILIES, SIGNALS

SHEETS_A_RUN = 50
_ALL = tuple(name for name in (*SIGNALS, *FAMILIES) if name.startswith("sample_"))
_WITHOUT_REALS = ("sample_min", "sample_max", "sample_train_infer_gap")
_POOLED = ("sample_missing_share", "sample_class_perplexity", "sample_class_share")
_OF_DIGITS = ("sample_class_perplexity", "sample_class_kid", "sample_class_share")
NO_DIGITS = Absence(
    Absent.NOT_APPLICABLE,
    Message("the real images do not look like the digits (28x28, bright on dark) that the classifier knows"),
)


class Samples(Instrument):
    """Records sample statistics at every probe and a contact sheet of fixed latents about 50 times a run."""

    name = "SampleMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._reference: Reference | None = None
        self._pool: Pool | None = None
        self._trajectory = Trajectory()
        self._next_sheet = 0

    def begin(self) -> Readings:
        """Prepare the real images that generated ones are compared with; say what cannot be compared and why."""
        recording, card = self.recording, self.recording.manifest.data
        found: dict[str, Absence | None] = {}
        no_latents = recording.absence("latent_sampler")
        if no_latents is not None:
            found |= dict.fromkeys(_ALL, no_latents)
        if recording.reals is None or card is None:
            without = (name for name in _ALL if name not in _WITHOUT_REALS)
            return found | dict.fromkeys(without, recording.absence("probe_data"))
        reals = to_unit(recording.reals, card)
        holdout = None if recording.holdout is None else to_unit(recording.holdout, card)
        self._reference = Reference(reals, holdout)
        self._pool = Pool(reals, POOL_COUNT)
        if holdout is None:
            found["sample_copying"] = recording.absence("holdout_data")
        spaces = recording.manifest.spaces
        spaces |= dict.fromkeys(("sample_step_distance", "sample_return_distance", "sample_copying"), PIXELS)
        if self._pool.bins is None:
            why = Message("probe_data holds {count} images; {least} are needed", count=len(reals), least=MIN_REALS)
            found["sample_missing_share"] = Absence(Absent.UNUSABLE, why)
        else:
            spaces["sample_missing_share"] = PIXELS
        if self._pool.digits is None:
            found |= dict.fromkeys(_OF_DIGITS, NO_DIGITS)
        else:
            spaces |= dict.fromkeys(_OF_DIGITS, DIGITS)
        return found

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Measure this probe's images and store a sheet of them when it is time."""
        if probe is None:
            return {}
        recording, card = self.recording, self.recording.manifest.data
        found: dict[str, Any] = {
            "sample_min": float(np.min(probe.fakes)),
            "sample_max": float(np.max(probe.fakes)),
            "sample_train_infer_gap": _gap(probe),
        }
        if card is None or self._reference is None or recording.reals is None:
            return found
        fakes = to_unit(probe.fakes, card)
        sheet = to_bytes(fakes[:FIXED_COUNT])
        found |= image_statistics(fakes)
        found["sample_lone_pixels"] = lone_pixel_share(sheet / np.float32(255))
        found |= diversity_statistics(fakes, self._reference)
        found |= self._trajectory.add(fakes[:FIXED_COUNT])
        found |= self._pooled(fakes)
        if step >= self._next_sheet or recording.is_closing:
            recording.writer.samples(step, sheet, to_bytes(to_unit(recording.reals[:8], card)))
            self._next_sheet = step + max(1, (recording.manifest.planned_steps or 0) // SHEETS_A_RUN)
        return found

    def _pooled(self, fakes: np.ndarray) -> Readings:
        """Return what needs a pool of several probes' images, where the sampler returns latents enough to fill one."""
        assert self._pool is not None
        if self.recording.latents.windows == WINDOWS:
            return self._pool.add(fakes, slice(FIXED_COUNT, None))
        why = Message(
            "latent_sampler gives fewer latents than the {count} it was asked for", count=FIXED_COUNT + POOL_COUNT
        )
        unfilled = {n: Absence(Absent.NO_LATENTS, why) for n in _POOLED if self.recording.absence(n) is None}
        return {**unfilled, **self._pool.add(fakes, slice(0))}


def _gap(probe: Probe) -> float:
    """Return how far training- and inference-mode images of the same latents differ, in their spread."""
    training = probe.fakes_training
    inference = probe.fakes[: len(training)]
    spread = float(np.std(inference))
    difference = float(np.mean(np.abs(training - inference)))
    return difference / spread if spread > 0 else (0.0 if difference == 0 else float("inf"))
