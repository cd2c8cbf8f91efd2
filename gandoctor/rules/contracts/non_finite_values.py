"""GD001: a loss, a gradient or a generated value is NaN or infinite.

What it is
    At some step a number that training computes stopped being a number. From then on every weight it touches is
    NaN, and no later step can repair it.

Why it hurts
    The run is over. Everything after the first such step is wasted time; the last checkpoint before it is the last
    usable one.

How it is recognised
    Exactly: any recorded loss, gradient norm, weight movement, discriminator score or sample value that is NaN or
    infinite. One step is enough, also during warm-up. Which signal was hit first tells the origin: a gradient that
    is NaN under a finite loss points at a derivative (a square root or a norm at 0); a loss that is infinite points
    at a logarithm of 0; gradients that grew for many steps before point at an explosion.

What it is not
    Mixed precision with loss scaling produces an infinite gradient now and then on purpose and skips that update:
    the losses stay finite and training goes on. Gradients alone, with every loss finite to the end, are therefore
    only a warning. An infinite logit behind a saturated sigmoid is no failure either; logits are not judged here. A
    signal that was not captured is absent, which is not NaN.

What to do
    Go back to the last checkpoint before the first step named here. Lower the learning rates and clip the gradient
    norm; compute the loss from logits; check the data for NaN and for values far outside their range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.store import Run

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

_SKIPPED = " Every loss stayed finite: harmless if loss scaling (mixed precision) skipped these updates."


@dataclass(frozen=True)
class Limits:
    """Thresholds; the first is exact, the others serve the ranking of causes only and are judgement, not measured.

    Attributes:
        tolerated: Non-finite values a healthy run may have: none.
        explosion: Growth of a gradient norm over its earlier median that counts as an explosion (the healthy
            runs of the first round of measurements stayed under 3).
        look_back: Steps before the first non-finite value in which growth is looked for.
        start: Up to this step a failure is one "from the start".
    """

    tolerated: int = 0
    explosion: float = 10.0
    look_back: int = 50
    start: int = 2


@dataclass(frozen=True)
class _Failure:
    signal: str
    value: float
    first_step: int
    last_step: int
    count: int


def _failures(run: Run) -> list[_Failure]:
    """Return the signals that failed, earliest first; at the same step losses come before gradients."""
    found = []
    for name in (*_LOSSES, *_GRADIENTS, *_REST):
        if name not in run:
            continue
        series = run[name]
        bad = series[~np.isfinite(series.to_numpy())]
        if len(bad):
            found.append(_Failure(name, float(bad.iloc[0]), int(bad.index[0]), int(bad.index[-1]), len(bad)))
    return sorted(found, key=lambda f: f.first_step)


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """One evidence a signal that was ever not finite, earliest first."""
    if not any(name in run for name in (*_LOSSES, *_GRADIENTS, *_REST)):
        raise NotEvaluated("No loss, gradient, score or sample value was recorded.")
    failures = [f for f in _failures(run) if f.count > limits.tolerated]
    # Loss scaling skips updates with infinite gradients by design, and then the losses never notice.
    skipped = {f.signal for f in failures} <= set(_GRADIENTS) and any(name in run for name in _LOSSES)
    return [
        Evidence(
            signal=f.signal,
            observed=f.value,
            threshold=None,
            first_step=f.first_step,
            last_step=f.last_step,
            statement=(
                f"{f.signal} is {_word(f.value)} at step {f.first_step}"
                + (f", one of {f.count} steps up to {f.last_step}." if f.count > 1 else ", at that step only.")
                + (_SKIPPED if skipped else "")
            ),
            severity=Severity.WARNING if skipped else None,
        )
        for f in failures
    ]


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank what may have produced the first non-finite value."""
    limits = LIMITS
    first = _failures(run)[0]
    growth = _growth(run, first.first_step, limits)
    gradient_first = first.signal in _GRADIENTS
    infinite_loss = first.signal in _LOSSES and np.isinf(first.value)
    from_start = first.first_step <= limits.start
    grew = "no gradient norm was recorded before" if growth is None else growth[1]
    exploded = growth is not None and growth[0] > limits.explosion
    data = run.manifest.data
    data_text = (
        "the data's range was not recorded"
        if data is None
        else f"the probe data lie in {data.minimum:g} .. {data.maximum:g}, mean {data.mean:g}"
    )
    wide_data = data is not None and max(abs(data.minimum), abs(data.maximum)) > 10
    return [
        Cause(
            "exploding-updates",
            "The learning rate is too large: updates exploded",
            0.9 if exploded else 0.2 if growth is not None else 0.4,
            "Gradient norms grow for many steps before the first NaN, and a ten times smaller learning rate moves or "
            f"removes it. This run: {grew}.",
        ),
        Cause(
            "logarithm-of-zero",
            "The loss takes the logarithm of a probability that reached 0",
            0.85 if infinite_loss else 0.35 if first.signal in _LOSSES else 0.1,
            "The loss turns infinite before the gradients do, while the discriminator is sure of itself; computing it "
            f"from logits removes it. This run: {first.signal} was first, {_word(first.value)}.",
        ),
        Cause(
            "singular-derivative",
            "A derivative is not defined where the run arrived (square root or norm at 0, division by 0)",
            0.7 if gradient_first and not exploded else 0.15,
            "The gradient is NaN at a step whose loss is finite, with no growth before; adding an epsilon under "
            "the root (gradient penalty, standard deviation) removes it. "
            f"This run: {first.signal} was first; {grew}.",
        ),
        Cause(
            "bad-data",
            "The data hold NaN or values far outside the range the networks expect",
            0.75 if from_start else 0.4 if wide_data else 0.25,
            "`numpy.isfinite(x).all()` over the training data, and their minimum and maximum; a single bad image "
            f"strikes once an epoch. This run: {data_text}; the failure came at step {first.first_step}.",
        ),
    ]


def _growth(run: Run, step: int, limits: Limits) -> tuple[float, str] | None:
    """Return the largest growth of a gradient norm shortly before `step`, and half a sentence about it."""
    best: tuple[float, str] | None = None
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
        if best is None or ratio > best[0]:
            best = (ratio, f"{name} rose to {peak:.3g}, {ratio:.3g} times its earlier median")
    return best


def _word(value: float) -> str:
    return "NaN" if np.isnan(value) else "infinite" if value > 0 else "minus infinite"


LIMITS = Limits()

RULE = Rule(
    id="GD001",
    name="non-finite-values",
    title="A loss, gradient or sample is NaN or infinite",
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
    # What comes after a NaN is the NaN's doing; what made it is among its own causes.
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
