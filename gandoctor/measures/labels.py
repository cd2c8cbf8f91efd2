"""What labels do to generated images and to the discriminator's scores, each beside what chance would give.

Labels are exchanged between rows, never invented: what a player is shown stays within what it is fed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

SHUFFLES = 200
QUANTILE = 0.95
"""Of the shuffles: what chance reaches in one probe of twenty."""
EXCHANGES = 3
"""Other labels under which the discriminator is shown each real image."""
DRAWS = 20
_SEED = 20141106
"""The day on which conditional GANs were published; any fixed number does."""


def exchanges(classes: np.ndarray, count: int) -> list[np.ndarray]:
    """Return orders (n,) of rows, in each of which every row takes the place of one of another class.

    Where a class holds more than half of the rows, some of them meet their own class again.

    Args:
        classes: Whole numbers (n,), of at least two classes.
        count: How many orders.
    """
    by_class = np.argsort(classes, kind="stable")
    most = int(np.unique(classes, return_counts=True)[1].max())
    first, last = min(most, len(classes) - 1), max(most, len(classes) - most)
    orders = []
    for shift in np.linspace(first, last, count).astype(int):
        order = np.empty(len(classes), dtype=np.int64)
        order[by_class] = np.roll(by_class, -shift)
        orders.append(order)
    return orders


def label_effect(own: np.ndarray, exchanged: np.ndarray, classes: np.ndarray, others: np.ndarray) -> float | None:
    """Return how far samples move when only the label changes, over how far apart noise alone sets them.

    E|G(z, y) - G(z, y')|^2 / E|G(z, y) - G(z', y)|^2. 0: the label changes nothing. 1: as much as other noise, which
    does not say that it means anything: see `label_share`.

    Args:
        own, exchanged: Samples of the same latents under their own and under other labels, floats (n, d).
        classes, others: The class under which each row of the two was made, (n,).

    Returns:
        None where no two rows share a class or none has changed it, or where noise changes nothing.
    """
    changed = classes != others
    squared = _squared_distances(own)
    same = _same(classes)
    if not changed.any() or not same.any():
        return None
    by_noise = float(squared[same].mean())
    by_label = float(((own[changed] - exchanged[changed]).astype(np.float64) ** 2).sum(axis=1).mean())
    return by_label / by_noise if by_noise > 0 else None


def label_share(rows: np.ndarray, classes: np.ndarray) -> tuple[float, float] | None:
    """Return the share of the variance that classes account for, and what shuffled ones reach in one case of twenty.

    The share is 1 - E|x - x'|^2 (same class) / E|x - x'|^2 (other classes) over pairs of rows: the intraclass
    correlation summed over columns (Fisher 1925), 0 on average where labels say nothing, 1 where each class is one
    image. The second number is its 95th percentile over 200 random shuffles of the classes, which are exchangeable
    where rows do not depend on them: a permutation test without a model of the rows.

    Args:
        rows: Floats (n, d), each of a latent of its own.
        classes: Whole numbers (n,).

    Returns:
        None where no two rows share a class, all do, or all rows are the same.
    """
    same = _same(classes)
    squared = _squared_distances(rows)
    apart = ~same & ~np.eye(len(classes), dtype=bool)
    if not same.any() or not apart.any() or not squared.any():
        return None

    def share(order: np.ndarray | None = None) -> float:
        there = squared if order is None else squared[np.ix_(order, order)]
        between = float(there[apart].mean())
        return 1.0 - float(there[same].mean()) / between if between > 0 else 0.0

    rng = np.random.default_rng(_SEED)
    by_chance = [share(rng.permutation(len(classes))) for _ in range(SHUFFLES)]
    return share(), float(np.quantile(by_chance, QUANTILE))


def visibility(rows: np.ndarray, classes: np.ndarray, count: int) -> float | None:
    """Return in which share of random draws of `count` rows the classes show: the power of `label_share`'s test.

    Args:
        rows: Floats (n, d), n at least `count`.
        classes: Whole numbers (n,).
        count: Rows a draw.
    """
    rng = np.random.default_rng(_SEED)
    draws = (rng.permutation(len(rows))[:count] for _ in range(DRAWS))
    found = [told for draw in draws if (told := label_share(rows[draw], classes[draw])) is not None]
    return float(np.mean([share > chance for share, chance in found])) if found else None


def own_label_wins(own: np.ndarray, others: Sequence[np.ndarray], changed: Sequence[np.ndarray]) -> float | None:
    """Return P(score under the own label > under another) + 1/2 P(equal), over images and other labels.

    1/2: scores do not depend on the label, or not on whether it is the right one.

    Args:
        own: Scores (n,) of images under their own labels; higher means "more real".
        others: For each exchange, the scores (n,) of the same images under other labels.
        changed: Likewise, whether the label is another one, (n,).

    Returns:
        None where no label was changed. NaN where a score is.
    """
    won = []
    for scores, which in zip(others, changed, strict=True):
        mine, theirs = np.asarray(own, np.float64)[which], np.asarray(scores, np.float64)[which]
        if np.isnan(mine).any() or np.isnan(theirs).any():
            return float("nan")
        won.append((mine > theirs) + 0.5 * (mine == theirs))
    values = np.concatenate(won) if won else np.zeros(0)
    return float(values.mean()) if len(values) else None


def own_label_wins_by_chance(images: int, exchanged: int = EXCHANGES) -> float:
    """Return what `own_label_wins` reaches in one case of twenty where the right label is like any other.

    The rank of the own label among all is then uniform: the share of others it beats has the mean 1/2 and the variance
    (W + 2) / (12 W) for W others, and a mean of as many images is nearly normal (as in Friedman's test, 1937).

    Args:
        images: How many were scored.
        exchanged: Other labels each.
    """
    return 0.5 + 1.645 * math.sqrt((exchanged + 2) / (12 * exchanged) / images)


def agreement(classes: np.ndarray, others: np.ndarray) -> float:
    """Return the share of rows that two codings put into corresponding classes; each of the first has one partner.

    Args:
        classes, others: Whole numbers (n,) each; the same class may have another number in the other.
    """
    return float(sum(counts.max() for counts in _partners(classes, others)) / len(classes))


def _partners(classes: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    for one in np.unique(classes):
        yield np.unique(others[classes == one], return_counts=True)[1]


def _same(classes: np.ndarray) -> np.ndarray:
    """Return which pairs of different rows share a class, (n, n)."""
    same: np.ndarray = (classes[:, None] == classes[None, :]) & ~np.eye(len(classes), dtype=bool)
    return same


def _squared_distances(rows: np.ndarray) -> np.ndarray:
    x = np.asarray(rows, np.float64).reshape(len(rows), -1)
    x = x - x.mean(axis=0)
    lengths = (x * x).sum(axis=1)
    squared: np.ndarray = np.maximum(lengths[:, None] + lengths[None, :] - 2 * x @ x.T, 0.0)
    np.fill_diagonal(squared, 0.0)
    return squared
