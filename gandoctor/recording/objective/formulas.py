"""Loss formulas: which family's formula gives the losses of a step, told by comparing numbers, not names.

A formula of the discriminator's own outputs either reproduces a loss to float precision or it does not. Formulas:
Goodfellow et al. 2014 (minimax, non-saturating), Mao et al. 2017 (least squares), Lim and Ye 2017 (hinge), Arjovsky et
al. 2017 (Wasserstein).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gandoctor.loss_families import LossFamily

TOLERANCE = 2e-3
"""Largest relative difference that still counts as equal: label noise is far above, half precision below."""

Hypothesis = tuple[LossFamily, bool]
"""A family, and whether the discriminator is trained to score reals above fakes."""


def statistics(output: np.ndarray, logit: np.ndarray, places: int) -> np.ndarray:
    """Return the means every formula is made of, (14,); see `fitting` for their order.

    Args:
        output: The discriminator's, of a whole batch, image after image.
        logit: The same before a final sigmoid.
        places: Numbers that belong to one image.
    """
    o, logit = output.astype(np.float64), logit.astype(np.float64)
    p = np.clip(o, 1e-7, 1.0 - 1e-7)
    half = len(o) // places // 2 * places

    def margins(x: np.ndarray) -> list[Any]:
        if not x.size:
            return [math.nan] * 3  # the first half of a batch of one
        return [np.mean(x), np.mean(np.maximum(1.0 - x, 0.0)), np.mean(np.maximum(1.0 + x, 0.0))]

    means = [
        np.mean(np.logaddexp(0.0, -logit)),
        np.mean(np.logaddexp(0.0, logit)),
        -np.mean(np.log(p)),
        -np.mean(np.log(1.0 - p)),
        np.mean(np.square(o - 1.0)),
        np.mean(np.square(o)),
        np.mean(np.square(o + 1.0)),
        np.mean(o),
    ]
    return np.array([*means, *margins(o[:half]), *margins(o[half:])])


def fitting(
    d_loss: float, g_loss: float, d_outputs: list[np.ndarray], g_outputs: list[np.ndarray], penalty: bool
) -> set[Hypothesis]:
    """Return every (family, real_is_high) whose formula gives the generator's loss."""
    found: set[Hypothesis] = set()
    for s in g_outputs:
        formulas: list[tuple[float, LossFamily, bool]] = [
            (scale * s[k], "least_squares", high)
            for scale in (1.0, 0.5)
            for k, high in ((4, True), (5, False), (6, False))
        ]
        shares = [] if _equal(s[3], s[7]) else [(s[2], s[3])]  # log(1 - o) is -o: no sigmoid begins so near 0
        for one, zero in ((s[0], s[1]), *shares):  # cross-entropy with label 1 and 0: from logits, from shares
            formulas += [
                (one, "non_saturating", True),
                (zero, "non_saturating", False),
                (0.9 * one + 0.1 * zero, "non_saturating", True),
                (0.1 * one + 0.9 * zero, "non_saturating", False),
                (-zero, "minimax", True),
                (-one, "minimax", False),
            ]
        for linear in _linear_families(d_loss, d_outputs, penalty):
            formulas += [(-s[7], linear, True), (s[7], linear, False)]
        found |= {(family, high) for value, family, high in formulas if _equal(value, g_loss)}
    return found


def _linear_families(d_loss: float, outputs: list[np.ndarray], penalty: bool) -> tuple[LossFamily, ...]:
    """Return which of hinge and Wasserstein, which share the generator's loss, the discriminator's can be."""
    halves = [(o[8:11], o[11:14]) for o in outputs]
    whole_margins = [_merged(o) for o in outputs]
    pairs = [p for a, b in halves for p in ((a, b), (b, a))]
    pairs += [(a, b) for i, a in enumerate(whole_margins) for j, b in enumerate(whole_margins) if i != j]
    hinges = [scale * (real[1] + fake[2]) for real, fake in pairs for scale in (1.0, 0.5)]
    differences = [fake[0] - real[0] for real, fake in pairs]
    if penalty:
        # It is never negative, so that a loss below a formula excludes it; to equal one of so many is chance.
        return ("hinge", "wasserstein") if any(d_loss >= h for h in hinges) else ("wasserstein",)
    # Where it is trained on reals and on fakes apart, its last loss is that of one of them.
    hinges += [margin for o in whole_margins for margin in o[1:]]
    differences += [sign * o[0] for o in whole_margins for sign in (1.0, -1.0)]
    if any(_equal(h, d_loss) for h in hinges):
        return ("hinge",)
    return ("wasserstein",) if any(_equal(w, d_loss) for w in differences) else ()


def _merged(o: np.ndarray) -> np.ndarray:
    """The margins of a whole output from those of its halves."""
    return np.asarray((o[8:11] + o[11:14]) / 2.0)


def _equal(value: float, loss: float) -> bool:
    return bool(abs(value - loss) <= TOLERANCE * abs(loss) + 1e-5)
