"""GD012: the real batches come in an order.

What it is
    The images of a batch resemble those of the batch before: the data are sorted, by class, by file name or by time,
    and are not shuffled, or only within a buffer much smaller than the data.

Why it hurts
    The discriminator sees one kind of image for many steps, then another. It forgets the first, and the generator
    follows it round, making what was fed last. Batch normalisation averages over a single kind.

How it is recognised
    By mean and spread of the real batch of every step. Where batches are drawn at random, those of neighbouring steps
    have nothing to do with each other: their correlation is 0, by chance 1/sqrt(n) for n different batches. Sorted
    digits have 0.9.

What it is not
    Batches of the same composition in every epoch, in an order that was shuffled once, vary from step to step as fresh
    ones do; neither that nor a small data set is meant here, nor a level that changes once. Data that are changed on
    purpose as training goes on (noise that fades, growing images, a curriculum) go together too.

What to do
    Shuffle before batching, with a buffer as large as the data: `dataset.shuffle(len(images)).batch(n)`. Where that
    does not fit into memory, shuffle the file names, or write the records in random order once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, why_missing
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        correlation: Of neighbouring batches, from which they come in an order. Measured: digits sorted by class, in
            batches of 32 and 128, 0.75 to 0.9; shuffled within a fifth of the data 0.8; 14 trainings on shuffled data,
            -0.07 to 0.00, in their worst 100 steps 0.35.
        errors: Standard errors that it must exceed as well, where few different batches were seen.
        batches: Different batches that are needed.
        rounding: Relative to the size of the data, as in GD009: what float32 explains varies for no reason.
    """

    correlation: float = 0.5
    errors: float = 4.0
    batches: int = 30
    rounding: float = 1e-6


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where neighbouring batches have similar means, or similar spreads."""
    if "real_mean" not in run or "real_spread" not in run:
        why = why_missing(run, "real_mean")
        raise NotEvaluated(Message("The real batches of the training steps were not seen: {why}.", why=why))
    found = [_ordered(run, name, limits) for name in ("real_mean", "real_spread")]
    if all(one is None for one in found):
        raise NotEvaluated(
            Message("To tell an order takes {batches} different batches that vary.", batches=limits.batches)
        )
    evidence = [e for e in found if e is not None and e.threshold is not None and e.observed > e.threshold]
    return sorted(evidence, key=lambda e: -e.observed)[:1]


def _ordered(run: Run, name: str, limits: Limits) -> Evidence | None:
    """Return how neighbouring batches go together, whatever it is; None where too few were seen."""
    values = run[name].dropna()
    count = len(np.unique(values.to_numpy()))
    x = values.to_numpy(dtype=np.float64) - float(values.mean())
    if count < limits.batches or float(np.abs(x).max()) <= limits.rounding * float(values.abs().max()):
        return None
    correlation, error = _neighbours(x), 1.0 / math.sqrt(count)
    if _neighbours(_without_jump(x)) <= limits.errors * error:
        correlation = 0.0
    threshold = max(limits.correlation, limits.errors * error)
    low, high = _levels(values)
    statement = Message(
        "Neighbouring batches go together: the {what} of the real batch correlates by {correlation:.2f} with that of "
        "the step before, where shuffled batches have 0 ± {error:.2f}. Over stretches of {steps} steps it wandered "
        "between {low:.3g} and {high:.3g}.",
        what=Message("mean") if name == "real_mean" else Message("spread"),
        correlation=correlation,
        error=error,
        steps=_STRETCH,
        low=low,
        high=high,
    )
    first, last = int(values.index[0]), int(values.index[-1])
    return Evidence(name, correlation, threshold, first, last, statement)


def _neighbours(x: np.ndarray) -> float:
    """Return the correlation of neighbours in a series of mean 0 (von Neumann's ratio); 0 where nothing varies."""
    size = float(np.sum(x * x))
    return 1.0 - 0.5 * float(np.sum(np.diff(x) ** 2)) / size if size > 0 else 0.0


def _without_jump(x: np.ndarray) -> np.ndarray:
    """Return the series with the two means before and after its greatest change of level taken off.

    A loader that changes once, at a stage or by mistake, is no order.
    """
    before = np.arange(1, len(x))
    total = np.cumsum(x)[:-1]
    split = int(before[np.argmax(total * total / (before * (len(x) - before)))])
    return np.concatenate([x[:split] - x[:split].mean(), x[split:] - x[split:].mean()])


_STRETCH = 10


def _levels(values: pd.Series[float]) -> tuple[float, float]:
    """Return the lowest and the highest mean of ten successive steps."""
    smooth = values.rolling(_STRETCH).mean().dropna()
    return float(smooth.min()), float(smooth.max())


LIMITS = Limits()

RULE = Rule(
    id="GD012",
    name="unshuffled-batches",
    title=Message("The real batches come in an order"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("shuffle-data",),
    references=(
        "TensorFlow guide, tf.data: Build TensorFlow input pipelines (shuffle and its buffer)",
        "google/compare_gan issue 40 (a data set that was not shuffled)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD303", "GD403", "GD404", "GD409"), critical=0.9, warning=0.75, info=0.3, same_as=("loader-order",)
    ),
)
