"""GD305: a loss stands still at the logarithm of where probabilities are clipped, and has no gradient there.

What it is
    A cross-entropy that is computed from probabilities cannot take the logarithm of 0, so it is clipped:
    `log(p + 1e-8)`, or p held above 1e-7. Once the discriminator is sure enough of every image of a batch, the loss is
    -ln of that small number and nothing else: 16.12 for 1e-7, 18.42 for 1e-8.

Why it hurts
    A clipped value does not depend on what was clipped. The gradient is 0, so the player whose loss it is does not
    learn any more, and only the other one could bring it back. Users report it as "D 0, G stuck on 16, images noise".

How it is recognised
    By the number. The generator's or the discriminator's loss (or twice the discriminator's, whose other half may be
    0) lies within 0.02 of -ln(epsilon) for an epsilon in common use, in 10 recorded steps in a row, without drifting;
    a few steps off it, where one image of a batch is not clipped, do not end the plateau.
    A generator's loss that was ever above that level is not clipped there, nor is one whose gradient was recorded and
    is not 0. The number is exact and needs no warm-up.

What it is not
    A loss that passes through 16.1 on its way, or jitters about it: a cross-entropy from logits has no such ceiling
    (logits of -40 cost 40), and Keras 3 with TensorFlow gets back to the logits of a final sigmoid. A loss that is flat
    elsewhere: 0.69 and 1.39 are the equilibrium of a cross-entropy, 0 is a discriminator that has won (GD301). The
    losses of other families mean something else at that height. Where the logits are not extreme at all, the loss took
    logits for probabilities: GD105 says so.

What to do
    Compute the loss from logits and take the sigmoid off: then there is a gradient however sure the discriminator is.
    Why it is so sure is another question, and usually the next finding answers it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.loss_families import OBJECTIVES
from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, Player
from gandoctor.printable import short_exponent
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import DISCRIMINATOR_LEARNS_FASTER
from gandoctor.rules.hypotheses.training import LOGARITHM_OF_ZERO, LOGITS_TAKEN_FOR_PROBABILITIES
from gandoctor.rules.hypothesis import NOT_RECORDED
from gandoctor.rules.reading.repetition import Stretch
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

EPSILONS = (1e-6, 2.0**-23, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)
"""Numbers in common use to keep a logarithm finite. 2^-23 is what float32 makes of 1 - (1 - 1e-7): where Keras clips a
probability that should be 0."""

_LOSSES = {"g_loss": "g_grad_norm", "d_loss": "d_grad_norm"}
_OWNERS: dict[str, Player] = {"g_loss": "g", "d_loss": "d"}


@dataclass(frozen=True)
class Limits:
    """Thresholds; the levels themselves are arithmetic.

    Attributes:
        distance: Of a loss from -ln(epsilon). It leaves room for one image in a hundred that is not clipped; where all
            are, the measured distance is 0.001. The nearest two levels lie 0.18 apart.
        steps: Recorded steps in a row at the level. Judgement: the losses of an unclipped GAN at that height change by
            more than 0.04 from one step to the next.
        gap: Recorded steps in a row off the level that do not end the plateau. In a run that stood at 16.12 to its end,
            7 % of the steps after the first at that level were off it, after step 42 never more than 2 in a row.
        drift: Difference of the medians of the two halves of those steps: a loss that slowly passes through the whole
            band in them moves by 0.02.
        gradient: Norm of the gradient that still counts as none. Clipped it is exactly 0; the lowest median of a
            healthy generator was 0.12.
    """

    distance: float = 0.02
    steps: int = 10
    gap: int = 5
    drift: float = 0.005
    gradient: float = 0.01


@dataclass(frozen=True)
class _Plateau:
    """A loss at its ceiling.

    Attributes:
        signal: The loss.
        parts: The loss is the ceiling divided by this: 2 where the mean is taken over a half that is clipped and one
            that is 0.
        epsilon: The number whose logarithm it is.
        stretch: When.
        level: Median of the loss.
        gradient: Median norm of its owner's gradient in that time; None where it was not recorded.
    """

    signal: str
    parts: int
    epsilon: float
    stretch: Stretch
    level: float
    gradient: float | None


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on each loss that stands at a clipping level."""
    family = run.manifest.loss_family
    if family is not None and not OBJECTIVES[family].is_cross_entropy:
        raise NotEvaluated(Message("Does not apply to a {family} loss.", family=OBJECTIVES[family].title))
    longest = max((len(run[name]) for name in _LOSSES if name in run), default=0)
    if longest < limits.steps:
        raise NotEvaluated(
            Message("Needs a loss at {steps} steps; {seen} recorded so far.", steps=limits.steps, seen=longest)
        )
    evidence = [_evidence(plateau, limits) for plateau in _plateaus(run, limits)]
    for name in _LOSSES:
        if not evidence and name not in run:
            raise NotEvaluated(not_recorded(run, name))
    if not evidence and family is None:
        raise NotEvaluated(
            Message("The loss family is unknown. Neither loss stands where a cross-entropy is usually clipped.")
        )
    return evidence


