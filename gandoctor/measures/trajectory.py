"""The trajectory of the images of fixed latents: how far they move, and whether they come back to where they were.

Training that converges moves them less and less. Training that goes in circles moves them on and on and brings them
back (the limit cycles of Mescheder et al., Which Training Methods for GANs do actually Converge?, 2018).
"""

from __future__ import annotations

from collections import deque

import numpy as np

from gandoctor.measures.images import within_bound
from gandoctor.measures.pixels import averaged_down

KEPT = 40
"""Probes that are remembered."""
RECENT = 2
"""Probes before this one that do not count as a return: what moves slowly is still near them."""


class Trajectory:
    """Remembers the images of fixed latents over the last 40 probes.

    Distances are Euclidean in pixel space (of images averaged down to at most 32 pixels a side), values in 0..1, and
    averaged over the images.
    """

    def __init__(self) -> None:
        self._past: deque[np.ndarray | None] = deque(maxlen=KEPT)

    def add(self, images: np.ndarray) -> dict[str, float]:
        """Take in this probe's images and compare them with those of earlier probes.

        Args:
            images: Floats, (n, height, width, channels), rescaled to 0..1 by the real data's range; of the same latents
                in the same order at every probe.

        Returns:
            sample_step_distance: From the previous probe.
            sample_return_distance: From the nearest of the earlier probes, the last two left out.

            What has no earlier probe to be compared with is left out, and everything where a value is not finite: such
            images are not remembered.
        """
        x = np.asarray(images, dtype=np.float32)
        if not len(x) or not np.isfinite(x).all():
            self._past.append(None)
            return {}
        # Not rounded to whole numbers as `pixel_rows` are: late in training, images move by less than that.
        flat = averaged_down(within_bound(x)).astype(np.float64)
        found: dict[str, float] = {}
        previous = self._past[-1] if self._past else None
        if previous is not None:
            found["sample_step_distance"] = _distance(flat, previous)
        earlier = [past for past in list(self._past)[:-RECENT] if past is not None]
        if earlier:
            found["sample_return_distance"] = min(_distance(flat, past) for past in earlier)
        self._past.append(flat)
        return found


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean over images of their distance; subtracted, not expanded: images that stand still are at distance 0."""
    moved = one - other
    return float(np.sqrt(np.einsum("np,np->n", moved, moved)).mean())
