"""The correlation beneath grain equals that of the clean images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.measures import image_statistics
from gandoctor.rules.reading.pixel_correlation import correlation_beneath_grain
from gandoctor.store import Run
from support.recorded_runs import probes


def recorded(make_run: Callable[..., Run], images: np.ndarray, *leave_out: str) -> Run:
    measured = image_statistics(images)
    return make_run({name: probes(value) for name, value in measured.items() if name not in leave_out})


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1])
def test_grain_is_taken_off(make_run: Callable[..., Run], sigma: float) -> None:
    rng = np.random.default_rng(0)
    wave = 0.5 + 0.3 * np.sin(np.arange(28) / 4)[None, :, None, None] * np.ones((64, 1, 28, 1))
    clean = image_statistics(wave)["sample_autocorrelation"]
    run = recorded(make_run, wave + sigma * rng.standard_normal(wave.shape))
    assert correlation_beneath_grain(run).iloc[0] == pytest.approx(clean, abs=0.02)
    if sigma == 0.1:
        assert run["sample_autocorrelation"].iloc[0] < clean - 0.1


def test_noise_alone_stays_noise(make_run: Callable[..., Run]) -> None:
    run = recorded(make_run, np.random.default_rng(0).random((64, 28, 28, 1)))
    assert correlation_beneath_grain(run).iloc[0] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("missing", ["sample_noise_sigma", "sample_std"])
def test_without_the_measurement_the_value_stays(make_run: Callable[..., Run], missing: str) -> None:
    run = recorded(make_run, np.random.default_rng(0).random((64, 28, 28, 1)), missing)
    assert correlation_beneath_grain(run).equals(run["sample_autocorrelation"])
