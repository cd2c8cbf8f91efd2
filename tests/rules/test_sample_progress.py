"""Whether samples still come closer to the reals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from recorded_runs import healthy, probes

from gandoctor.measures import null_bands
from gandoctor.rules.sample_progress import sample_progress
from gandoctor.store import Run

MakeRun = Callable[..., Run]


@pytest.mark.parametrize(
    ("kid", "state"),
    [
        (lambda s: 1.0 - s / 1100, "improving"),
        (lambda s: 1.0 - s / 20_000, "stuck"),  # 1 % in 200 steps
        (lambda s: 0.3 + s / 1100, "stuck"),
        (lambda s: 1.0 - s / 900 if s < 800 else 0.2, "stuck"),  # it did, before the last 200 steps
        (lambda s: 0.0, "arrived"),
    ],
)
def test_states(make_run: MakeRun, kid: Callable[[int], float], state: str) -> None:
    progress = sample_progress(make_run(healthy() | {"sample_kid": probes(kid)}), 300, 1000)
    assert progress is not None
    assert progress.state == state


def test_correlation_that_nears_the_reals_is_progress(make_run: MakeRun) -> None:
    run = make_run(healthy())
    reals = null_bands(run)["sample_autocorrelation"].mean
    nearing = make_run(healthy() | {"sample_autocorrelation": probes(lambda s: reals - 0.5 * (1 - s / 1100))})
    progress = sample_progress(nearing, 300, 1000)
    assert progress is not None
    assert progress.state == "improving"
    assert "pixel correlation" in progress.statement


def test_gain_within_the_noise_of_reals_is_none(make_run: MakeRun) -> None:
    band = null_bands(make_run(healthy()))["sample_kid"]
    above = band.high + 0.5 * band.std
    signals = healthy() | {"sample_kid": probes(lambda s: above + (1.5 * band.std if s < 900 else 0.0))}
    progress = sample_progress(make_run(signals), 300, 1000)
    assert progress is not None
    assert progress.state == "stuck"


def test_unknown_without_samples_or_with_too_few_probes(make_run: MakeRun) -> None:
    assert sample_progress(make_run({"d_loss": {1: 1.0}}), 1, 1) is None
    assert sample_progress(make_run(healthy()), 960, 1000) is None
