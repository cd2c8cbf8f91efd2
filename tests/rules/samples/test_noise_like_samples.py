"""GD401."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.measures.images import image_statistics, lone_pixel_share
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run
from support.digit_batches import clean, showing, with_noise, with_salt_and_pepper
from support.recorded_runs import SAMPLE_COUNT, healthy, probes

RULE = find_rule("GD401")
MakeRun = Callable[..., Run]


def test_uniform_noise_is_found_where_it_began(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(showing(np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)))))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (300, 1000)
    assert [e.signal for e in finding.evidence] == [
        "sample_autocorrelation",
        "sample_spectral_flatness",
        "sample_high_frequency",
    ]
    assert finding.evidence[0].statement.facts["correlation"] == pytest.approx(0.0, abs=0.01)
    assert [e.statement.facts[name] for e, name in zip(finding.evidence[1:], ("flatness", "share"), strict=True)] == [
        e.observed for e in finding.evidence[1:]
    ]
    assert all("This run: " in str(cause.test) for cause in finding.causes)


def test_never_trained_grain_is_found(make_run: MakeRun) -> None:
    # The levels of a run whose discriminator never trained.
    signals = healthy() | {
        "sample_autocorrelation": probes(0.56),
        "sample_spectral_flatness": probes(0.11),
        "sample_high_frequency": probes(0.27),
        "sample_impulse": probes(0.16),
        "sample_noise_sigma": probes(0.1),
    }
    assert RULE.evaluate(make_run(signals)).severity is Severity.CRITICAL


@pytest.mark.parametrize(
    "images",
    [clean(), with_noise(0.1), with_salt_and_pepper(0.01), with_salt_and_pepper(0.05)],
    ids=["reals", "gauss", "pepper-1", "pepper-5"],
)
def test_look_alikes_are_left_alone(make_run: MakeRun, images: np.ndarray) -> None:
    assert RULE.evaluate(make_run(showing(images))).status is Status.NOT_DETECTED


def specked(images: np.ndarray) -> dict[str, dict[int, float]]:
    """As `showing`, with what tells specks from noise: lone pixels and the correlation after a median filter."""
    filtered = image_statistics(images)["sample_filtered_correlation"]
    return showing(images) | {
        "sample_filtered_correlation": probes(filtered),
        "sample_lone_pixels": probes(lone_pixel_share(images)),
    }


def grain_and_specks() -> np.ndarray:
    rng = np.random.default_rng(0)
    grainy = np.clip(with_noise(0.2), 0, 1)
    return np.where(rng.random(grainy.shape) < 0.05, rng.random(grainy.shape), grainy).astype(np.float32)


def test_specks_and_grain_on_legible_digits_are_no_noise(make_run: MakeRun) -> None:
    signals = specked(grain_and_specks())
    assert signals["sample_autocorrelation"][1000] < 0.6
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_noise_holds_lone_pixels_too_and_stays_noise(make_run: MakeRun) -> None:
    noise = (np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)) < 0.1).astype(np.float32)
    signals = specked(noise) | {"sample_noise_sigma": probes(0.2)}
    assert signals["sample_lone_pixels"][1000] > 0.01
    assert RULE.evaluate(make_run(signals)).severity is Severity.CRITICAL


def test_texture_that_a_filter_smooths_is_noise_without_lone_pixels(make_run: MakeRun) -> None:
    signals = specked(grain_and_specks()) | {"sample_lone_pixels": probes(0.0)}
    assert RULE.evaluate(make_run(signals)).severity is Severity.CRITICAL


def test_healthy_run_that_began_as_noise(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED


def test_low_correlation_alone_is_not_enough(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy() | {"sample_autocorrelation": probes(0.6)})).status is Status.NOT_DETECTED


@pytest.mark.parametrize("missing", ["sample_autocorrelation", "sample_spectral_flatness", "sample_high_frequency"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in healthy().items() if k != missing}))
    assert finding.status is Status.NOT_EVALUATED
    assert missing in str(finding.reason)


def test_without_reals_there_is_no_standard(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(healthy(), real_count=0))
    assert finding.status is Status.NOT_EVALUATED
    assert "real images" in str(finding.reason)


def test_warm_up(make_run: MakeRun) -> None:
    noise = showing(np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)), onset=0)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in noise.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)
    few = {name: {s: v for s, v in series.items() if s <= 320} for name, series in noise.items()}
    assert "after warm-up" in str(RULE.evaluate(make_run(few)).reason)


def test_causes_follow_what_the_run_shows(make_run: MakeRun) -> None:
    noise = showing(np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)))

    def first(extra: dict[str, dict[int, float]], **fields: object) -> str:
        return RULE.evaluate(make_run(noise | extra, **fields)).causes[0].id

    def card(*types: str) -> PlayerCard:
        settings = {"Dropout": {"rate": 0.9}}
        weights = ("Conv2D", "BatchNormalization")
        layers = [
            LayerCard(name=t, type=t, settings=settings.get(t, {}), parameters=5 if t in weights else 0) for t in types
        ]
        return PlayerCard(name="generator", layers=layers)

    assert first({"d_update_in_d_step": probes(0.0)}) == "discriminator-frozen"
    assert first({"d_update_in_d_step": probes(0.2), "g_update_ratio": probes(1e-6)}) == "generator-not-moving"
    assert first({"d_update_in_d_step": probes(0.2), "sample_train_infer_gap": probes(2.6)}) == "batch-norm-mode"
    known = {"d_update_in_d_step": probes(0.2), "sample_train_infer_gap": probes(0.2)}
    assert first(known, generator=card("Conv2D", "BatchNormalization", "Activation")) == "batch-norm-placement"
    assert first(known, generator=card("BatchNormalization", "Dropout", "Conv2D")) == "too-much-dropout"


def test_a_young_generator_has_not_finished(make_run: MakeRun) -> None:
    noise = showing(np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)))
    known = {"d_update_in_d_step": probes(0.2), "sample_train_infer_gap": probes(0.2)}
    rising = known | {"sample_autocorrelation": probes(lambda s: 0.0006 * s)}
    plain = PlayerCard(name="generator", layers=[LayerCard(name="conv", type="Conv2D", parameters=5)])
    finding = RULE.evaluate(make_run(noise | rising, generator=plain))
    assert finding.causes[0].id == "not-finished"
    still = RULE.evaluate(make_run(noise | known, generator=plain))
    assert {c.id: c.score for c in still.causes}["not-finished"] == 0.1


@pytest.mark.parametrize(("spread", "severity"), [(0.17, Severity.CRITICAL), (0.08, None)], ids=["grown", "faint"])
def test_faint_first_shapes_may_come_and_go(make_run: MakeRun, spread: float, severity: Severity | None) -> None:
    noise = showing(np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)))
    images = showing(clean())

    def level(name: str) -> Callable[[int], float]:
        return lambda step: list((noise if step >= 260 else images)[name].values())[-1]

    signals = {name: probes(level(name)) for name in images} | {"sample_latent_std": probes(spread)}
    finding = RULE.evaluate(make_run(healthy() | signals, planned_steps=1000).until(360))
    assert (finding.severity if finding.status is Status.DETECTED else None) is severity
