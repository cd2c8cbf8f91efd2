"""Whether samples belong to what they were made from, where training pairs each input with a real sample."""

from __future__ import annotations

import numpy as np

PAIRED = 0.1
"""Share of the real samples' variance that the inputs must foretell for the two to be pairs. Of noise, labels or other
rows, 288 rows of digits, of a table, of sound and of points seemed to be foretold to 0.03 at most in 960 draws."""
SHUFFLES = 200
QUANTILE = 0.95
"""Of the shuffles: what chance reaches in one probe of twenty."""
PENALTIES = tuple(10.0**power for power in range(-6, 3))
"""Of the ridge regressions, over the mean eigenvalue of the inputs' Gram matrix."""
_SEED = 20161121
"""The day on which pix2pix was published; any fixed number does."""


def tie(made: np.ndarray, partners: np.ndarray) -> float | None:
    """Return how far samples go with the real ones that are paired with them: their correlation, over all columns.

    The sum of the columns' covariances over the root of the product of both sums of variances. 1: they are the same up
    to a common factor; 0: they have nothing to do with each other. Samples drawn from the law of the partners given the
    inputs have the share of the partners' variance that the inputs account for.

    Args:
        made: Floats (n, d).
        partners: Row i belongs to row i of `made`, (n, d).

    Returns:
        None where all rows of one of them are the same.
    """
    ours, theirs = _centred(made), _centred(partners)
    norm = np.sqrt((ours**2).sum() * (theirs**2).sum())
    return float((ours * theirs).sum() / norm) if norm > 0 else None


def tie_by_chance(made: np.ndarray, partners: np.ndarray) -> float | None:
    """Return what `tie` reaches in one case of twenty where pairs are shuffled: the 95th percentile of 200 shuffles."""
    ours, theirs = _centred(made), _centred(partners)
    norm = np.sqrt((ours**2).sum() * (theirs**2).sum())
    if not norm > 0:
        return None
    products = ours @ theirs.T
    rng, rows = np.random.default_rng(_SEED), np.arange(len(ours))
    shuffled = [products[rows, rng.permutation(len(rows))].sum() / norm for _ in range(SHUFFLES)]
    return float(np.quantile(shuffled, QUANTILE))


def predictable_share(inputs: np.ndarray, partners: np.ndarray) -> float:
    """Return the share of the partners' variance that a linear map of the inputs foretells: the least that they tell.

    Of ridge regressions the best, each foretelling every row from all others (leave-one-out; Allen 1974).
    About 0 or less where inputs and partners have nothing to do with each other. Equal inputs count once, so that none
    is foretold from itself.

    Args:
        inputs: Floats (n, p). Columns that do not vary do not count.
        partners: Row i belongs to row i of `inputs`, (n, d).
    """
    first = np.unique(np.asarray(inputs, np.float32), axis=0, return_index=True)[1]
    x = _centred(inputs[first])
    spread = x.std(axis=0)
    x = x[:, spread > 0] / spread[spread > 0]
    n, gram = len(x), _gram(_centred(partners[first]))
    total = gram.trace() * (n / (n - 1)) ** 2 if n > 2 else 0.0
    if not x.size or not total > 0:
        return 0.0
    values, vectors = np.linalg.eigh(_gram(x))
    values = np.maximum(values, 0.0)
    errors = []
    for penalty in PENALTIES:
        hat = 1.0 / n + (vectors * (values / (values + penalty * values.mean()))) @ vectors.T
        left = np.eye(n) - hat
        squared = np.einsum("ij,jk,ik->i", left, gram, left, optimize=True)  # of each row, over all columns
        errors.append((squared / np.maximum(1.0 - hat.diagonal(), 1e-9) ** 2).sum())
    return 1.0 - float(min(errors)) / float(total)


def _gram(rows: np.ndarray) -> np.ndarray:
    product: np.ndarray = rows @ rows.T
    return product


def _centred(rows: np.ndarray) -> np.ndarray:
    x = np.asarray(rows, np.float64).reshape(len(rows), -1)
    centred: np.ndarray = x - x.mean(axis=0)
    return centred
