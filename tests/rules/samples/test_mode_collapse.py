"""GD403, on real digits made to collapse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gandoctor.measures import Reference, diversity_statistics, image_statistics
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LatentCard, Run
from support.digit_batches import clean as batch
from support.digit_batches import few
from support.digit_batches import showing_with_diversity as showing
from support.recorded_runs import SAMPLE_COUNT, digits, healthy, probes
from support.said import values_of

RULE = find_rule("GD403")
MakeRun = Callable[..., Run]
RNG = np.random.default_rng(0)


def half_collapsed() -> np.ndarray:
    images = batch()
    images[: SAMPLE_COUNT // 2] = images[0]
    return images


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        (few(1), "Complete"),
        (few(1, jitter=0.02), "Complete"),
        (half_collapsed(), "Partial"),
        (few(10), "Partial"),
        (few(10, jitter=0.02), "Partial"),
        (few(50), "Partial"),
    ],
    ids=["one", "one-jittered", "half", "ten", "ten-jittered", "fifty"],
)
def test_collapse_is_found_where_it_began(make_run: MakeRun, images: np.ndarray, kind: str) -> None:
    finding = RULE.evaluate(make_run(showing(images)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert finding.evidence[0].signal == "sample_duplicate_pairs"
    assert str(finding.evidence[0].statement).startswith(f"{kind} collapse: ")


def test_support_is_estimated(make_run: MakeRun) -> None:
    facts = RULE.evaluate(make_run(showing(few(10)))).evidence[0].statement.facts
    assert facts["support"] == pytest.approx(9.5, abs=2.5)
    facts = RULE.evaluate(make_run(showing(half_collapsed()))).evidence[0].statement.facts
    assert facts["group"] == pytest.approx(64, abs=1)


@pytest.mark.parametrize(
    "images",
    [batch(), 0.13 + 0.6 * (batch() - 0.13), gaussian_filter(batch(), (0, 1.2, 1.2, 0)), RNG.random((128, 28, 28, 1))],
    ids=["reals", "faint", "blurry", "noise"],
)
def test_look_alikes(make_run: MakeRun, images: np.ndarray) -> None:
    assert RULE.evaluate(make_run(showing(images))).status is Status.NOT_DETECTED


@pytest.mark.parametrize(("pairs", "status"), [(60.0, Status.NOT_DETECTED), (68.0, Status.DETECTED)])
def test_the_limit_is_a_support_as_large_as_the_batch(make_run: MakeRun, pairs: float, status: Status) -> None:
    assert RULE.evaluate(make_run(healthy() | {"sample_duplicate_pairs": probes(pairs)})).status is status


def test_healthy_run_whose_first_samples_were_all_alike(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED


@pytest.mark.parametrize(("kinds", "status"), [(10, Status.NOT_DETECTED), (1, Status.DETECTED)])
def test_data_with_few_modes_set_their_own_standard(make_run: MakeRun, kinds: int, status: Status) -> None:
    """Ten different images are all there is in the data: a generator that makes them has not collapsed."""
    reals = digits()[:10][np.random.default_rng(2).integers(0, 10, 288)]
    fakes = digits()[:kinds][np.random.default_rng(3).integers(0, kinds, SAMPLE_COUNT)].astype(np.float32) / 255
    measured = image_statistics(fakes) | diversity_statistics(fakes, Reference(reals.astype(np.float32) / 255))
    signals = healthy() | {name: probes(value) for name, value in measured.items() if name in healthy()}
    assert RULE.evaluate(make_run(signals, reals=reals)).status is status


def test_a_collapse_that_ended_is_a_warning(make_run: MakeRun) -> None:
    signals = healthy() | {"sample_duplicate_pairs": probes(lambda s: 2000.0 if 300 <= s <= 500 else 1.0)}
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].statement.facts["step"] == 500


@pytest.mark.parametrize("missing", ["sample_duplicate_pairs", "sample_nn_distance", "sample_latent_std"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in healthy().items() if k != missing}))
    assert missing in str(finding.reason)


def test_warm_up_and_too_few_reals(make_run: MakeRun) -> None:
    sick = showing(few(12), onset=0) | {"sample_latent_std": probes(0.05)}  # they hardly vary yet
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in sick.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)
    assert "real images" in str(RULE.evaluate(make_run(sick, real_count=200)).reason)  # under twice a batch of 128


def test_causes(make_run: MakeRun) -> None:
    sick = showing(few(1))
    zeros = LatentCard(shape=(100,), minimum=0, maximum=0, mean=0, std=0)
    assert RULE.evaluate(make_run(sick, latent=zeros)).causes[0].id == "degenerate-latents"
    uniform = LatentCard(shape=(100,), minimum=-1, maximum=1, mean=0, std=0.58)
    ranked = RULE.evaluate(make_run(sick, latent=uniform)).causes
    assert "latents-ignored" not in [cause.id for cause in ranked], "that is the finding itself"
    black = sick | {"sample_std": probes(0.0), "sample_mean": probes(0.0)}
    assert RULE.evaluate(make_run(black, latent=uniform)).causes[0].id == "saturated-output"
    assert RULE.evaluate(make_run(showing(few(10)), latent=uniform)).causes[0].id == "chasing-the-discriminator"


@pytest.mark.parametrize(("moved", "standing"), [(4.0, "possible"), (0.01, "ruled_out")])
def test_whether_the_repeated_image_changes_is_measured(make_run: MakeRun, moved: float, standing: str) -> None:
    finding = RULE.evaluate(make_run(showing(few(1)) | {"sample_step_distance": probes(moved)}))
    chasing = next(cause for cause in finding.causes if cause.id == "chasing-the-discriminator")
    assert chasing.standing == standing
    assert values_of(chasing.test)["moved"] == moved


def test_copies_that_come_at_once_need_two_probes(make_run: MakeRun) -> None:
    def severity(pairs: float, since: int) -> Severity | None:
        signals = healthy() | {"sample_duplicate_pairs": probes(lambda s: pairs if s >= since else 2.0)}
        finding = RULE.evaluate(make_run(signals))
        return finding.severity if finding.status is Status.DETECTED else None

    assert severity(800.0, since=980) is Severity.CRITICAL
    assert severity(800.0, since=1000) is None
    assert severity(90.0, since=980) is Severity.INFO  # beyond the limit, not far: it has begun, and may pass


def test_copies_of_faint_images_must_last(make_run: MakeRun) -> None:
    """Images of a young generator, or of one that has just lost its contrast, lie close together."""

    def severity(since: int) -> Severity:
        faint = {
            "sample_duplicate_pairs": probes(lambda s: 90.0 if s >= since else 2.0),
            "sample_latent_std": probes(lambda s: 0.05 if s >= since else 0.155),
        }
        return RULE.evaluate(make_run(healthy() | faint)).severity

    assert severity(since=860) is Severity.INFO
    assert severity(since=500) is Severity.CRITICAL
