"""When a generator is no longer young: by its samples, not by a number of steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.measures import null_bands
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.reading.young import DRAWN, GROWN, calm_since, drawn, judged_from
from gandoctor.store import Run
from support.digit_batches import few, showing, showing_with_diversity, with_salt_and_pepper
from support.recorded_runs import digits, every_step, make_run, probes

Signals = dict[str, dict[int, float]]
SPREAD = null_bands(make_run({}))["sample_latent_std"].mean
LENGTH_UNKNOWN = None


def going_on(signals: Signals, until: int = 980) -> Run:
    """A loop of unknown length that is going on."""
    return make_run(signals, planned_steps=LENGTH_UNKNOWN).until(until)


def varied(share: float | Callable[[int], float]) -> Signals:
    """Probes whose spread across latents is a share of that of the reals, with shapes throughout."""
    return {
        "sample_latent_std": probes(lambda s: SPREAD * (share(s) if callable(share) else share)),
        "sample_autocorrelation": probes(0.86),
    }


def test_a_generator_that_hardly_varies_waits_for_the_number() -> None:
    assert judged_from(going_on(varied(GROWN - 0.05))) == 500


def test_one_that_varies_for_a_window_is_grown() -> None:
    assert judged_from(going_on(varied(lambda s: 0.7 if s >= 200 else 0.2))) == 260
    assert judged_from(going_on(varied(lambda s: 0.7 if s % 200 < 60 else 0.2))) == 500, "it must last"


def test_noise_varies_and_is_not_grown() -> None:
    noise = varied(0.9) | {"sample_autocorrelation": probes(0.2)}
    assert judged_from(going_on(noise)) == 500


def test_what_is_not_known_waits_for_the_number() -> None:
    assert drawn(going_on({"d_loss": every_step(0.5)})) is None
    assert judged_from(going_on({"d_loss": every_step(0.5)})) == 500


def test_calm_is_the_reals_level_with_something_drawn() -> None:
    run = going_on(varied(lambda s: DRAWN + 0.1 if s >= 100 else 0.1))
    level = run["sample_latent_std"] >= 0
    assert calm_since(run, level) == 160
    assert calm_since(run, ~level) == 500


def status_at(rule: str, signals: Signals, step: int) -> tuple[Status, Severity]:
    finding = find_rule(rule).evaluate(going_on(signals, step))
    return finding.status, finding.severity


def young(signals: Signals) -> Signals:
    """The same run of a generator that has drawn something from step 100 on, and is not grown."""
    return signals | {"sample_latent_std": probes(lambda s: SPREAD * (0.45 if s >= 100 else 0.1))}


def specks(share: float, onset: int) -> Signals:
    from gandoctor.measures.images import lone_pixel_share

    after = lone_pixel_share(np.clip(with_salt_and_pepper(share)[:32], 0, 1))
    return young(showing(digits()[1000:1128].astype(np.float32) / 255)) | {
        "sample_lone_pixels": probes(lambda s: after if s >= onset else 0.0)
    }


@pytest.mark.parametrize("share", [0.013, 0.05])
def test_specks_that_come_after_calm_are_judged_before_step_500(share: float) -> None:
    """1.3 % salt and pepper from step 260 on, on images whose reals have none, in a loop of unknown length."""
    assert status_at("GD402", specks(share, onset=260), 260)[0] is not Status.DETECTED
    assert status_at("GD402", specks(share, onset=260), 340) == (Status.DETECTED, Severity.WARNING)


def test_specks_from_the_start_are_those_of_a_young_generator() -> None:
    assert status_at("GD402", specks(0.05, onset=0), 340)[0] is Status.NOT_EVALUATED


def test_copies_that_come_after_variety_are_judged_before_step_500() -> None:
    collapsing = showing_with_diversity(few(6), onset=300) | {
        "sample_latent_std": probes(lambda s: SPREAD * (0.1 if s < 100 else 0.7)),
    }
    assert status_at("GD403", collapsing, 280)[0] is Status.NOT_DETECTED
    assert status_at("GD403", collapsing, 380) == (Status.DETECTED, Severity.CRITICAL)


def test_a_short_run_of_unknown_length_is_judged_at_its_end() -> None:
    noisy = young(specks(0.05, onset=100))
    cut = {name: {s: v for s, v in series.items() if s <= 300} for name, series in noisy.items()}
    assert find_rule("GD402").evaluate(make_run(cut, planned_steps=LENGTH_UNKNOWN)).status is Status.DETECTED


def filled(**statistics: dict[int, float]) -> Signals:
    """One image for all latents."""
    copies = {"sample_duplicate_pairs": probes(128 * 127 / 2), "sample_nn_distance": probes(0.0)}
    return varied(0.02) | copies | statistics


def test_one_image_that_fills_the_sheet_in_warm_up_is_said() -> None:
    stuck = filled(sample_kid=probes(8.0))
    assert status_at("GD403", stuck, 100)[0] is Status.NOT_EVALUATED
    assert status_at("GD403", stuck, 160) == (Status.DETECTED, Severity.CRITICAL)
    learning = filled(
        sample_kid=probes(lambda s: 8.0 - s / 50), sample_latent_std=probes(lambda s: SPREAD * (0.06 + s / 5000))
    )
    assert status_at("GD403", learning, 160) == (Status.DETECTED, Severity.INFO)
