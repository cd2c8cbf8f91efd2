"""GD407, on real digits made soft in several ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from recorded_runs import SAMPLE_COUNT, digits, healthy, probes
from scipy.ndimage import gaussian_filter
from test_mode_collapse import batch, showing

from gandoctor.measures import image_statistics, null_bands
from gandoctor.message import Message
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.samples.blurry_samples import LIMITS
from gandoctor.store import LayerCard, PlayerCard, Run

RULE = find_rule("GD407")
MakeRun = Callable[..., Run]
MEAN = (digits().astype(np.float32) / 255).mean(axis=0)


def blurred(sigma: float) -> np.ndarray:
    images: np.ndarray = gaussian_filter(batch(), (0, sigma, sigma, 0))
    return images


def rebuilt(components: int) -> np.ndarray:
    """What a linear autoencoder of so many units makes of the batch."""
    data = digits()[2000:4000].reshape(2000, -1).astype(np.float32) / 255
    mean = data.mean(axis=0)
    basis = np.linalg.svd(data - mean, full_matrices=False)[2][:components]
    flat = (batch().reshape(SAMPLE_COUNT, -1) - mean) @ basis.T @ basis + mean
    images: np.ndarray = np.clip(flat, 0, 1).reshape(batch().shape)
    return images


@pytest.mark.parametrize(
    "images", [blurred(0.7), blurred(1.0), blurred(1.5), rebuilt(40), rebuilt(10)], ids=["0.7", "1", "1.5", "40", "10"]
)
def test_blur_is_found_where_it_began(make_run: MakeRun, images: np.ndarray) -> None:
    finding = RULE.evaluate(make_run(showing(images)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["sample_high_frequency", "sample_autocorrelation"]
    share, correlation = finding.evidence
    assert share.threshold is not None
    assert correlation.threshold is not None
    assert share.observed < share.threshold
    assert correlation.observed > correlation.threshold
    high = null_bands(make_run(healthy()))["sample_high_frequency"].mean
    assert share.statement.facts["ratio"] == pytest.approx(share.observed / high)


def test_faint_samples_can_be_blurry_too(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(showing(0.5 * blurred(1.0)))).status is Status.DETECTED


def salted(images: np.ndarray) -> np.ndarray:
    return np.clip(images + np.random.default_rng(3).normal(0, 0.1, images.shape), 0, 1)


@pytest.mark.parametrize(
    "images",
    [
        batch(),
        0.3 * batch(),
        blurred(0.4),
        (batch() + digits()[3000 : 3000 + SAMPLE_COUNT] / 255) / 2,
        salted(batch()),
        np.random.default_rng(4).random((SAMPLE_COUNT, 28, 28, 1)),
        np.zeros((SAMPLE_COUNT, 28, 28, 1)),
        np.repeat(MEAN[None], SAMPLE_COUNT, axis=0),
        0.02 * np.repeat(gaussian_filter(batch()[:1], (0, 2, 2, 0)), SAMPLE_COUNT, axis=0),
    ],
    ids=["reals", "faint", "softened", "average-of-two", "grain", "noise", "blank", "mean-image", "nearly-blank"],
)
def test_look_alikes(make_run: MakeRun, images: np.ndarray) -> None:
    signals = showing(images.astype(np.float32))
    if "sample_autocorrelation" not in image_statistics(images):
        gone = ("sample_autocorrelation", "sample_high_frequency", "sample_spectral_flatness")
        signals |= {name: {s: v for s, v in signals[name].items() if s < 400} for name in gone}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_healthy_run_and_its_young_samples(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED


def test_smooth_data_set_their_own_standard(make_run: MakeRun) -> None:
    """Blurred digits are what these data are: samples like them are sharp, and only softer ones are blurry."""
    soft = (gaussian_filter(digits()[:288] / 255, (0, 0.6, 0.6, 0)) * 255).round().astype(np.uint8)

    def of(images: np.ndarray) -> Run:
        run = make_run(showing(images), real_count=0)
        np.savez_compressed(run.path / "samples" / "reals.npz", reals=soft)
        return run

    assert RULE.evaluate(of(blurred(0.6))).status is Status.NOT_DETECTED
    assert RULE.evaluate(of(blurred(1.5))).status is Status.DETECTED


def test_colour_images(make_run: MakeRun) -> None:
    """Discs of any colour on any ground."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:32, :32]
    images = np.ones((416, 32, 32, 3)) * rng.random((416, 1, 1, 3))
    for image in images:
        for _ in range(3):
            centre, radius = 32 * rng.random(2), 3 + 6 * rng.random()
            image[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2] = rng.random(3)

    def status(sigma: float) -> Status:
        samples = gaussian_filter(images[288:], (0, sigma, sigma, 0)) if sigma else images[288:]
        measured = image_statistics(samples)
        signals = {name: probes(measured[name]) for name in RULE.requires}
        run = make_run(signals, real_count=0)
        np.savez_compressed(run.path / "samples" / "reals.npz", reals=(images[:288] * 255).astype(np.uint8))
        return RULE.evaluate(run).status

    assert status(0) is Status.NOT_DETECTED
    assert status(1.0) is Status.DETECTED


