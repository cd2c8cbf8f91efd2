"""What a set of logits says: how well real is told from generated, and how the logits of one kind are spread."""

from __future__ import annotations

import numpy as np

QUANTILES = (5, 25, 50, 75, 95)
"""In percent: the median, the middle half and the middle nine tenths."""


def separation(real_logits: np.ndarray, fake_logits: np.ndarray) -> dict[str, float]:
    """Compare the logits (any increasing score will do for `d_auc`) of real and generated images.

    Args:
        real_logits: Floats of any shape, at least one; higher means "more real".
        fake_logits: Likewise, of generated images.

    Returns:
        d_logit_gap: mean(real) - mean(fake).
        d_auc: P(real > fake) + 1/2 P(real = fake): 1 perfect, 1/2 blind, 0 inverted.
        d_prime: (mean real - mean fake) / sqrt((var real + var fake) / 2); left out where both variances are
            0, or where there is only one logit on a side.

        NaN logits make all of them NaN: that is what training produced.
    """
    real = np.asarray(real_logits, dtype=np.float64).ravel()
    fake = np.asarray(fake_logits, dtype=np.float64).ravel()
    if np.isnan(real).any() or np.isnan(fake).any():
        return dict.fromkeys(("d_auc", "d_prime", "d_logit_gap"), float("nan"))
    with np.errstate(invalid="ignore"):
        gap = float(real.mean() - fake.mean())
    scores = {"d_auc": chance_above(real, fake), "d_logit_gap": gap}
    if not (np.isfinite(real).all() and np.isfinite(fake).all()):
        return scores
    if min(len(real), len(fake)) >= 2:
        pooled = float(np.sqrt(0.5 * (real.var(ddof=1) + fake.var(ddof=1))))
        if pooled > 1e-9 * max(abs(real).max(), abs(fake).max(), 1e-30):
            scores["d_prime"] = gap / pooled
    return scores


def chance_above(values: np.ndarray, others: np.ndarray) -> float:
    """Return P(value > other) + 1/2 P(value = other): Mann and Whitney's statistic over the number of pairs.

    Args:
        values: Numbers (n,), at least one, none of them NaN.
        others: Likewise (m,).
    """
    ordered = np.sort(others)
    twice_won = ordered.searchsorted(values, side="left") + ordered.searchsorted(values, side="right")
    return float(twice_won.sum() / (2 * len(values) * len(others)))


def quantiles(logits: np.ndarray) -> dict[int, float]:
    """Return the quantiles of logits by percent: the smallest logit that at least so many percent do not exceed.

    Each is one of the logits (the inverse of the empirical distribution function, type 1 of Hyndman and Fan, Sample
    Quantiles in Statistical Packages, 1996), so that infinite ones need no arithmetic.

    Args:
        logits: Floats of any shape, at least one. A NaN among them makes all quantiles NaN.
    """
    ordered = np.sort(np.asarray(logits, dtype=np.float64), axis=None)  # NaN comes last
    if np.isnan(ordered[-1]):
        return dict.fromkeys(QUANTILES, float("nan"))
    return {percent: float(ordered[-(-percent * len(ordered) // 100) - 1]) for percent in QUANTILES}
