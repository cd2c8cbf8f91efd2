"""Loss formulas: which family's formula gives the losses of a step, told by comparing numbers, not names.

A formula of the discriminator's own outputs either reproduces a loss to float precision or it does not. Formulas:
Goodfellow et al. 2014 (minimax, non-saturating), Mao et al. 2017 (least squares), Lim and Ye 2017 (hinge), Arjovsky et
al. 2017 (Wasserstein).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from gandoctor.loss_families import LossFamily

TOLERANCE = 2e-3
"""Largest relative difference that still counts as equal: label noise is far above, half precision below."""

Reads = Literal["logits", "probabilities", "either"]
"""What a cross-entropy takes the discriminator's output for; "either" where a sigmoid's own logits are known."""


class Hypothesis(NamedTuple):
    """One way in which a generator's loss may be made of the discriminator's outputs.

    Attributes:
        family: The loss family.
        real_is_high: Whether the discriminator is trained to score reals above fakes.
        reads: Of a cross-entropy, what it takes the output for; None of other losses.
        is_sum: Whether it is a sum over the batch, not a mean.
    """

    family: LossFamily
    real_is_high: bool
    reads: Reads | None = None
    is_sum: bool = False


class Means(NamedTuple):
    """Means over some of the discriminator's numbers; every formula is made of them.

    Attributes:
        entropy: (label 1, label 0) of logits, as far as they are known.
        of_shares: The same of the output itself, clipped as Keras clips a probability.
        of_raw: The same of the output itself, taken for a logit.
        squares: Of the distance to 1, to 0 and to -1.
        output: The output.
        margins: Of max(1 - o, 0) and max(1 + o, 0).
    """

    entropy: tuple[float, float]
    of_shares: tuple[float, float]
    of_raw: tuple[float, float]
    squares: tuple[float, float, float]
    output: float
    margins: tuple[float, float]


@dataclass(frozen=True)
class Statistics:
    """Means over one output of the discriminator.

    Attributes:
        whole: Over all of it.
        halves: Over its first and its second half, as where reals and fakes share a batch; None of a single image.
        images: Images it is of.
        numbers: Numbers it has.
        has_logit: Whether the logits before a final sigmoid are known beside it.
    """

    whole: Means
    halves: tuple[Means, Means] | None
    images: int
    numbers: int
    has_logit: bool


def statistics(output: np.ndarray, logit: np.ndarray, places: int) -> Statistics:
    """Return the means every formula is made of.

    Args:
        output: The discriminator's, of a whole batch, image after image.
        logit: The same before a final sigmoid; the very same array where there is none.
        places: Numbers that belong to one image.
    """
    half = len(output) // places // 2 * places
    halves = (_means(output[:half], logit[:half]), _means(output[half:], logit[half:])) if half else None
    return Statistics(_means(output, logit), halves, len(output) // places, len(output), logit is not output)


def _means(output: np.ndarray, logit: np.ndarray) -> Means:
    # In float32, as training has it: the largest clipped probability is 1 - 2^-23, not 1 - 1e-7.
    p = np.clip(output.astype(np.float32), np.float32(1e-7), np.float32(1.0) - np.float32(1e-7))
    o, z = output.astype(np.float64), logit.astype(np.float64)
    return Means(
        entropy=_entropy(z),
        of_shares=(-float(np.mean(np.log(p), dtype=np.float64)), -float(np.mean(np.log(1 - p), dtype=np.float64))),
        of_raw=_entropy(o),
        squares=(float(np.mean((o - 1.0) ** 2)), float(np.mean(o * o)), float(np.mean((o + 1.0) ** 2))),
        output=float(np.mean(o)),
        margins=(float(np.mean(np.maximum(1.0 - o, 0.0))), float(np.mean(np.maximum(1.0 + o, 0.0)))),
    )


def _entropy(logit: np.ndarray) -> tuple[float, float]:
    return float(np.mean(np.logaddexp(0.0, -logit))), float(np.mean(np.logaddexp(0.0, logit)))


def fitting(
    d_loss: float, g_loss: float, d_outputs: list[Statistics], g_outputs: list[Statistics], penalty: bool
) -> set[Hypothesis]:
    """Return every hypothesis whose formula gives the generator's loss."""
    found: set[Hypothesis] = set()
    linear = _linear_families(d_loss, d_outputs, penalty)
    for said in g_outputs:
        for value, one in _formulas(said, linear):
            if equal(value, g_loss):
                found.add(one)
            if said.numbers > 1 and any(equal(value * count, g_loss) for count in {said.images, said.numbers} - {1}):
                found.add(one._replace(is_sum=True))
    return found


