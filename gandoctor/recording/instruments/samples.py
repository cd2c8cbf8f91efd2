"""Samples: statistics of generated data beside the user's own real data, and contact sheets of images.

Vectors and series have no pixels: of them, what only images have is absent, and columns are compared instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gandoctor.measures.columns import LEAST_STEPS, Columns, flat
from gandoctor.measures.columns import SPACE as COLUMNS
from gandoctor.measures.digits import SPACE as DIGITS
from gandoctor.measures.diversity import Reference, diversity_statistics
from gandoctor.measures.embedding import LEAST_SIDE
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
from gandoctor.signals.columns import COLUMNS as COLUMN_SIGNALS
from gandoctor.signals.columns import SERIES as SERIES_SIGNALS
from gandoctor.signals.labels import SIGNALS as LABELS
from gandoctor.signals.pairs import SIGNALS as PAIRS

SHEETS_A_RUN = 50
_OF_SERIES = tuple(signal.name for signal in SERIES_SIGNALS)
_OF_COLUMNS = (*(signal.name for signal in COLUMN_SIGNALS), *_OF_SERIES)
_OTHERS = (*_OF_COLUMNS, *(signal.name for signal in (*LABELS, *PAIRS)))
_ALL = tuple(name for name in (*SIGNALS, *FAMILIES) if name.startswith("sample_") and name not in _OTHERS)
_WITHOUT_REALS = ("sample_min", "sample_max", "sample_train_infer_gap")
_POOLED = ("sample_missing_share", "sample_class_perplexity", "sample_class_share")
_OF_DIGITS = ("sample_class_perplexity", "sample_class_kid", "sample_class_share")
_PATH = ("sample_step_distance", "sample_return_distance")
_AMONG_SAMPLES = (
    "sample_nn_distance",
    "sample_duplicate_pairs",
    "sample_pairwise_distance",
    "sample_coverage",
    "sample_kid",
    "sample_copying",
)
_SINGLE = (
    "sample_mean",
    "sample_std",
    "sample_autocorrelation",
    "sample_filtered_correlation",
    "sample_spectral_flatness",
    "sample_high_frequency",
    "sample_noise_sigma",
    "sample_impulse",
    "sample_lone_pixels",
    "sample_grid",
)
"""Statistics that only images have."""
_OF_IMAGES = ("sample_latent_std", *(name for name in _SINGLE if name != "sample_lone_pixels"))
NO_DIGITS = Absence(
    Absent.NOT_APPLICABLE,
    Message("the real images do not look like the digits (28x28, bright on dark) that the classifier knows"),
)
NO_COLUMNS = Absence(Absent.NOT_APPLICABLE, Message("the data are images: they have pixels and no columns"))
NO_IMAGES = {
    "vectors": Absence(Absent.NOT_APPLICABLE, Message("the data are vectors and not images")),
    "series": Absence(Absent.NOT_APPLICABLE, Message("the data are series and not images")),
}
_NO_SERIES = {
    "vectors": Absence(Absent.NOT_APPLICABLE, Message("the data are vectors and not series")),
    "series": Absence(Absent.NOT_APPLICABLE, Message("the series have fewer than {least} steps", least=LEAST_STEPS)),
}


class Samples(Instrument):
    """Records sample statistics at every probe and a contact sheet of fixed latents about 50 times a run.

    Statistics are taken in groups; one that fails is absent from then on and costs no other.
    """

    name = "SampleMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._columns: Columns | None = None
        self._reference: Reference | None = None
        self._pool: Pool | None = None
        self._trajectory = Trajectory()
        self._failed: dict[tuple[str, ...], Absence] = {}
        self._next_sheet = 0

    def begin(self) -> Readings:
        """Prepare the real data that generated ones are compared with; say what cannot be compared and why."""
        recording, card = self.recording, self.recording.manifest.data
        self._columns, self._reference, self._pool, self._trajectory, self._failed = None, None, None, Trajectory(), {}
        found: dict[str, Any] = {}
        no_latents = recording.absence("latent_sampler")
        if no_latents is not None:
            found |= dict.fromkeys(_ALL, no_latents)
        if recording.reals is None or card is None:
            without = (name for name in _ALL if name not in _WITHOUT_REALS)
            return found | dict.fromkeys(without, recording.absence("probe_data"))
        spaces, space = recording.manifest.spaces, PIXELS
        if card.kind == "images":
            found |= dict.fromkeys(_OF_COLUMNS, NO_COLUMNS)
        else:
            self._columns, space = Columns(recording.reals), COLUMNS
            if no_latents is not None:
                found |= dict.fromkeys(_OF_COLUMNS, no_latents)
            found |= dict.fromkeys((*_SINGLE, *_OF_DIGITS), NO_IMAGES[card.kind])
            if card.kind == "vectors" or card.shape[0] < LEAST_STEPS:
                found |= dict.fromkeys(_OF_SERIES, _NO_SERIES[card.kind])
            spaces |= dict.fromkeys((*_AMONG_SAMPLES, *_OF_COLUMNS), COLUMNS)
        spaces |= dict.fromkeys((*_PATH, "sample_copying"), space)
        if self._columns is None and min(card.shape[:2]) < LEAST_SIDE:
            why = Message(
                "images of {size} pixels are too small to compare; {least} a side are needed",
                size="x".join(map(str, card.shape[:2])),
                least=LEAST_SIDE,
            )
            found |= dict.fromkeys(_AMONG_SAMPLES, Absence(Absent.NOT_APPLICABLE, why))
        else:
            found |= self._group(_AMONG_SAMPLES, self._refer)
        if recording.holdout is None:
            found["sample_copying"] = recording.absence("holdout_data")
        found |= self._group(("sample_missing_share", *_OF_DIGITS), self._prepare_pool)
        return found

    def _refer(self) -> Readings:
        """Compute once what generated data are compared with."""
        reals, holdout = self.recording.reals, self.recording.holdout
        assert reals is not None
        held_out = None if holdout is None else self._comparable(holdout)
        self._reference = Reference(self._comparable(reals), held_out, None if self._columns is None else flat)
        return {}

    def _prepare_pool(self) -> Readings:
        assert self.recording.reals is not None
        spaces, found = self.recording.manifest.spaces, dict[str, Any]()
        reals = self._comparable(self.recording.reals)
        self._pool = Pool(reals, POOL_COUNT)
        if self._pool.bins is None:
            why = Message("probe_data holds {count} images; {least} are needed", count=len(reals), least=MIN_REALS)
            found["sample_missing_share"] = Absence(Absent.UNUSABLE, why)
        else:
            spaces["sample_missing_share"] = PIXELS if self._columns is None else COLUMNS
        if self._pool.digits is not None:
            spaces |= dict.fromkeys(_OF_DIGITS, DIGITS)
        elif self._columns is None:
            found |= dict.fromkeys(_OF_DIGITS, NO_DIGITS)
        return found

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Measure what this probe has generated and store a sheet of images when it is time."""
        if probe is None:
            return {}
        recording, card = self.recording, self.recording.manifest.data
        found: dict[str, Any] = {
            "sample_min": float(np.min(probe.fakes)),
            "sample_max": float(np.max(probe.fakes)),
            "sample_train_infer_gap": _gap(probe),
        }
        if card is None or recording.reals is None:
            return found
        try:
            fakes = self._comparable(probe.fakes)
        except ValueError:
            return {**found, **self._unlike(probe.fakes)}
        columns, reference, pool = self._columns, self._reference, self._pool
        if columns is not None:
            names = ("sample_latent_std", *_OF_COLUMNS)
            found |= self._group(names, lambda: columns.statistics(probe.fakes))
        else:
            sheet = to_bytes(fakes[:FIXED_COUNT])
            found |= self._group(_OF_IMAGES, lambda: image_statistics(fakes))
            lone = ("sample_lone_pixels",)
            found |= self._group(lone, lambda: {lone[0]: lone_pixel_share(sheet / np.float32(255))})
        if reference is not None:
            found |= self._group(_AMONG_SAMPLES, lambda: diversity_statistics(fakes, reference))
        found |= self._group(_PATH, lambda: self._trajectory.add(fakes[:FIXED_COUNT]))
        if pool is not None:
            found |= self._group((*_POOLED, "sample_class_kid"), lambda: self._pooled(fakes, pool))
        if step >= self._next_sheet or recording.is_closing:
            if columns is None:
                recording.writer.samples(step, sheet, to_bytes(to_unit(recording.reals[:8], card)))
            else:
                recording.writer.sample_values(step, probe.fakes.reshape(-1, *card.shape).astype(np.float32))
            self._next_sheet = step + max(1, (recording.manifest.planned_steps or 0) // SHEETS_A_RUN)
        return found

    def _comparable(self, data: np.ndarray) -> np.ndarray:
        """Return data as (n, height, width, channels) between which distances mean something.

        Images are scaled to the data's range. The columns of all else are standardised: one pixel, many channels.

        Raises:
            ValueError: An example is not as large as a real one.
        """
        card = self.recording.manifest.data
        assert card is not None
        return to_unit(data, card) if self._columns is None else self._columns.rows(data)

    def _unlike(self, fakes: np.ndarray) -> Readings:
        """Return why nothing can be compared where samples and reals differ in size."""
        card = self.recording.manifest.data
        assert card is not None
        why = Message(
            "the generator makes samples of shape {generated}, those of probe_data have {real}",
            generated=str(fakes.shape[1:]),
            real=str(card.shape),
        )
        names = (name for name in (*_ALL, *_OF_COLUMNS) if name not in _WITHOUT_REALS)
        known = {} if self._columns is None else dict.fromkeys((*_SINGLE, *_OF_DIGITS))
        return {name: Absence(Absent.UNUSABLE, why) for name in names if name not in known}

    def _group(self, names: tuple[str, ...], measure: Callable[[], Readings]) -> Readings:
        """Return what a group of statistics measures, or once and for all why it cannot be measured."""
        if names in self._failed:
            return {}
        try:
            return measure()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other statistics
            why = Message("it could not be measured on this data ({error})", error=f"{type(error).__name__}: {error}")
            self._failed[names] = Absence(Absent.CANNOT_RUN, why)
            known = Absent.NOT_APPLICABLE
            recorded = {name: self.recording.absence(name) for name in names}
            left = [name for name, absence in recorded.items() if absence is None or absence.code != known]
            self.recording.warn(
                Message("gandoctor: {signals}: {why}.", signals=", ".join(left), why=self._failed[names].message)
            )
            return dict.fromkeys(left, self._failed[names])

    def _pooled(self, fakes: np.ndarray, pool: Pool) -> dict[str, Any]:
        """Return what needs a pool of several probes' images, where the sampler returns latents enough to fill one."""
        if self.recording.latents.windows == WINDOWS:
            return pool.add(fakes, slice(FIXED_COUNT, None))
        why = Message(
            "latent_sampler gives fewer latents than the {count} it was asked for", count=FIXED_COUNT + POOL_COUNT
        )
        unfilled = {n: Absence(Absent.NO_LATENTS, why) for n in _POOLED if self.recording.absence(n) is None}
        return {**unfilled, **pool.add(fakes, slice(0))}


def _gap(probe: Probe) -> float:
    """Return how far training- and inference-mode images of the same latents differ, in their spread."""
    training = probe.fakes_training
    inference = probe.fakes[: len(training)]
    spread = float(np.std(inference))
    difference = float(np.mean(np.abs(training - inference)))
    return difference / spread if spread > 0 else (0.0 if difference == 0 else float("inf"))
