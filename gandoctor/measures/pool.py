"""The pool: what is seen only in more images than one probe has, such as one digit of ten that is missing.

Successive probes generate from different latents; what is known of their images is kept until there are enough. The
generator trains on meanwhile: a pool says what was generated of late, not what is generated now.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from gandoctor.measures.digits import DigitSet, class_perplexity, class_shares
from gandoctor.measures.missing import MIN_REALS, RealBins, missing_share
from gandoctor.signals import member_of


class Pool:
    """Collects the bins and the digits of generated images over probes.

    Args:
        reals: Floats in 0..1 of the data's range, (m, height, width, channels).
        size: Images in a full pool.

    Attributes:
        digits: The reals as digits; None where they do not look like any.
        bins: The reals cut into regions; None where there are fewer than 64.
    """

    def __init__(self, reals: np.ndarray, size: int) -> None:
        self.digits = DigitSet.of(reals)
        self.bins = RealBins(reals) if len(reals) >= MIN_REALS else None
        self._size = size
        self._bins: deque[int] = deque(maxlen=size)
        self._probabilities: deque[np.ndarray] = deque(maxlen=size)

    def add(self, images: np.ndarray, fresh: slice) -> dict[str, float]:
        """Take in a probe's images.

        Args:
            images: Floats, (n, height, width, channels), rescaled to 0..1 by the real data's range.
            fresh: Those that join the pool: images of latents that are not in it already. There may be none.

        Returns:
            sample_class_kid: Of all of this probe's images, n at least 2 (`DigitSet.look`).
            sample_missing_share: Of the pool (`missing_share`).
            sample_class_perplexity, sample_class_share/0 .. 9: Likewise (`class_perplexity`, `class_shares`).

            Those of the pool are left out until it is full. Where a value is not finite, all are left out and the pool
            begins anew.
        """
        x = np.asarray(images, dtype=np.float32)
        if not np.isfinite(x).all():
            self._bins.clear()
            self._probabilities.clear()
            return {}
        found: dict[str, float] = {}
        if self.digits is not None and len(x) >= 2:
            probabilities, found["sample_class_kid"] = self.digits.look(x)
            self._probabilities.extend(probabilities[fresh])
            if len(self._probabilities) == self._size:
                pooled = np.stack(self._probabilities)
                found["sample_class_perplexity"] = class_perplexity(pooled)
                shares = class_shares(pooled)
                found |= {member_of("sample_class_share", str(k)): float(share) for k, share in enumerate(shares)}
        if self.bins is not None and len(x[fresh]):
            self._bins.extend(self.bins.bins(x[fresh]).tolist())
            if len(self._bins) == self._size:
                found["sample_missing_share"] = missing_share(np.array(self._bins), self.bins.shares)
        return found