@pytest.mark.parametrize("name", ["sample_autocorrelation", "sample_high_frequency"])
def test_one_measurement_alone_is_not_enough(make_run: MakeRun, name: str) -> None:
    signals = healthy() | {name: showing(blurred(1.0))[name]}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_one_blurry_probe_in_four_is_not_enough(make_run: MakeRun) -> None:
    sick, well = showing(blurred(1.0), onset=0), healthy()
    signals = well | {name: {s: (sick if s % 80 == 0 else well)[name][s] for s in well[name]} for name in RULE.requires}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_blur_that_ended_is_only_noted(make_run: MakeRun) -> None:
    sick, well = showing(blurred(1.0), onset=0), healthy()
    signals = well | {
        name: {s: (sick if 300 <= s <= 500 else well)[name][s] for s in well[name]} for name in RULE.requires
    }
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.INFO
    assert (finding.first_step, finding.last_step) == (300, 500)
    assert finding.evidence[0].statement.facts["step"] == 500


@pytest.mark.parametrize("missing", RULE.requires)
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in healthy().items() if k != missing}))
    assert finding.status is Status.NOT_EVALUATED
    assert missing in str(finding.reason)


def test_warm_up_and_missing_reals(make_run: MakeRun) -> None:
    sick = showing(blurred(1.0), onset=0)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in sick.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)
    assert "real images" in str(RULE.evaluate(make_run(sick, real_count=0)).reason)


def test_causes_are_ranked_by_what_the_run_shows(make_run: MakeRun) -> None:
    sick = showing(blurred(1.0))

    def first(signals: dict[str, dict[int, float]]) -> tuple[str, Message]:
        cause = RULE.evaluate(make_run(sick | signals)).causes[0]
        return cause.id, cause.test

    fine = {"d_auc": probes(0.9), "d_update_in_d_step": probes(0.1)}
    assert first(fine)[0] == "pixel-loss"
    weak, said = first(fine | {"d_auc": probes(0.52)})
    assert weak == "discriminator-too-weak"
    assert said.facts["auc"] == pytest.approx(0.52)
    assert first(fine | {"d_auc": probes(1.0), "d_logit_gap": probes(14.0)})[0] == "discriminator-learns-faster"
    assert first(fine | {"d_update_in_d_step": probes(0.0)})[0] == "discriminator-frozen"
    assert first(fine | {"g_update_ratio": probes(1e-7)})[0] == "generator-not-moving"


def test_a_layer_that_smooths_behind_the_last_weights_is_named(make_run: MakeRun) -> None:
    sick = showing(blurred(1.0)) | {"d_auc": probes(0.9)}

    def first(*layers: LayerCard) -> str:
        card = PlayerCard(name="generator", layers=list(layers))
        return RULE.evaluate(make_run(sick, generator=card)).causes[0].id

    weights = LayerCard(name="conv", type="Conv2DTranspose", parameters=500)
    bilinear = LayerCard(name="enlarge", type="UpSampling2D", settings={"interpolation": "bilinear"})
    nearest = LayerCard(name="enlarge", type="UpSampling2D", settings={"interpolation": "nearest"})
    assert first(weights, bilinear) == "output-smoothed"
    assert first(weights, nearest) == "pixel-loss"
    assert first(bilinear, weights) == "pixel-loss"


def test_samples_that_still_sharpen_are_not_finished(make_run: MakeRun) -> None:
    sick = showing(blurred(1.0)) | {
        "sample_high_frequency": probes(lambda s: 0.0002 + 8e-6 * s),
        "d_auc": probes(0.9),
        "d_update_in_d_step": probes(0.1),
    }
    assert RULE.evaluate(make_run(sick)).causes[0].id == "not-finished"


def test_limits_are_the_edge(make_run: MakeRun) -> None:
    """Just beyond the share of high frequencies that is allowed, and just within."""
    edge = LIMITS.high_frequency_ratio * null_bands(make_run(healthy()))["sample_high_frequency"].mean
    soft = {"sample_autocorrelation": probes(0.95)}
    for factor, status in ((0.98, Status.DETECTED), (1.02, Status.NOT_DETECTED)):
        signals = healthy() | soft | {"sample_high_frequency": probes(factor * edge)}
        assert RULE.evaluate(make_run(signals)).status is status
