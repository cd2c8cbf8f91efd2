"""GD404, on sets of real digits that lack some."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pytest
from recorded_runs import DIGITS, digits, healthy, probes
from test_blank_samples import blank, showing_from
from test_mode_collapse import few
from test_mode_collapse import showing as collapsed_to

from gandoctor.measures.pool import Pool
from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import LatentCard, Run, load_run

RULE = find_rule("GD404")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]
ALL = tuple(range(10))
REALS = 512
"""Enough for a null of 256 samples."""


@cache
def labels() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        found: np.ndarray = archive["labels"]
    return found


def split(kinds: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where the reals of a run on some kinds of digits are, and where the others of those kinds."""
    found = np.flatnonzero(np.isin(labels(), kinds))
    count = min(REALS, len(found) // 3)
    return found[:count], found[count:]


@cache
def pool(trained_on: tuple[int, ...]) -> Pool:
    return Pool(digits()[split(trained_on)[0]].astype(np.float32) / 255, 256)


@cache
def measured(kinds: tuple[int, ...], draw: int = 0, trained_on: tuple[int, ...] = ALL) -> dict[str, float]:
    """What 256 real digits of some kinds measure against the reals of a run."""
    unseen = split(trained_on)[1]
    chosen = np.random.default_rng(draw).choice(unseen[np.isin(labels()[unseen], kinds)], 256, replace=False)
    # As many as the pool holds: nothing is left in it of the draw before.
    found = pool(trained_on).add(digits()[chosen].astype(np.float32) / 255, slice(None))
    return {k: v for k, v in found.items() if k != "sample_class_kid"}


def showing(kinds: Iterable[int], onset: int = 0, until: int = 1000) -> Signals:
    """A healthy run whose samples are of some kinds only from the onset on."""
    sick, well = tuple(kinds), ALL
    names = measured(well)
    return healthy() | {
        name: probes(lambda s, name=name: measured(sick if onset <= s <= until else well, s // 40)[name])
        for name in names
    }


def of(make_run: MakeRun, signals: Signals, **fields: object) -> Finding:
    return RULE.evaluate(make_run(signals, **{"real_count": REALS, **fields}))


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        (range(9), "The digit 9 is missing from the samples"),
        ((0, 1, 2, 3, 5, 6, 7, 8, 9), "The digit 4 is missing from the samples"),
        (range(7), "The digits 7, 8 and 9 are missing from the samples"),
        ((0, 2, 4, 6, 8), "The digits 1, 3, 5, 7 and 9 are missing from the samples"),
    ],
)
def test_missing_digits_are_named(make_run: MakeRun, kinds: Iterable[int], named: str) -> None:
    finding = of(make_run, showing(kinds, onset=400))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    first = finding.evidence[0]
    assert first.signal == "sample_class_perplexity"
    assert str(first.statement).startswith(f"{named}; ")
    assert first.statement.facts["effective"] == first.observed
    # The average over 200 steps falls below the limit when nearly all of it lies after step 400.
    assert 540 <= first.first_step <= 600
    assert first.last_step == 1000


def test_the_share_of_the_data_is_that_of_the_reals(make_run: MakeRun) -> None:
    facts = of(make_run, showing(range(7))).evidence[0].statement.facts
    real = np.isin(labels()[:REALS], (7, 8, 9)).mean()
    assert facts["share"] == pytest.approx(real, abs=0.02)


def test_missing_regions_without_a_classifier(make_run: MakeRun) -> None:
    signals = {k: v for k, v in showing((5, 6, 7, 8, 9)).items() if "class" not in k}
    signals["sample_missing_share"] = probes(lambda s: 0.02 if s < 400 else 0.3)
    finding = of(make_run, signals)
    assert [e.signal for e in finding.evidence] == ["sample_missing_share"]
    facts = finding.evidence[0].statement.facts
    assert facts["missing"] == pytest.approx(0.3)
    assert facts["share"] == pytest.approx(0.7)
    assert 400 < finding.evidence[0].first_step < 560


def test_without_a_null_the_standard_is_nothing_missing(make_run: MakeRun) -> None:
    signals = healthy() | {"sample_missing_share": probes(0.3)}
    assert of(make_run, signals, real_count=0).status is Status.DETECTED
    signals["sample_missing_share"] = probes(0.1)
    assert of(make_run, signals, real_count=0).status is Status.NOT_DETECTED


def test_healthy_runs(make_run: MakeRun) -> None:
    assert of(make_run, showing(range(10))).status is Status.NOT_DETECTED
    assert of(make_run, showing((8,), until=300)).status is Status.NOT_DETECTED, "young"
    assert of(make_run, showing((0, 1, 2), onset=500, until=600)).status is Status.NOT_DETECTED, "for a moment"


def test_few_of_a_kind_is_not_none(make_run: MakeRun) -> None:
    signals = showing(range(9))
    real = (labels()[:REALS] == 9).mean()
    signals["sample_class_share/9"] = probes(0.25 * real)
    signals["sample_missing_share"] = probes(0.0)
    assert of(make_run, signals).status is Status.NOT_DETECTED


def test_an_unsure_classifier_finds_nothing(make_run: MakeRun) -> None:
    """Blurs are all taken for an 8, with a probability of a tenth: the effective number of digits stays at ten."""
    signals = showing((8,)) | {"sample_class_perplexity": probes(9.9), "sample_missing_share": probes(0.0)}
    assert of(make_run, signals).status is Status.NOT_DETECTED


@pytest.mark.parametrize("kinds", [(0,), tuple(range(7))])
def test_data_without_a_digit_set_their_own_standard(make_run: MakeRun, kinds: tuple[int, ...]) -> None:
    signals = healthy() | {name: probes(value) for name, value in measured(kinds, 0, kinds).items()}
    run = make_run(signals, real_count=0)
    np.savez_compressed(run.path / "samples" / "reals.npz", reals=digits()[split(kinds)[0]])
    assert RULE.evaluate(load_run(run.path)).status is Status.NOT_DETECTED
    assert of(make_run, signals).status is Status.DETECTED, "of all digits it would be"


def test_collapse_and_blanks_and_noise_speak_first(make_run: MakeRun) -> None:
    missing = showing((1,))
    copies = {name: collapsed_to(few(1), onset=0)[name] for name in ("sample_duplicate_pairs", "sample_nn_distance")}
    finding = of(make_run, missing | copies)
    assert finding.severity is Severity.INFO
    assert "copies of each other (GD403)" in str(finding.evidence[0].statement)
    blanks = {name: showing_from(blank(0.0), 0)[name] for name in ("sample_std", "sample_mean")}
    assert of(make_run, missing | blanks).status is Status.NOT_DETECTED
    noise = {
        "sample_autocorrelation": probes(0.3),
        "sample_spectral_flatness": probes(0.5),
        "sample_high_frequency": probes(0.3),
        "sample_noise_sigma": probes(0.0),
    }
    assert of(make_run, missing | noise).status is Status.NOT_DETECTED


def test_noise_that_has_passed_leaves_no_missing_digits_behind(make_run: MakeRun) -> None:
    noise = {
        "sample_autocorrelation": probes(lambda s: 0.3 if s <= 500 else 0.86),
        "sample_spectral_flatness": probes(lambda s: 0.5 if s <= 500 else 0.06),
        "sample_high_frequency": probes(lambda s: 0.3 if s <= 500 else 0.03),
    }
    assert of(make_run, showing((8,), until=500) | noise).status is Status.NOT_DETECTED
    later = of(make_run, showing((1, 7)) | noise)
    assert later.status is Status.DETECTED
    assert later.first_step is not None
    assert later.first_step >= 700


def test_what_came_back_is_only_noted(make_run: MakeRun) -> None:
    finding = of(make_run, showing(range(7), onset=500, until=860))
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].statement.facts["step"] == finding.last_step