def _formulas(said: Statistics, linear: tuple[LossFamily, ...]) -> Iterator[tuple[float, Hypothesis]]:
    """Yield what each formula of a generator's loss gives."""
    m = said.whole
    for scale in (1.0, 0.5):
        for square, high in zip(m.squares, (True, False, False), strict=True):
            yield scale * square, Hypothesis("least_squares", high)
    for (one, zero), reads in entropies(m, said.has_logit):
        yield one, Hypothesis("non_saturating", True, reads)
        yield zero, Hypothesis("non_saturating", False, reads)
        yield 0.9 * one + 0.1 * zero, Hypothesis("non_saturating", True, reads)
        yield 0.1 * one + 0.9 * zero, Hypothesis("non_saturating", False, reads)
        yield -zero, Hypothesis("minimax", True, reads)
        yield -one, Hypothesis("minimax", False, reads)
    for family in linear:
        yield -m.output, Hypothesis(family, True)
        yield m.output, Hypothesis(family, False)


def entropies(m: Means, has_logit: bool) -> Iterator[tuple[tuple[float, float], Reads]]:
    """Yield the cross-entropies with label 1 and label 0, by what is read."""
    yield m.entropy, "either" if has_logit else "logits"
    if not equal(m.of_shares[1], m.output):  # log(1 - o) is -o: no sigmoid begins so near 0
        yield m.of_shares, "either" if has_logit else "probabilities"
    if has_logit:
        yield m.of_raw, "logits"


def _linear_families(d_loss: float, outputs: list[Statistics], penalty: bool) -> tuple[LossFamily, ...]:
    """Return which of hinge and Wasserstein, which share the generator's loss, the discriminator's can be."""
    both = list(pairs(outputs))
    hinges = [scale * (real.margins[0] + fake.margins[1]) for real, fake in both for scale in (1.0, 0.5)]
    differences = [fake.output - real.output for real, fake in both]
    if penalty:
        # It is never negative, so that a loss below a formula excludes it; to equal one of so many is chance.
        return ("hinge", "wasserstein") if any(d_loss >= h for h in hinges) else ("wasserstein",)
    # Where it is trained on reals and on fakes apart, its last loss is that of one of them.
    hinges += [margin for one in outputs for margin in one.whole.margins]
    differences += [sign * one.whole.output for one in outputs for sign in (1.0, -1.0)]
    if any(equal(h, d_loss) for h in hinges):
        return ("hinge",)
    return ("wasserstein",) if any(equal(w, d_loss) for w in differences) else ()


def pairs(outputs: list[Statistics]) -> Iterator[tuple[Means, Means]]:
    """Yield what may be the reals and the fakes of a step, either way round: halves of an output, or two outputs."""
    for one in outputs:
        if one.halves is not None:
            yield one.halves
            yield one.halves[::-1]
    for i, one in enumerate(outputs):
        for j, other in enumerate(outputs):
            if i != j:
                yield one.whole, other.whole


def equal(value: Any, loss: float) -> bool:
    """Tell whether a formula's value is the loss, as far as float32 and half precision can tell."""
    return bool(abs(value - loss) <= TOLERANCE * abs(loss) + 1e-5)
