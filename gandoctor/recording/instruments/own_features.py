"""OwnFeatures: the distance of samples from the real data in features of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gandoctor.measures.energy import EnergyDistance
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe

SIGNAL = "feature_distance"
NOT_PASSED = Absence(Absent.NOT_APPLICABLE, Message("no embedding of your own was passed"))


class OwnFeatures(Instrument):
    """Records the energy distance between features of samples and of real data at every probe.

    Args:
        recording: The session.
        embedding: What the user passed: data as they are recorded, float32 (n, ...) -> features (n, d), finite.
    """

    name = "FeatureMonitor"

    def __init__(self, recording: Recording, embedding: Callable[[Any], Any] | None) -> None:
        super().__init__(recording)
        self._embedding = embedding
        self._distance: EnergyDistance | None = None

    def begin(self) -> Readings:
        """Say what is lacking."""
        recording = self.recording
        self._distance = None
        if self._embedding is None:
            return {SIGNAL: NOT_PASSED}
        lacking = recording.absence("latent_sampler") or recording.absence("probe_data")
        return {} if lacking is None else {SIGNAL: lacking}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Embed what this probe has generated; at the first one the real data, too."""
        reals = self.recording.reals
        if self._embedding is None or probe is None or reals is None:
            return {}
        if self._distance is None:
            self._distance = EnergyDistance(self._features(reals[:256]))
        fakes = np.asarray(probe.fakes, np.float32).reshape(len(probe.fakes), *reals.shape[1:])
        return {SIGNAL: self._distance(self._features(fakes))}

    def _features(self, data: np.ndarray) -> np.ndarray:
        """Return the features of data.

        Raises:
            ValueError: They are not one finite row an example.
        """
        assert self._embedding is not None
        features = np.asarray(self.recording.backend.to_numpy(self._embedding(data)), np.float64)
        if features.ndim < 2 or len(features) != len(data):
            raise ValueError(f"embedding returned shape {features.shape} for {len(data)} examples; return (n, d)")
        if not np.isfinite(features).all():
            raise ValueError("embedding returned NaN or infinite features")
        return features
