"""GD405, on made blanks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from design_cards import DENSE, NORM, act, card, transpose
from recorded_runs import SAMPLE_COUNT, healthy, probes
from test_mode_collapse import few
from test_noise_like_samples import clean, showing

from gandoctor.measures import image_statistics
from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import DataCard, LatentCard, Reach, Run, load_run

RULE = find_rule("GD405")
MakeRun = Callable[..., Run]
NOISE = np.random.default_rng(0).standard_normal((SAMPLE_COUNT, 28, 28, 1)).astype(np.float32)


def blank(brightness: float, grain: float = 0.0) -> np.ndarray:
    return brightness + grain * NOISE


def showing_from(images: np.ndarray, onset: int = 400) -> dict[str, dict[int, float]]:
    """As `showing`; what cannot be measured on the images is absent from the onset on."""
    measured = image_statistics(images)
    absent = ("sample_autocorrelation", "sample_spectral_flatness", "sample_high_frequency")
    signals = showing(images, onset)
    return signals | {n: {s: v for s, v in signals[n].items() if s < onset} for n in absent if n not in measured}


@pytest.mark.parametrize("grain", [0.0, 0.01, 0.03])
@pytest.mark.parametrize(
    ("brightness", "said"),
    [
        (0.0, "The samples are black, the darkest value of your data."),
        (1.0, "The samples are white, the brightest value of your data."),
        (0.5, "The samples are grey: 0.5, where your data reach from 0 to 1."),
    ],
)
def test_blanks_are_found_where_they_began(make_run: MakeRun, brightness: float, said: str, grain: float) -> None:
    finding = RULE.evaluate(make_run(showing_from(blank(brightness, grain))))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["sample_std"]
    (evidence,) = finding.evidence
    assert str(evidence.statement).startswith(said)
    assert evidence.statement.facts["contrast"] == evidence.observed == pytest.approx(grain, rel=0.05)


def test_values_outside_the_data_are_told(make_run: MakeRun) -> None:
    def said(brightness: float) -> str:
        return str(RULE.evaluate(make_run(showing_from(blank(brightness)))).evidence[0].statement)

    assert said(3.0).startswith("The samples are brighter than any of your data.")
    assert said(-1.0).startswith("The samples are darker than any of your data.")


def test_flat_images_of_several_brightnesses(make_run: MakeRun) -> None:
    """Contrast they have, as a batch; none has any by itself, and so there is no correlation to measure."""
    images = np.ones((SAMPLE_COUNT, 28, 28, 1), np.float32) * np.linspace(0, 1, SAMPLE_COUNT)[:, None, None, None]
    run = make_run(showing_from(images.astype(np.float32)))
    assert run["sample_std"].iloc[-1] > 0.25
    finding = RULE.evaluate(run)
    assert finding.first_step == 400
    assert finding.evidence[0].statement.facts == {"brightness": pytest.approx(0.5)}


def test_a_correlation_that_could_not_be_recorded_is_no_blank(make_run: MakeRun) -> None:
    signals = {k: v for k, v in healthy().items() if k != "sample_autocorrelation"}
    run = make_run(signals, missing={"sample_autocorrelation": "switched off"})
    assert RULE.evaluate(run).status is Status.NOT_DETECTED
    nothing_measured = {s: v for s, v in probes(0.002).items() if s < 400}
    stopped = signals | {"sample_noise_sigma": nothing_measured, "sample_autocorrelation": nothing_measured}
    assert RULE.evaluate(make_run(stopped)).status is Status.NOT_DETECTED


@pytest.mark.parametrize(
    "images",
    [clean(), few(1), 0.13 + 0.3 * (clean() - 0.13), np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1))],
    ids=["reals", "one-image", "faint", "noise"],
)
def test_look_alikes(make_run: MakeRun, images: np.ndarray) -> None:
    assert RULE.evaluate(make_run(showing_from(images))).status is Status.NOT_DETECTED


def test_healthy_run_that_began_blank(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED
    began = healthy() | {"sample_std": probes(lambda s: 0.003 if s < 200 else 0.28)}
    assert RULE.evaluate(make_run(began)).status is Status.NOT_DETECTED


def test_a_blank_that_ended_is_a_warning(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(healthy() | {"sample_std": probes(lambda s: 0.0 if 300 <= s <= 500 else 0.3)}))
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].statement.facts["step"] == 500


@pytest.mark.parametrize(("contrast", "status"), [(0.05, Status.NOT_DETECTED), (0.04, Status.DETECTED)])
def test_without_stored_reals_the_data_card_sets_the_standard(
    make_run: MakeRun, contrast: float, status: Status
) -> None:
    assert RULE.evaluate(make_run(healthy() | {"sample_std": probes(contrast)}, real_count=0)).status is status


def test_colour_images_and_data_with_little_contrast(make_run: MakeRun) -> None:
    def pale(reals: np.ndarray, contrast: float) -> Finding:
        run = make_run(healthy() | {"sample_std": probes(contrast)}, real_count=0)
        np.savez_compressed(run.path / "samples" / "reals.npz", reals=reals)
        return RULE.evaluate(load_run(run.path))

    reals = np.random.default_rng(1).integers(120, 132, (48, 32, 32, 3), dtype=np.uint8)
    assert pale(reals, 0.01).status is Status.NOT_DETECTED
    assert pale(reals, 0.001).status is Status.DETECTED
    assert "blank themselves" in str(pale(np.full_like(reals, 7), 0.0).reason)


@pytest.mark.parametrize("missing", ["sample_std", "sample_mean"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in healthy().items() if k != missing}))
    assert missing in str(finding.reason)


def test_warm_up_and_no_data(make_run: MakeRun) -> None:
    sick = showing_from(blank(0.0), onset=0)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in sick.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)
    assert "real images" in str(RULE.evaluate(make_run(sick, real_count=0, data=None)).reason)


def test_causes_follow_what_the_run_shows(make_run: MakeRun) -> None:
    sick = showing_from(blank(0.5))

    def first(extra: dict[str, dict[int, float]], **fields: object) -> str:
        return RULE.evaluate(make_run(sick | extra, **fields)).causes[0].id

    normal = card(DENSE, NORM, act("relu"), transpose(), NORM, act("relu"), transpose(), act("sigmoid"))
    bare = card(DENSE, act("relu"), transpose(), act("relu"), transpose(), act("sigmoid"))
    varied = LatentCard(shape=(100,), minimum=-1, maximum=1, mean=0, std=0.58)
    known = {"latent": varied, "generator": normal}
    symmetric = DataCard(shape=(28, 28, 1), dtype="float32", minimum=-1, maximum=1, mean=-0.7, std=0.6, probe_count=288)
    assert first({}, **{**known, "data": symmetric}) == "range-mismatch"
    assert first({}, **{**known, "latent": varied.model_copy(update={"std": 0.0})}) == "degenerate-latents"
    assert first({"latent_spread": probes(0.0)}, **known) == "degenerate-latents"
    assert first({"g_dead_units": probes(0.97)}, **known) == "generator-dead-units"
    assert first({}, **{**known, "generator": bare}) == "no-batch-norm"
    rates = {"d_learning_rate": probes(1e-3), "g_learning_rate": probes(1e-5)}
    assert first(rates, **known) == "discriminator-learns-faster"
    bounded = normal.model_copy(update={"reach": Reach(low=0, high=1, layer="activation")})
    at_bound = {"sample_min": probes(0.0), "sample_max": probes(0.001)}
    assert first(at_bound, **{**known, "generator": bounded}) == "saturated-output"
    assert all("This run: " in str(c.test) for c in RULE.evaluate(make_run(sick)).causes)
