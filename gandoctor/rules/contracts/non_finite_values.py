"""GD001: a loss, a gradient or a generated value is NaN or infinite.

What it is
    At some step a number that training computes is no longer a number. From then on every weight it touches is NaN,
    and no later step can repair that.

Why it hurts
    The run is over. Everything after the first such step is wasted time, and the last checkpoint before it is the last
    usable one.

How it is recognised
    The check is exact: any recorded loss, gradient norm, weight movement, discriminator score or sample value that is
    NaN or infinite. One step is enough, also during warm-up. The signal that was hit first shows the origin. A
    gradient that is NaN under a finite loss points to a derivative (a square root or a norm at 0). A loss that is
    infinite points to a logarithm of 0. Gradients that grew for many steps before point to an explosion.

What it is not
    Mixed precision with loss scaling produces an infinite gradient now and then on purpose and skips that update: the
    losses stay finite and training goes on. Non-finite gradients under losses that are finite to the end are therefore
    only a warning. An infinite logit behind a saturated sigmoid is no failure either, and logits are not judged here.
    A signal that was not recorded is absent, which is not NaN.

What to do
    Go back to the last checkpoint before the first step named here. Lower the learning rates and clip the gradient
    norm. Compute the loss from logits. Check the data for NaN and for values far outside their range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message, clauses, sentences
from gandoctor.player_names import NAMES, Player
from gandoctor.rules.hypotheses.data import BAD_DATA
from gandoctor.rules.hypotheses.training import EXPLODING_UPDATES, LOGARITHM_OF_ZERO
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_LOSSES = ("d_loss", "g_loss")
_GRADIENTS = ("d_grad_norm", "g_grad_norm")
_REST = (
    "d_update_in_d_step",
    "d_update_in_g_step",
    "g_update_in_g_step",
    "g_update_in_d_step",
    "d_real_score",
    "d_holdout_score",
    "d_fake_score",
    "sample_min",
    "sample_max",
    "sample_mean",
    "sample_std",
)

_SHOWN_BY: dict[Player, tuple[str, ...]] = {
    "g": (*_LOSSES, "d_grad_norm", "g_grad_norm", "g_update_in_g_step", "d_fake_score", "sample_min", "sample_mean"),
    "d": (*_LOSSES, *_GRADIENTS, "d_update_in_d_step", "d_real_score", "d_holdout_score", "d_fake_score"),
}
"""Player -> values that would not be finite if its weights were not: either loss passes through both networks."""

_SKIPPED = Message(
    "Every loss stayed finite, so this is harmless if loss scaling (mixed precision) skipped these updates."
)

SINGULAR_DERIVATIVE = Hypothesis(
    "singular-derivative",
    Message("A derivative is undefined where the run arrived (square root or norm at 0, division by 0)"),
    Message(
        "The gradient is NaN at a step whose loss is finite, with no growth before. Adding an epsilon under the root "
        "(gradient penalty, standard deviation) prevents it."
    ),
)


@dataclass(frozen=True)
class Limits:
    """Thresholds. The first is exact; the others only rank causes and are judgement, not measured.

    Attributes:
        tolerated: Non-finite values a healthy run may have: none.
        explosion: Growth of a gradient norm over its earlier median that counts as an explosion (the healthy
            runs of the first round of measurements stayed under 3).
        look_back: Steps before the first non-finite value in which growth is looked for.
        start: Last step at which a failure counts as one from the start.
        wide: Magnitude of the data above which they are suspect.
    """

    tolerated: int = 0
    explosion: float = 10.0
    look_back: int = 50
    start: int = 2
    wide: float = 10.0


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


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one observation per signal that was ever not finite, earliest first."""
    if not any(name in run for name in (*_LOSSES, *_GRADIENTS, *_REST)):
        raise NotEvaluated(Message("No loss, gradient, score or sample value was recorded."))
    failures = [f for f in _failures(run) if f.count > limits.tolerated]
    unseen = [name for name, signals in _SHOWN_BY.items() if not any(signal in run for signal in signals)]
    if not failures and unseen:
        raise NotEvaluated(Message("No value that shows the {player} was recorded.", player=NAMES[unseen[0]]))
    # Loss scaling skips updates with infinite gradients by design, and then the losses never notice.
    skipped = {f.signal for f in failures} <= set(_GRADIENTS) and any(name in run for name in _LOSSES)
    return [
        Evidence(
            signal=failure.signal,
            observed=failure.value,
            threshold=None,
            first_step=failure.first_step,
            last_step=failure.last_step,
            statement=sentences(_statement(failure), _SKIPPED if skipped else None),
            severity=Severity.WARNING if skipped else None,
            detail=failure,
        )
        for failure in failures
    ]


