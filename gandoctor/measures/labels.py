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
    """Return orders (n,) of rows: in each, every row takes the label of one of another class, a class all of the same.

    Args:
        classes: Whole numbers (n,), of at least two classes.
        count: How many orders; there are as many as other classes at most.
    """
    kinds, first, kind = np.unique(classes, return_index=True, return_inverse=True)
    kind = kind.reshape(-1)
    return [first[(kind + shift) % len(kinds)] for shift in range(1, min(count + 1, len(kinds)))]


def label_effects(own: np.ndarray, exchanged: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Compare samples with those of the same latents whose labels were exchanged: each class for one other.

    Args:
        own: Samples under their own labels, floats (n, d).
        exchanged: Likewise under the other ones.
        classes: The class under which each row of `own` was made, (n,).

    Returns:
        effect: E|G(z, y) - G(z, y')|^2 / E|G(z, y) - G(z', y)|^2. 0: the label changes nothing; 1: as much as other
            noise, which does not say that it means anything. Left out where noise changes nothing.
        share: Share of the variance that classes account for whatever the noise. The changes d = G(z, y) - G(z, y') of
            two latents under the same two labels agree in what the label does by itself, so that their scalar product
            over E|G(z, y) - G(z', y')|^2 estimates the variance of the classes' means over all variance, without bias:
            the main effect of a two-way layout (Fisher 1925). 1: each class is one image.
        chance: What as many samples appear to have of it in one case of twenty where labels do not matter: the 95th
            percentile of `apparent_share` over 200 shuffles of the labels. Less is not seen in so many samples.

        Nothing where no two rows share a class or all do.
    """
    same = _same(classes)
    apart = ~same & ~np.eye(len(classes), dtype=bool)
    if not same.any() or not apart.any():
        return {}
    squared = _squared_distances(own)
    changes = (np.asarray(own, np.float64) - np.asarray(exchanged, np.float64)).reshape(len(own), -1)
    by_noise, by_both = float(squared[same].mean()), float(squared[apart].mean())
    found: dict[str, float] = {}
    if by_noise > 0:
        found["effect"] = float((changes**2).sum(axis=1).mean()) / by_noise
    if by_both > 0:
        found["share"] = float((changes @ changes.T)[same].mean()) / by_both
        found["chance"] = _chance(squared, classes)
    return found


def apparent_share(rows: np.ndarray, classes: np.ndarray) -> tuple[float, float] | None:
    """Return the share of the variance that classes seem to account for, and what shuffled ones reach by chance.

    The share is 1 - E|x - x'|^2 (same class) / E|x - x'|^2 (other classes) over pairs of rows: the intraclass
    correlation summed over columns, 0 on average where labels say nothing. The second number is its 95th percentile
    over 200 random shuffles of the classes, which are exchangeable where rows do not depend on them.

    Args:
        rows: Floats (n, d).
        classes: Whole numbers (n,).

    Returns:
        None where no two rows share a class, all do, or all rows are the same.
    """
    same = _same(classes)
    squared = _squared_distances(rows)
    if not same.any() or not (~same & ~np.eye(len(classes), dtype=bool)).any() or not squared.any():
        return None
    return _share(squared, classes), _chance(squared, classes)


def visibility(rows: np.ndarray, classes: np.ndarray, count: int) -> float | None:
    """Return in which share of random draws of `count` rows the classes show: the power of `apparent_share`'s test.

    Args:
        rows: Floats (n, d), n at least `count`.
        classes: Whole numbers (n,).
        count: Rows a draw.
    """
    rng = np.random.default_rng(_SEED)
    draws = (rng.permutation(len(rows))[:count] for _ in range(DRAWS))
    found = [told for draw in draws if (told := apparent_share(rows[draw], classes[draw])) is not None]
    return float(np.mean([share > chance for share, chance in found])) if found else None


def own_label_wins(own: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Return P(score under the own label > under another) + 1/2 P(equal), over images and other labels.

    1/2: scores do not depend on the label, or not on whether it is the right one.

    Args:
        own: Scores (n,) of images under their own labels; higher means "more real".
        others: For each exchange, the scores (n,) of the same images under other labels; at least one.

    Returns:
        NaN where a score is.
    """
    mine = np.asarray(own, np.float64).ravel()
    theirs = np.stack([np.asarray(scores, np.float64).ravel() for scores in others])
    if np.isnan(mine).any() or np.isnan(theirs).any():
        return float("nan")
    return float(((mine > theirs) + 0.5 * (mine == theirs)).mean())


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
        classes: Whole numbers (n,).
        others: Likewise; the same class may have another number here.
    """
    return float(sum(counts.max() for counts in _partners(classes, others)) / len(classes))


def _partners(classes: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    for one in np.unique(classes):
        yield np.unique(others[classes == one], return_counts=True)[1]


def _share(squared: np.ndarray, classes: np.ndarray) -> float:
    same = _same(classes)
    between = float(squared[~same & ~np.eye(len(classes), dtype=bool)].mean())
    return 1.0 - float(squared[same].mean()) / between if between > 0 else 0.0


def _chance(squared: np.ndarray, classes: np.ndarray) -> float:
    rng = np.random.default_rng(_SEED)
    return float(np.quantile([_share(squared, rng.permutation(classes)) for _ in range(SHUFFLES)], QUANTILE))


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


def chance_to_miss(classes: int, drawn: int) -> float:
    """Return the expected number of classes that so many labels leave out if all classes are equally likely.

    That is at least the chance that any is left out.

    Args:
        classes: At least 1.
        drawn: Labels.
    """
    return float(classes * (1.0 - 1.0 / classes) ** drawn)
