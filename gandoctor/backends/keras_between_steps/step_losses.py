"""Losses of single steps, from what `fit` reports of them: running means are taken apart, where that can be done.

A mean of Keras holds a total and a count. What both grew by in a step is the step's own, as exactly as the total's
precision allows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from gandoctor.backends.keras_between_steps.state import ModelState
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.in_step import StepTrace

TOLERANCE = 0.01
"""Share of a value by which rounding of the total may have changed it; a value that may be further off is absent."""
_SAME = 1e-5
"""Share by which a running mean may differ from the one that was reported: both are computed in single precision."""


@dataclass(frozen=True)
class _Sum:
    """A metric's total and count, and the distance between its total and the next number of its precision."""

    total: float
    count: float
    spacing: float

    def since(self, before: _Sum) -> float | None:
        """Return the mean of what was added; None where that cannot be told."""
        count, added = self.count - before.count, self.total - before.total
        if count <= 0 or not math.isfinite(before.total):
            return None
        if math.isfinite(self.total) and before.count and self.spacing / 2 > TOLERANCE * abs(added):
            return None
        return added / count

    def is_reported_as(self, value: float) -> bool:
        """Tell whether the mean is a value that was reported."""
        mean = self.total / self.count if self.count else 0.0
        return mean == value or (math.isnan(mean) and math.isnan(value)) or math.isclose(mean, value, rel_tol=_SAME)


class StepLosses:
    """Takes apart what `fit` reports after each step.

    Args:
        state: Of the model that is fitted.
    """

    def __init__(self, state: ModelState) -> None:
        self._state = state
        self._before: dict[int, _Sum] = {}
        self._behind: dict[str, Any] = {}  # reported name -> the mean it is, None for a value that is none

    def begin_epoch(self) -> None:
        """Take note of the metrics as they are before an epoch, in which Keras sets them back."""
        self._before = self._sums()

    def trace(self, steps: int, logs: Mapping[str, Any] | None) -> StepTrace:
        """Return what is known of the step that has just ended.

        Args:
            steps: How many have ended since the last call; of several, what grew is not one step's own.
            logs: What `fit` reports, numbers by name.
        """
        before, self._before = self._before, self._sums()
        means, others = self._metrics()
        reported = {name: value for name, value in (logs or {}).items() if isinstance(value, float)}
        behind: dict[str, Any] = {metric.name: metric for metric in reversed(means)}
        raw: dict[str, float] = {}
        withheld: dict[str, Absence] = {}
        for name, value in reported.items():
            source = self._behind[name] if name in self._behind else self._source(name, value, means, before)
            if source is not None:
                behind[name] = source
            elif name not in behind and others:
                withheld[name] = _may_be_running(name, tuple(metric.name for metric in others))
            elif name not in behind:
                raw[name] = value
        own: dict[str, float] = {}
        for name, metric in behind.items():
            grown = self._before[id(metric)].since(before[id(metric)]) if id(metric) in before else None
            if steps > 1:
                withheld[name] = _of_several(steps)
            elif grown is not None:
                own[name] = grown
        return StepTrace(metrics=own, returned=raw, withheld=withheld)

    def _source(self, name: str, value: float, means: list[Any], before: Mapping[int, _Sum]) -> Any:
        """Return the mean that a reported value is; None where it is none of them.

        Remembered where the value tells: 0 is also what an empty mean says, and NaN says nothing.
        """
        alike = [metric for metric in means if self._before[id(metric)].is_reported_as(value)]
        alike.sort(key=lambda metric: metric.name != name)
        source = alike[0] if alike else None
        is_telling = source is None or (id(source) in before and before[id(source)].count > 0)
        if math.isfinite(value) and value != 0 and is_telling:
            self._behind[name] = source
        return source

    def _sums(self) -> dict[int, _Sum]:
        means, _ = self._metrics()
        variables = [variable for metric in means for variable in (metric.total, metric.count)]
        values = [np.asarray(keras.ops.convert_to_numpy(value)) for value in self._state.values(variables)]
        pairs = zip(means, values[::2], values[1::2], strict=True)
        return {
            id(metric): _Sum(float(total), float(count), float(np.spacing(np.abs(total))))
            for metric, total, count in pairs
        }

    def _metrics(self) -> tuple[list[Any], list[Any]]:
        """Return the model's metrics that are means, and the others."""
        every = list(self._state.model.metrics)
        means = [metric for metric in every if _is_mean(metric)]
        return means, [m for m in every if not any(m is mean for mean in means)]


def _is_mean(metric: Any) -> bool:
    """Tell whether a metric is a total over a count, precise enough to be taken apart."""
    is_quotient = isinstance(metric, keras.metrics.Mean) and type(metric).result is keras.metrics.Mean.result
    return is_quotient and str(metric.dtype) in ("float32", "float64")


def _of_several(steps: int) -> Absence:
    why = Message("{steps} steps run in one execution, and what is reported is their mean", steps=steps)
    return Absence(Absent.BETWEEN_STEPS, why)


def _may_be_running(name: str, metrics: tuple[str, ...]) -> Absence:
    why = Message(
        "what fit reports as {name} may be a running value of {metrics}, which cannot be taken apart; let train_step "
        "return the loss itself, or a keras.metrics.Mean of it",
        name=name,
        metrics=metrics,
    )
    return Absence(Absent.BETWEEN_STEPS, why)