def test_what_only_the_classifier_misses_in_noisy_samples_is_a_remark(make_run: MakeRun) -> None:
    noisy = showing([0, 1, 2, 3, 5, 6, 7, 8, 9]) | {"sample_noise_sigma": probes(0.09)}
    finding = of(make_run, noisy)
    assert finding.severity is Severity.INFO
    assert "may mislead the classifier" in str(finding.evidence[0].statement)


def test_missing_signal_and_warm_up(make_run: MakeRun) -> None:
    signals = showing(range(7))
    without = {k: v for k, v in signals.items() if k != "sample_missing_share"}
    assert "sample_missing_share" in str(of(make_run, without).reason)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in signals.items()}
    assert "warm-up" in str(of(make_run, young).reason)
    few_steps = {name: {s: v for s, v in series.items() if s <= 400} for name, series in signals.items()}
    reason = of(make_run, few_steps).reason
    assert reason is not None
    assert reason.facts == {"start": 860, "steps": 560, "step": 400}
    late = {
        name: {s: v for s, v in series.items() if "sample" not in name or s > 800} for name, series in signals.items()
    }
    assert "Needs 4 probes" in str(of(make_run, late).reason), "the pool was filled only then"


def test_causes_follow_what_the_run_shows(make_run: MakeRun) -> None:
    steady = showing(range(7))

    def first(signals: Signals, **fields: object) -> str:
        return of(make_run, signals, **fields).causes[0].id

    assert first(steady) == "discriminator-sees-single-images"
    hopping = dict(steady)
    for digit in range(10):
        # Two digits at a time, others every 160 steps; 7, 8 and 9 never.
        hopping[f"sample_class_share/{digit}"] = probes(lambda s, d=digit: 0.5 if d // 2 == s // 160 % 3 else 0.0)
    assert first(hopping) == "chasing-the-discriminator"
    narrow = LatentCard(shape=(100,), minimum=-0.01, maximum=0.01, mean=0, std=0.006)
    assert first(steady, latent=narrow) == "degenerate-latents"
    repeated = {"real_mean": dict.fromkeys(range(1001), 0.13), "real_spread": dict.fromkeys(range(1001), 0.2)}
    assert first(steady | repeated) == "loader-repeats"
    improving = {k: v for k, v in steady.items() if "class_share" not in k}
    improving["sample_missing_share"] = probes(lambda s: 0.6 if s < 600 else 0.2)
    assert first(improving) == "not-finished"
    assert all("This run: " in str(c.test) for c in of(make_run, steady).causes)


@pytest.mark.parametrize(("distance", "severity"), [(0.1, Severity.WARNING), (0.6, Severity.INFO)])
def test_samples_too_far_from_digits_to_be_sorted(make_run: MakeRun, distance: float, severity: Severity) -> None:
    finding = of(make_run, showing(range(7)) | {"sample_class_kid": probes(distance)})
    assert finding.severity is severity
    assert finding.evidence[0].statement.facts.get("distance") == (0.6 if severity is Severity.INFO else None)