def _failures(run: Run) -> list[Failure]:
    """Return the signals that failed, earliest first; at the same step losses come before gradients."""
    found = []
    for name in (*_LOSSES, *_GRADIENTS, *_REST):
        if name not in run:
            continue
        series = run[name]
        bad = series[~np.isfinite(series.to_numpy())]
        if len(bad):
            found.append(Failure(name, float(bad.iloc[0]), int(bad.index[0]), int(bad.index[-1]), len(bad)))
    return sorted(found, key=lambda f: f.first_step)


def _statement(failure: Failure) -> Message:
    value = _in_words(failure.value)
    if failure.count == 1:
        return Message(
            "{signal} is {value} at step {step}, and at no other.",
            signal=failure.signal,
            value=value,
            step=failure.first_step,
        )
    return Message(
        "{signal} is {value} at step {step}, the first of {count} such steps up to step {last}.",
        signal=failure.signal,
        value=value,
        step=failure.first_step,
        count=failure.count,
        last=failure.last_step,
    )


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank what may have produced the first non-finite value. The scores are judgement."""
    first: Failure = found.details[0]
    growth = _growth(run, first.first_step, found.limits)
    grew = Message("no gradient norm was recorded before") if growth is None else growth.shown
    exploded = growth is not None and growth.ratio > found.limits.explosion
    in_loss, in_gradient = first.signal in _LOSSES, first.signal in _GRADIENTS
    came_first = Message("{signal} was first, {value}", signal=first.signal, value=_in_words(first.value))
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
        LOGARITHM_OF_ZERO.cause(0.85 if infinite_loss else 0.35 if in_loss else 0.1, came_first, logarithm),
        SINGULAR_DERIVATIVE.cause(0.7 if in_gradient and not exploded else 0.15, clauses(came_first, grew)),
        _bad_data(run, first, found.limits),
    ]


def _bad_data(run: Run, first: Failure, limits: Limits) -> Cause:
    data = run.manifest.data
    wide = data is not None and max(abs(data.minimum), abs(data.maximum)) > limits.wide
    if data is None:
        shown = Message("the data's range was not recorded")
    else:
        shown = Message(
            "the probe data lie in {low:g} to {high:g}, with a mean of {mean:g}",
            low=data.minimum,
            high=data.maximum,
            mean=data.mean,
        )
    failed = Message("the failure came at step {step}", step=first.first_step)
    score = 0.75 if first.first_step <= limits.start else 0.4 if wide else 0.25
    return BAD_DATA.cause(score, clauses(shown, failed))


def _growth(run: Run, step: int, limits: Limits) -> _Growth | None:
    """Return the largest growth of a gradient norm shortly before a step; None where no norm was recorded."""
    best: _Growth | None = None
    for name in _GRADIENTS:
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


def _in_words(value: float) -> Message:
    if np.isnan(value):
        return Message("NaN")
    return Message("infinite") if value > 0 else Message("minus infinity")


LIMITS = Limits()

RULE = Rule(
    id="GD001",
    name="non-finite-values",
    title=Message("A loss, gradient or sample is NaN or infinite"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "lower-learning-rates-and-clip",
        "loss-from-logits",
        "check-data",
        "spectral-normalisation",
    ),
    references=(
        "Micikevicius et al., Mixed Precision Training, ICLR 2018 (why loss scaling skips steps)",
        "Nikanjam et al., TheDeepChecker, TOSEM 2021 (finite values as the first contract of training)",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    # Whatever comes after a NaN is due to the NaN; what produced it is among its own causes.
    explains=Explanation(
        symptoms=(
            "GD201",
            "GD202",
            "GD203",
            "GD301",
            "GD302",
            "GD303",
            "GD305",
            "GD401",
            "GD402",
            "GD403",
            "GD404",
            "GD405",
            "GD406",
            "GD407",
            "GD409",
        ),
        critical=0.96,
        warning=0.5,
        info=0.2,
    ),
)
