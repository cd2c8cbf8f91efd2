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

from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, Player
from gandoctor.rules.contracts.non_finite_values_causes import GRADIENTS, LOSSES, Failure, causes, in_words
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run

if TYPE_CHECKING:
    pass

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
    "g": (*LOSSES, "d_grad_norm", "g_grad_norm", "g_update_in_g_step", "d_fake_score", "sample_min", "sample_mean"),
    "d": (*LOSSES, *GRADIENTS, "d_update_in_d_step", "d_real_score", "d_holdout_score", "d_fake_score"),
}
"""Player -> values that would not be finite if its weights were not: either loss passes through both networks."""

_SKIPPED = Message(
    "Every loss stayed finite, so this is harmless if loss scaling (mixed precision) skipped these updates."
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


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one observation per signal that was ever not finite, earliest first."""
    if not any(name in run for name in (*LOSSES, *GRADIENTS, *_REST)):
        raise NotEvaluated(Message("No loss, gradient, score or sample value was recorded."))
    failures = [f for f in _failures(run) if f.count > limits.tolerated]
    unseen = [name for name, signals in _SHOWN_BY.items() if not any(signal in run for signal in signals)]
    if not failures and unseen:
        raise NotEvaluated(Message("No value that shows the {player} was recorded.", player=NAMES[unseen[0]]))
    # Loss scaling skips updates with infinite gradients by design, and then the losses never notice.
    skipped = {f.signal for f in failures} <= set(GRADIENTS) and any(name in run for name in LOSSES)
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
    for name in (*LOSSES, *GRADIENTS, *_REST):
        if name not in run:
            continue
        series = run[name]
        bad = series[~np.isfinite(series.to_numpy())]
        if len(bad):
            found.append(Failure(name, float(bad.iloc[0]), int(bad.index[0]), int(bad.index[-1]), len(bad)))
    return sorted(found, key=lambda f: f.first_step)


def _statement(failure: Failure) -> Message:
    value = in_words(failure.value)
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
