"""What may have made a loss, a gradient or a sample non-finite: ranked hypotheses for GD001; scores are judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gandoctor.message import Message, clauses
from gandoctor.rules.hypotheses.data import BAD_DATA
from gandoctor.rules.hypotheses.training import (
    EXPLODING_UPDATES,
    LOGARITHM_OF_ZERO,
    LOGITS_TAKEN_FOR_PROBABILITIES,
)
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

LOSSES = ("d_loss", "g_loss")
GRADIENTS = ("d_grad_norm", "g_grad_norm")
_LOWEST = ("d_real_logit_quantile/5", "d_fake_logit_quantile/5")

SINGULAR_DERIVATIVE = Hypothesis(
    "singular-derivative",
    Message("A derivative is undefined where the run arrived (square root or norm at 0, division by 0)"),
    Message(
        "The gradient is NaN at a step whose loss is finite, with no growth before. Adding an epsilon under the root "
        "(gradient penalty, standard deviation) prevents it."
    ),
)


@dataclass(frozen=True)
class Failure:
    """A signal that was not finite at some step.

    Attributes:
        value: The first value that was not finite.
        first_step: Its step; last_step: the last step with such a value.
        count: Steps with such a value.
    """

    signal: str
    value: float
    first_step: int
    last_step: int
    count: int


@dataclass(frozen=True)
class _Growth:
    """The largest growth of a gradient norm before the failure, and a clause about it."""

    ratio: float
    shown: Message


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank what may have produced the first non-finite value. The scores are judgement."""
    first: Failure = found.details[0]
    growth = _growth(run, first.first_step, found.limits)
    grew = Message("no gradient norm was recorded before") if growth is None else growth.shown
    exploded = growth is not None and growth.ratio > found.limits.explosion
    in_loss, in_gradient = first.signal in LOSSES, first.signal in GRADIENTS
    came_first = Message("{signal} was first, {value}", signal=first.signal, value=in_words(first.value))
    explosion = Message(
        "Gradient norms grow for many steps before the failure, and a learning rate ten times lower delays or prevents "
        "it."
    )
    logarithm = Message(
        "The loss becomes infinite before the gradients do, while the discriminator is confident. Computing it from "
        "logits prevents that."
    )
    infinite_loss = in_loss and np.isinf(first.value)
    return [
        EXPLODING_UPDATES.cause(0.9 if exploded else 0.2 if growth is not None else 0.4, grew, explosion),
        _logarithm_of_a_logit(run, first),
        LOGARITHM_OF_ZERO.cause(0.85 if infinite_loss else 0.35 if in_loss else 0.1, came_first, logarithm),
        SINGULAR_DERIVATIVE.cause(0.7 if in_gradient and not exploded else 0.15, clauses(came_first, grew)),
        _bad_data(run, first, found.limits),
    ]


def _logarithm_of_a_logit(run: Run, first: Failure) -> Cause:
    """Score that the loss takes the logarithm of an output that may be negative: NaN, where that of 0 is infinite."""
    names = [name for name in _LOWEST if name in run and len(run[name])]
    lowest = min((float(run[name].iloc[0]) for name in names), default=np.nan)
    reach = run.manifest.discriminator.reach if run.manifest.discriminator is not None else None
    if first.signal not in LOSSES or not np.isnan(first.value) or reach is None or reach.low is not None:
        return LOGITS_TAKEN_FOR_PROBABILITIES.cause(0.03)
    if not lowest < 0:
        return LOGITS_TAKEN_FOR_PROBABILITIES.cause(0.2, Message("no output of the discriminator below 0 was seen"))
    shown = Message(
        "the discriminator ends without an activation, and one in twenty of its first outputs is below {low:.2g}; the "
        "logarithm of such a number is NaN",
        low=lowest,
    )
    return LOGITS_TAKEN_FOR_PROBABILITIES.cause(0.9, shown)


def _bad_data(run: Run, first: Failure, limits: Any) -> Cause:
    data = run.manifest.data
    wide = data is not None and max(abs(data.minimum), abs(data.maximum)) > limits.wide
    if data is None:
        shown = Message("the data's range was not recorded")
    else:
        shown = Message(
            "the probe data lie in {low:.3g} to {high:.3g}, with a mean of {mean:.3g}",
            low=data.minimum,
            high=data.maximum,
            mean=data.mean,
        )
    fed = run["real_mean"].get(first.first_step, np.nan) if "real_mean" in run else np.nan
    if np.isfinite(fed) and not wide:
        fine = Message("the real batch of step {step} had a mean of {mean:.3g}", step=first.first_step, mean=float(fed))
        return BAD_DATA.cause(0.03, clauses(shown, fine))
    failed = Message("the failure came at step {step}", step=first.first_step)
    score = 0.75 if first.first_step <= limits.start else 0.4 if wide else 0.25
    return BAD_DATA.cause(score, clauses(shown, failed))


def _growth(run: Run, step: int, limits: Any) -> _Growth | None:
    """Return the largest growth of a gradient norm shortly before a step; None where no norm was recorded."""
    best: _Growth | None = None
    for name in GRADIENTS:
        if name not in run:
            continue
        series = run[name]
        before: pd.Series[float] = series[(series.index < step) & np.isfinite(series.to_numpy())]
        recent = before[before.index >= step - limits.look_back]
        earlier = before[before.index < step - limits.look_back]
        if recent.empty:
            continue
        base = float(earlier.median() if len(earlier) else recent.iloc[: max(1, len(recent) // 2)].median())
        peak = float(recent.max())
        ratio = peak / base if base > 0 else float("inf") if peak > 0 else 1.0
        if best is None or ratio > best.ratio:
            shown = Message(
                "{signal} rose to {peak:.3g}, {ratio:.3g} times its earlier median", signal=name, peak=peak, ratio=ratio
            )
            best = _Growth(ratio, shown)
    return best


def in_words(value: float) -> Message:
    """Name a value that is not finite."""
    if np.isnan(value):
        return Message("NaN")
    return Message("infinite") if value > 0 else Message("minus infinity")
