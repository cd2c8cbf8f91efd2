"""ProbeLatents: which latents each probe looks at, half of them the same ones and half of them new in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.forward_passes import SAMPLE_COUNT
from gandoctor.backends.tensorflow.random_state import preserved_random_state

FIXED_COUNT = 32
"""Latents that every probe begins with: contact sheets and trajectories show what becomes of them."""
FRESH_COUNT = SAMPLE_COUNT - FIXED_COUNT
"""Latents that follow: a window that moves on at each probe."""
WINDOWS = 8
"""Windows until the first comes again."""
POOL_COUNT = WINDOWS * FRESH_COUNT
"""Images of different latents that successive probes give together: for what 64 images are too few to show."""


class ProbeLatents:
    """Draws the same batch at every probe, unless the user's law itself has changed, and hands out a part of it.

    The sampler's random state is put back after each call, so calling it anew repeats the draw and still follows a
    sampler that changes mid-run. One whose state cannot be reached is called once and its draw kept.

    Attributes:
        windows: Windows that the last draw had room for: fewer than 8 where the sampler gives fewer latents than it is
            asked for, 0 where there is none.
    """

    def __init__(self) -> None:
        self.windows = 0
        self._probes = 0
        self._asked = FIXED_COUNT + POOL_COUNT
        self._kept: Any = None

    def draw(self, sampler: Callable[[int], Any]) -> Any:
        """Return this probe's latents, as the sampler returns them: 32 fixed ones, then the next window's 32."""
        drawn = self._drawn(sampler)
        count = min(len(part) for part in tf.nest.flatten(drawn))
        self.windows = max(0, min(WINDOWS, (count - FIXED_COUNT) // FRESH_COUNT))
        start = FIXED_COUNT + self._probes % max(1, self.windows) * FRESH_COUNT
        self._probes += 1
        return tf.nest.map_structure(lambda part: _joined(part[:FIXED_COUNT], part[start : start + FRESH_COUNT]), drawn)

    def _drawn(self, sampler: Callable[[int], Any]) -> Any:
        if self._kept is not None:
            return self._kept
        try:
            drawn = _call(sampler, self._asked)
        except Exception:
            if self._probes or self._asked == SAMPLE_COUNT:
                raise
            # A sampler may have no more than it needs for a sheet, e.g. the labels of a few real images.
            self._asked = SAMPLE_COUNT
            drawn = _call(sampler, self._asked)
        if self._probes == 0:
            again = _call(sampler, self._asked)
            pairs = zip(tf.nest.flatten(drawn), tf.nest.flatten(again), strict=True)
            if not all(np.array_equal(one, other) for one, other in pairs):
                self._kept = drawn
        return drawn


def _call(sampler: Callable[[int], Any], count: int) -> Any:
    with preserved_random_state(sampler):
        return sampler(count)


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, np.ndarray):
        return np.concatenate([first, second])
    return tf.concat([first, second], 0)
