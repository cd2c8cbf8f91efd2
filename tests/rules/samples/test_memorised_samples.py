"""GD408, on real digits, copies of them and what only looks like copies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from recorded_runs import DIGITS, SAMPLE_COUNT, digits, healthy, probes
from scipy.ndimage import gaussian_filter
from scipy.stats import mannwhitneyu
from test_mode_collapse import showing

from gandoctor.measures import null_bands
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import DataCard, Run

RULE = find_rule("GD408")
MakeRun = Callable[..., Run]
UNIT = digits().astype(np.float32) / 255
TRAINED, HELD_OUT, NEW = UNIT[:288], UNIT[4000:4128], UNIT[1000 : 1000 + SAMPLE_COUNT]
CARD = DataCard(
    shape=(28, 28, 1),
    dtype="float32",
    minimum=0,
    maximum=1,
    mean=0.13,
    std=0.3,
    probe_count=288,
    holdout_count=len(HELD_OUT),
)


def nearest(images: np.ndarray) -> np.ndarray:
    distances: np.ndarray = np.stack(
        [np.sqrt(np.square(TRAINED - image).sum(axis=(1, 2, 3))).min() for image in images]
    )
    return distances


def copying(images: np.ndarray) -> float:
    """The definition of the signal, by another implementation."""
    statistic = mannwhitneyu(nearest(HELD_OUT), nearest(images)).statistic
    return float(statistic) / (len(images) * len(HELD_OUT))


def signals_of(images: np.ndarray, onset: int = 400) -> dict[str, dict[int, float]]:
    value = copying(images)
    return showing(images, onset) | {"sample_copying": probes(lambda s: value if s >= onset else 0.5)}


def noisy_copies() -> np.ndarray:
    rng = np.random.default_rng(6)
    images: np.ndarray = np.clip(TRAINED[:SAMPLE_COUNT] + rng.normal(0, 0.1, NEW.shape), 0, 1).astype(np.float32)
    return images


@pytest.mark.parametrize(
    "images",
    [TRAINED[:SAMPLE_COUNT], noisy_copies(), 0.85 * TRAINED[:SAMPLE_COUNT], np.concatenate([TRAINED[:116], NEW[:12]])],
    ids=["copies", "noisy", "fainter", "nine-in-ten"],
)
def test_copies_are_found_where_they_began(make_run: MakeRun, images: np.ndarray) -> None:
    finding = RULE.evaluate(make_run(signals_of(images), data=CARD))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["sample_copying"]
    facts = finding.evidence[0].statement.facts
    assert facts["share"] == pytest.approx(copying(images))
    assert facts["spread"] == pytest.approx(1.0, abs=0.25)


MEAN = np.repeat(UNIT.mean(axis=0, keepdims=True), SAMPLE_COUNT, axis=0)
with np.load(DIGITS, allow_pickle=False) as _archive:
    ONES = UNIT[1000:4000][_archive["labels"][1000:4000] == 1][:SAMPLE_COUNT]


@pytest.mark.parametrize(
    "images",
    [
        NEW,
        gaussian_filter(NEW, (0, 0.7, 0.7, 0)),
        gaussian_filter(NEW, (0, 1.5, 1.5, 0)),
        0.5 * NEW,
        0.2 * NEW,
        0.5 * NEW + 0.5 * MEAN,
        MEAN,
        np.zeros_like(NEW),
        ONES,
        np.random.default_rng(7).random(NEW.shape).astype(np.float32),
    ],
    ids=["new", "soft", "blurred", "faint", "very-faint", "half-mean", "mean", "blank", "ones-only", "noise"],
)
def test_look_alikes(make_run: MakeRun, images: np.ndarray) -> None:
    assert RULE.evaluate(make_run(signals_of(images), data=CARD)).status is Status.NOT_DETECTED


def test_the_look_alikes_do_look_alike() -> None:
    assert copying(NEW) == pytest.approx(0.5, abs=0.1)
    assert copying(ONES) > 0.85
    assert copying(MEAN) > 0.7


@pytest.mark.parametrize(("share", "status"), [(0.72, Status.NOT_DETECTED), (0.78, Status.DETECTED)])
def test_variety_that_is_asked_for(make_run: MakeRun, share: float, status: Status) -> None:
    spread = share * null_bands(make_run(healthy()))["sample_latent_std"].mean
    signals = healthy() | {"sample_copying": probes(0.99), "sample_latent_std": probes(spread)}
    assert RULE.evaluate(make_run(signals, data=CARD)).status is status


def test_collapse_onto_one_training_image_is_collapse(make_run: MakeRun) -> None:
    """One image, copied or not, is GD403's."""
    run = make_run(signals_of(np.repeat(TRAINED[:1], SAMPLE_COUNT, axis=0)), data=CARD)
    assert RULE.evaluate(run).status is Status.NOT_DETECTED
    assert find_rule("GD403").evaluate(run).status is Status.DETECTED