def _plateaus(run: Run, limits: Limits) -> Iterator[_Plateau]:
    for signal, gradient in _LOSSES.items():
        if signal not in run:
            continue
        found = [
            plateau
            for epsilon in EPSILONS
            for parts in ((1, 2) if signal == "d_loss" else (1,))
            if (plateau := _plateau(run, signal, gradient, epsilon, parts, limits)) is not None
        ]
        if found:
            yield max(found, key=lambda p: (p.stretch.ongoing, p.stretch.count))


def _plateau(run: Run, signal: str, gradient: str, epsilon: float, parts: int, limits: Limits) -> _Plateau | None:
    loss, level = run[signal], -math.log(epsilon) / parts
    # The ceiling of the loss: once above it, a generator's loss is not clipped there.
    if signal == "g_loss" and bool((loss > level + limits.distance).any()):
        return None
    holds = (loss - level).abs() <= limits.distance
    stretch = _longest(holds, limits)
    if stretch is None:
        return None
    held = loss[holds].loc[stretch.first_step : stretch.last_step].to_numpy()
    half = len(held) // 2
    if abs(float(np.median(held[:half])) - float(np.median(held[half:]))) > limits.drift:
        return None
    norm = _median_within(run, gradient, stretch)
    if norm is not None and norm > limits.gradient:
        return None
    return _Plateau(signal, parts, epsilon, stretch, float(np.median(held)), norm)


def _longest(holds: pd.Series[bool], limits: Limits) -> Stretch | None:
    """Return the plateau, gaps included: the ongoing one, else the longest; its count leaves the gaps out."""
    steps, at = holds.index.to_numpy(), np.flatnonzero(holds.to_numpy(dtype=bool))
    found = []
    for group in np.split(at, np.flatnonzero(np.diff(at) > limits.gap + 1) + 1):
        runs = np.split(group, np.flatnonzero(np.diff(group) > 1) + 1)
        if max(map(len, runs)) >= limits.steps:
            ongoing = bool(len(steps) - 1 - group[-1] <= limits.gap)
            found.append(Stretch(int(steps[group[0]]), int(steps[group[-1]]), len(group), ongoing))
    return max(found, key=lambda s: (s.ongoing, s.count), default=None)


def _median_within(run: Run, name: str, stretch: Stretch) -> float | None:
    if name not in run:
        return None
    values: pd.Series[float] = run[name].loc[stretch.first_step : stretch.last_step].dropna()
    return float(values.median()) if len(values) else None


