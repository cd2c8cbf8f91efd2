"""Whether samples still come closer to the reals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kendalltau

from gandoctor.measures import Band, null_bands
from gandoctor.rules.reading import sample_progress as module
from gandoctor.rules.reading.persistence import Episode
from gandoctor.rules.reading.sample_progress import sample_progress, severity_while_learning, trend
from gandoctor.rules.rule import Severity
from gandoctor.store import Run
from support.recorded_runs import healthy, probes

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
    assert "pixel correlation" in str(progress.statement)


def test_gain_within_the_noise_of_reals_is_none(make_run: MakeRun) -> None:
    band = null_bands(make_run(healthy()))["sample_kid"]
    above = band.high + 0.5 * band.std
    signals = healthy() | {"sample_kid": probes(lambda s: above + (1.5 * band.std if s < 900 else 0.0))}
    progress = sample_progress(make_run(signals), 300, 1000)
    assert progress is not None
    assert progress.state == "stuck"


def test_one_odd_draw_of_a_table_with_heavy_tails_does_not_make_samples_arrive(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    band = Band(mean=0.0, std=0.27, low=-0.4, high=1.2)
    monkeypatch.setattr(module, "null_bands", lambda run: {"sample_kid": band})
    for kid, state in ((0.95, "stuck"), (0.3, "arrived")):
        progress = sample_progress(make_run(healthy() | {"sample_kid": probes(kid)}), 300, 1000)
        assert progress is not None
        assert progress.state == state


def test_unknown_without_samples_or_with_too_few_probes(make_run: MakeRun) -> None:
    assert sample_progress(make_run({"d_loss": {1: 1.0}}), 1, 1) is None
    assert sample_progress(make_run({"sample_kid": probes(1.0, start=960)}), 960, 1000) is None


def test_short_stretches_are_judged_over_a_hundred_steps(make_run: MakeRun) -> None:
    progress = sample_progress(make_run(healthy()), 960, 1000)
    assert progress is not None
    assert progress.statement.values["steps"] == 100


def test_a_slow_but_steady_gain_is_progress_and_an_unsteady_one_is_not(make_run: MakeRun) -> None:
    """15 % between the halves of the window; a fifth is not needed where the probes fall one after the other."""
    steady = make_run(healthy() | {"sample_kid": probes(lambda s: 1.0 - 0.0014 * (s - 800))})
    shown = sample_progress(steady, 300, 1000)
    unsteady = make_run(healthy() | {"sample_kid": probes(lambda s: 1.0 if s in (820, 860, 880, 960, 1000) else 0.85)})
    other = sample_progress(unsteady, 300, 1000)
    assert shown is not None
    assert other is not None
    assert (shown.state, other.state) == ("improving", "stuck")


def test_digits_that_become_clearer_are_progress(make_run: MakeRun) -> None:
    signals = healthy() | {"sample_class_kid": probes(lambda s: 2.0 - s / 700)}
    progress = sample_progress(make_run(signals), 300, 1000)
    assert progress is not None
    assert progress.state == "improving"
    assert "as digits" in str(progress.statement)


def test_one_image_that_changes_its_brightness_makes_no_progress(make_run: MakeRun) -> None:
    signals = healthy() | {"sample_kid": probes(lambda s: 60.0 - s / 20), "sample_latent_std": probes(0.0)}
    progress = sample_progress(make_run(signals), 300, 1000)
    assert progress is not None
    assert progress.state == "stuck"


def test_trend_is_mann_and_kendalls() -> None:
    values = np.random.default_rng(0).permutation(30).astype(float)
    tau = kendalltau(range(30), values).statistic
    pairs = 30 * 29 / 2
    assert trend(values) == pytest.approx(tau * pairs / np.sqrt(30 * 29 * 65 / 18))
    assert trend(np.arange(9.0)) == pytest.approx(36 / np.sqrt(9 * 8 * 23 / 18))


def tempering(make_run: MakeRun, first_step: int, kid: Callable[[int], float]) -> Severity:
    run = make_run(healthy() | {"sample_kid": probes(kid)})
    return severity_while_learning(run, Episode(first_step, 1000, ongoing=True), Severity.WARNING)[0]


def test_only_what_improves_since_the_symptom_began_tempers_it(make_run: MakeRun) -> None:
    assert tempering(make_run, 300, lambda s: 1.0 - s / 1100) is Severity.INFO
    assert tempering(make_run, 300, lambda s: 1.0) is Severity.WARNING
    # The samples improved until the symptom began, 120 steps ago, and have stood still since.
    assert tempering(make_run, 880, lambda s: 2.0 - s / 600 if s < 880 else 0.5) is Severity.WARNING
