"""Losses of single steps, taken apart from running means: as exact as they are said to be, or absent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.message import Absent

pytestmark = [
    pytest.mark.training,
    # TensorFlow's variables do not know NumPy 2's `copy=` yet; those of PyTorch and JAX do.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
keras = pytest.importorskip("keras")

from gandoctor.backends.keras_between_steps.state import ModelState  # noqa: E402 - needs Keras
from gandoctor.backends.keras_between_steps.step_losses import TOLERANCE, StepLosses  # noqa: E402 - the same


class Fit:
    """A model's metrics, and what looks at them."""

    def __init__(self, *metrics: Any) -> None:
        self.metrics = metrics
        self.losses = StepLosses(ModelState(SimpleNamespace(metrics=list(metrics))))
        self.begin_epoch()

    def begin_epoch(self) -> None:
        for metric in self.metrics:
            metric.reset_state()
        self.losses.begin_epoch()

    def step(self, *values: float | None, steps: int = 1, **returned: float) -> Any:
        """Update metrics, report what a step returns, and return what is known of it."""
        for metric, value in zip(self.metrics, values, strict=True):
            if value is not None:
                metric.update_state(value)
        return self.losses.trace(steps, returned)


def mean(name: str = "d_loss") -> Any:
    return keras.metrics.Mean(name=name)


def result(metric: Any) -> float:
    return float(metric.result())


def test_a_running_mean_is_taken_apart_in_every_epoch() -> None:
    fit = Fit(mean("tracker"))
    for values in ([3.0, 1.0, 0.25], [7.0, 0.5]):
        fit.begin_epoch()
        for value in values:
            fit.metrics[0].update_state(value)
            trace = fit.step(None, d_loss=result(fit.metrics[0]))
            assert trace.metrics["d_loss"] == pytest.approx(value, rel=1e-6)
            assert trace.returned == {}


def test_several_updates_in_a_step_are_their_mean() -> None:
    fit = Fit(mean())
    fit.step(1.0)
    fit.metrics[0].update_state(2.0)
    assert fit.step(4.0).metrics["d_loss"] == pytest.approx(3.0)


def test_a_loss_that_is_returned_itself_is_told_from_a_mean() -> None:
    fit = Fit(mean("other"))
    assert fit.step(2.0, g_loss=0.5).returned == {"g_loss": 0.5}
    fit.step(4.0, g_loss=3.0)  # by chance what the mean is now
    assert fit.step(1.0, g_loss=0.0).returned == {"g_loss": 0.0}


def test_a_mean_that_has_seen_nothing_yet_is_no_loss_of_zero() -> None:
    fit = Fit(mean("tracker"))
    trace = fit.step(None, g_loss=0.0)
    assert "g_loss" not in trace.returned
    assert "g_loss" not in trace.metrics
    fit.step(2.0, g_loss=2.0)
    trace = fit.step(None, g_loss=2.0)  # not updated in this step: a mean of earlier ones
    assert "g_loss" not in {**trace.returned, **trace.metrics}


@pytest.mark.parametrize("value", [5.0, 0.01, 1e-4, 0.0])
def test_what_rounding_may_have_changed_by_more_than_is_allowed_is_absent(value: float) -> None:
    fit = Fit(mean())
    for _ in range(50):
        fit.step(200.0)
    found = fit.step(value).metrics.get("d_loss")
    if found is not None:
        assert found == pytest.approx(value, rel=TOLERANCE)
    spacing = float(np.spacing(np.float32(10_000.0)))
    assert (found is None) == (spacing / 2 > TOLERANCE * value)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_the_first_step_that_is_not_finite_is_known_and_later_ones_are_not(broken: float) -> None:
    fit = Fit(mean())
    fit.step(1.0)
    assert not np.isfinite(fit.step(broken).metrics["d_loss"])
    assert "d_loss" not in fit.step(1.0).metrics
    fit.begin_epoch()
    assert fit.step(1.0).metrics["d_loss"] == 1.0


def test_a_metric_that_the_step_sets_back_is_absent() -> None:
    fit = Fit(mean())
    fit.step(1.0)
    fit.metrics[0].reset_state()
    assert "d_loss" not in fit.step(2.0).metrics


@pytest.mark.parametrize(
    "other", [keras.metrics.Sum(name="d_loss"), keras.metrics.Mean(name="d_loss", dtype="float16")]
)
def test_other_metrics_are_not_taken_apart_and_that_is_said(other: Any) -> None:
    fit = Fit(other)
    trace = fit.step(1.0, d_loss=1.0, g_loss=2.0)
    assert trace.metrics == trace.returned == {}
    assert {trace.withheld[name].code for name in ("d_loss", "g_loss")} == {Absent.BETWEEN_STEPS}
    assert "g_loss may be a running value of d_loss" in str(trace.withheld["g_loss"])


def test_of_several_steps_in_one_execution_only_what_the_last_has_returned_is_known() -> None:
    fit = Fit(mean())
    fit.step(1.0)
    fit.metrics[0].update_state(2.0)
    trace = fit.step(4.0, steps=2, g_loss=0.25)
    assert trace.metrics == {}
    assert trace.returned == {"g_loss": 0.25}
    assert "2 steps run in one execution" in str(trace.withheld["d_loss"])