def test_sixty_four_images_by_heart(make_run: MakeRun) -> None:
    """The whole data set is smaller than a batch of samples: what is compared with a batch as large is not known."""
    copies = TRAINED[np.random.default_rng(8).integers(0, 64, SAMPLE_COUNT)]
    finding = RULE.evaluate(make_run(signals_of(copies), real_count=64, data=CARD))
    assert finding.status is Status.DETECTED


def test_data_of_one_kind_are_no_copies(make_run: MakeRun) -> None:
    """Against held-out images of the same kind: as near as they are."""
    assert RULE.evaluate(make_run(healthy() | {"sample_copying": probes(0.55)}, data=CARD)).status is (
        Status.NOT_DETECTED
    )


@pytest.mark.parametrize(("value", "status"), [(0.89, Status.NOT_DETECTED), (0.91, Status.DETECTED)])
def test_the_limit(make_run: MakeRun, value: float, status: Status) -> None:
    assert RULE.evaluate(make_run(healthy() | {"sample_copying": probes(value)}, data=CARD)).status is status


@pytest.mark.parametrize(
    ("held_out", "status"), [(3, Status.NOT_EVALUATED), (6, Status.NOT_DETECTED), (64, Status.DETECTED)]
)
def test_few_held_out_images_prove_little(make_run: MakeRun, held_out: int, status: Status) -> None:
    card = CARD.model_copy(update={"holdout_count": held_out})
    finding = RULE.evaluate(make_run(healthy() | {"sample_copying": probes(0.93)}, data=card))
    assert finding.status is status
    if status is Status.NOT_EVALUATED:
        assert "holdout_data" in str(finding.reason)


def test_copying_that_ended_is_only_noted(make_run: MakeRun) -> None:
    signals = healthy() | {"sample_copying": probes(lambda s: 0.99 if 300 <= s <= 500 else 0.5)}
    finding = RULE.evaluate(make_run(signals, data=CARD))
    assert finding.severity is Severity.INFO
    assert (finding.first_step, finding.last_step) == (300, 500)


def test_without_held_out_images_it_says_what_to_pass(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(healthy(), missing={"sample_copying": "no holdout_data was given"}))
    assert finding.status is Status.NOT_EVALUATED
    assert "no holdout_data was given" in str(finding.reason)


def test_missing_spread_warm_up_and_reals(make_run: MakeRun) -> None:
    sick = signals_of(TRAINED[:SAMPLE_COUNT], onset=0)
    without = {name: series for name, series in sick.items() if name != "sample_latent_std"}
    assert "sample_latent_std" in str(RULE.evaluate(make_run(without, data=CARD)).reason)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in sick.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young, data=CARD)).reason)
    assert "real images" in str(RULE.evaluate(make_run(sick, real_count=0, data=CARD)).reason)


def test_causes_are_ranked_by_what_the_run_shows(make_run: MakeRun) -> None:
    sick = signals_of(TRAINED[:SAMPLE_COUNT])

    def first(signals: dict[str, dict[int, float]], **fields: object) -> str:
        return RULE.evaluate(make_run(sick | signals, **{"data": CARD, **fields})).causes[0].id

    assert first({}, declared={"training_images": 64}) == "too-few-images"
    assert first({}, declared={"training_images": 60_000}) != "too-few-images"
    repeated = {"real_mean": dict.fromkeys(range(1, 1001), 0.13), "real_spread": dict.fromkeys(range(1, 1001), 0.2)}
    assert first(repeated) == "loader-repeats"
    logits = {"d_real_logit": probes(2.0), "d_holdout_logit": probes(0.5), "d_fake_logit": probes(-2.0)}
    assert first(logits) == "discriminator-overfits"
    assert first(logits | {"d_holdout_logit": probes(1.95)}) == "too-few-images"


def test_held_out_images_of_another_kind(make_run: MakeRun) -> None:
    """Then everything looks copied from the beginning."""
    always = healthy() | {"sample_copying": probes(0.99)}
    many = {"training_images": 60_000}
    assert RULE.evaluate(make_run(always, data=CARD, declared=many)).causes[0].id == "holdout-differs"