def _evidence(plateau: _Plateau, limits: Limits) -> Evidence:
    player, stretch = NAMES[_OWNERS[plateau.signal]], plateau.stretch
    ceiling = -math.log(plateau.epsilon)
    level = Message("{ceiling:.2f}, which is -ln({epsilon})", ceiling=ceiling, epsilon=_in_words(plateau.epsilon))
    if plateau.parts == 2:
        level = Message("{half:.2f}, half of {level}", half=ceiling / 2, level=level)
    stands = Message(
        "The {player}'s loss stands within {distance:g} of {level}, at {count} recorded steps from step {first} on.",
        player=player,
        distance=limits.distance,
        level=level,
        count=stretch.count,
        first=stretch.first_step,
    )
    if plateau.gradient is None:
        gradient = Message("A clipped logarithm has no gradient; whether none arrives was not recorded.")
    else:
        gradient = Message(
            "A clipped logarithm has no gradient: the norm of the {player}'s is {norm:.2g}.",
            player=player,
            norm=plateau.gradient,
        )
    return Evidence(
        plateau.signal,
        plateau.level,
        ceiling / plateau.parts,
        stretch.first_step,
        stretch.last_step,
        sentences(stands, gradient, stretch.ending),
        Severity.CRITICAL if stretch.ongoing else Severity.WARNING,
        detail=plateau,
    )


def _in_words(epsilon: float) -> str:
    return "2^-23" if epsilon == 2.0**-23 else short_exponent(f"{epsilon:g}")


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank a loss of clipped probabilities against a loss that was handed logits, and why images are that extreme.

    The logits settle the first two (0.9 and more): as extreme as the loss says, or mild.
    """
    plateau: _Plateau = found.details[0]
    cost = _cost_of_logits(run, plateau)
    mild = cost is not None and cost < plateau.level * plateau.parts / 2
    shown = Message("the logits were not recorded, the loss is {loss:.4g}", loss=plateau.level)
    if cost is not None:
        shown = Message("the mean logit would cost {cost:.3g}, the loss is {loss:.4g}", cost=cost, loss=plateau.level)
    extreme = Message(
        "Compute the same loss from logits on the same batch: it rises above the plateau and has a gradient. The "
        "images' logits must be as extreme as the loss says."
    )
    return [
        LOGARITHM_OF_ZERO.cause(0.1 if mild else 0.9 if cost is not None else 0.7, shown, extreme),
        LOGITS_TAKEN_FOR_PROBABILITIES.cause(0.95 if mild else 0.05 if cost is not None else 0.3, shown),
        range_mismatch(run),
        _faster(run),
    ]


def _faster(run: Run) -> Cause:
    d_rate, g_rate = (float(run[n].median()) if n in run else None for n in ("d_learning_rate", "g_learning_rate"))
    test = Message(
        "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the loss leaves "
        "the plateau though it is still clipped."
    )
    if d_rate is None or g_rate is None or g_rate <= 0:
        return DISCRIMINATOR_LEARNS_FASTER.cause(0.35, NOT_RECORDED, test)
    ratio = d_rate / g_rate
    shown = Message("the learning rates have a ratio of {ratio:.3g}", ratio=ratio)
    return DISCRIMINATOR_LEARNS_FASTER.cause(0.6 if ratio > 4 else 0.3, shown, test)


def _cost_of_logits(run: Run, plateau: _Plateau) -> float | None:
    """Return what the images' mean logit would cost the plateau's owner, unclipped; None where it is not known."""
    sign = -1.0 if run.manifest.real_is_high is False else 1.0
    fake, real = (_median_within(run, name, plateau.stretch) for name in ("d_fake_logit", "d_real_logit"))
    if fake is None or (real is None and plateau.signal == "d_loss"):
        return None
    if plateau.signal == "g_loss":
        return float(np.logaddexp(0.0, -sign * fake))
    assert real is not None
    return float(max(np.logaddexp(0.0, -sign * real), np.logaddexp(0.0, sign * fake)))


LIMITS = Limits()

RULE = Rule(
    id="GD305",
    name="clipped-loss-plateau",
    title=Message("A loss is stuck where its logarithm is clipped"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "loss-from-logits",
        "match-output-range",
        "lower-discriminator-learning-rate",
        "r1-regularisation",
    ),
    references=(
        "Keras documentation, BinaryCrossentropy and backend.epsilon (probabilities are clipped to 1e-7)",
        "Arjovsky and Bottou, Towards Principled Methods for Training GANs, ICLR 2017 (gradients that vanish)",
        "tdeboissiere/DeepLearningImplementations issue 11 (the generator's loss stands at 16.0302)",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
)
