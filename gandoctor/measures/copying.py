"""Copying: whether generated images lie nearer to the reals trained on than other real images do."""

from __future__ import annotations

import numpy as np

from gandoctor.measures.scores import chance_above


def copying(fake_distances: np.ndarray, holdout_distances: np.ndarray) -> float:
    """Compare how near generated and held-out real images come to the reals that were trained on.

    The test of Meehan et al. (A Three Sample Hypothesis Test for Evaluating Generative Models, 2020) without its
    cells, as the probability that its Mann-Whitney statistic estimates.

    Only reals that are looked at can be seen to be copied. Images smoother than real ones come nearer to everything
    than real ones do: a value above 1/2 says "copied" only of images as sharp as real ones.

    Args:
        fake_distances: Floats (n,), n at least 1: each generated image's distance, or an increasing function of it, to
            the nearest of the reals that were trained on.
        holdout_distances: Likewise (h,), of real images that were not trained on.

    Returns:
        P(fake < held-out) + 1/2 P(fake = held-out): 1/2 as new as held-out reals, 1 copies, 0 far from all reals.
    """
    return chance_above(np.ravel(holdout_distances), np.ravel(fake_distances))
