"""Scores on judgements made up so that every number is known."""

import pytest

from gandoctor.experiments.benchmark.detection import (
    baseline_alarm,
    detection,
    doctor_alarm,
    share_at_equal_false_alarms,
)
from gandoctor.experiments.benchmark.results import results_of
from gandoctor.experiments.benchmark.scoring import cases_of, cause_ranking, confusion, false_alarms, score_rule
from gandoctor.experiments.benchmark.statistics import Share, Wait
from support.benchmark_judgements import COLLAPSED, GOOD, STEPS, band, by_id, finding, judgement, plan_of, planned

FAULT = {"fault": "x", "expected": ("GD403", "GD007")}


def cases(*pairs, plan=None):
    runs = [run for run, _ in pairs]
    whole = plan or plan_of(*band(101), *runs)
    judged = by_id(judgement("band-101"), *(one for _, one in pairs))
    return cases_of(whole, judged, "test"), whole


def test_a_symptom_is_due_only_where_there_is_damage():
    found, plan = cases(
        (planned("a", "mechanistic", **FAULT), judgement("a", finding("GD403"), oracle=COLLAPSED)),
        (planned("b", "mechanistic", **FAULT), judgement("b", finding("GD403", None), oracle=COLLAPSED)),
        (planned("c", "mechanistic", **FAULT), judgement("c", finding("GD403", None), oracle=GOOD)),
    )
    score = score_rule("GD403", found, plan)
    assert (score.found, score.found_any, score.missed) == (Share(1, 2), Share(1, 3), ("b",))


def test_a_contract_is_due_with_and_without_damage():
    found, plan = cases((planned("c", "mechanistic", **FAULT), judgement("c", finding("GD007", None), oracle=GOOD)))
    assert score_rule("GD007", found, plan).found == Share(0, 1)


def test_a_symptom_by_construction_is_due_whatever_the_oracle_says():
    found, plan = cases((planned("s", "synthetic", **FAULT), judgement("s", finding("GD403"), oracle=GOOD)))
    assert score_rule("GD403", found, plan).found == Share(1, 1)


def test_a_remark_is_no_alarm():
    found, plan = cases(
        (planned("a", "mechanistic", **FAULT), judgement("a", finding("GD403", "info"), oracle=COLLAPSED))
    )
    score = score_rule("GD403", found, plan)
    assert (score.found, score.remarked) == (Share(0, 1), Share(1, 1))


def test_what_ended_before_the_onset_is_no_alarm():
    late = planned("a", "mechanistic", onset=300, **FAULT)
    found, plan = cases((late, judgement("a", finding("GD403", last=299), oracle=COLLAPSED)))
    assert score_rule("GD403", found, plan).found == Share(0, 1)


def test_precision_counts_what_was_expected_and_what_fits_the_damage():
    found, plan = cases(
        (planned("a", "mechanistic", **FAULT), judgement("a", finding("GD404"), finding("GD403"), oracle=COLLAPSED)),
        (planned("b", "mechanistic", **FAULT), judgement("b", finding("GD404"), oracle={**GOOD, "kid": 2.0})),
        (planned("h"), judgement("h", finding("GD404"))),
    )
    score = score_rule("GD404", found, plan)
    assert (score.precise, score.plausible) == (Share(0, 3), Share(1, 3))
    assert score.false_alarms == Share(1, 1)
    assert score.found_kind == Share(1, 1)
    assert score_rule("GD403", found, plan).precise == Share(1, 1)


def test_what_is_allowed_in_a_control_is_no_false_alarm():
    found, plan = cases(
        (planned("h", allowed=("GD004",)), judgement("h", finding("GD004"))),
        (planned("i", seed=202), judgement("i", finding("GD004"))),
    )
    assert score_rule("GD004", found, plan).false_alarms == Share(1, 1)
    assert false_alarms("net", found).at_the_end == Share(1, 2)


def test_false_alarms_by_kind_and_rate():
    found, _ = cases(
        (planned("h"), judgement("h", finding("GD101"), finding("GD301", "critical"))),
        (planned("i"), judgement("i", alarms={"GD404": 200})),
        (planned("j"), judgement("j", finding("GD404", "info"))),
    )
    counted = false_alarms("net", found)
    assert (counted.at_the_end, counted.on_the_way) == (Share(1, 3), Share(2, 3))
    assert (counted.facts, counted.symptoms, counted.critical) == (Share(1, 3), Share(1, 3), Share(1, 3))
    assert counted.alarms == {"GD101": 1, "GD301": 1, "GD404": 1}
    assert counted.per_thousand_steps == pytest.approx(1000 * 3 / (3 * STEPS))
    assert counted.damaged == Share(0, 3)


def test_a_family_without_a_band_is_not_called_undamaged():
    found, _ = cases((planned("h", family="other", band="other"), judgement("h", oracle=COLLAPSED)))
    assert false_alarms("other", found).damaged is None


def test_failed_runs_are_not_scored():
    found, _ = cases((planned("h"), {"id": "h", "outcome": "failed", "error": "no memory"}))
    assert found == []


def test_a_crash_is_ill_without_an_oracle():
    found, _ = cases((planned("a", "mechanistic", **FAULT), judgement("a", outcome="crashed", oracle=None)))
    assert found[0].is_ill


def mid_run(name, **changes):
    return planned(name, "mechanistic", onset=300, **FAULT), judgement(name, oracle=COLLAPSED, **changes)


def doctor(found):
    return detection("doctor", found, *doctor_alarm(lambda case, rule: True))


def test_delays_start_at_the_onset_and_misses_wait_to_the_end():
    found, _ = cases(mid_run("a", alarms={"GD403": 350, "GD404": 325}), mid_run("b"))
    assert doctor(found).delays == (Wait(25, True), Wait(300, False))
    assert doctor(found).ill == Share(1, 2)


def test_what_was_up_before_the_onset_has_found_nothing():
    found, _ = cases(mid_run("a", alarms={"GD404": 325}, false_start=["GD404"]))
    assert (doctor(found).ill, doctor(found).before_onset, doctor(found).delays) == (Share(0, 1), 1, ())


def test_baselines_are_scored_like_the_doctor():
    found, _ = cases(
        mid_run("a", baselines={"low": 340}),
        mid_run("b", baselines={"low": 120}),
        (planned("h"), judgement("h", baselines={"low": 5})),
        (planned("u", "mechanistic", **FAULT), judgement("u", baselines={"low": None})),
    )
    low = detection("low", found, *baseline_alarm("low"))
    assert (low.ill, low.undamaged, low.healthy) == (Share(1, 2), Share(0, 1), Share(1, 1))
    assert (low.delays, low.before_onset, low.random) == ((Wait(40, True),), 1, 1.0)


def test_a_baseline_at_equal_false_alarms():
    def scored(name, kind, value, **changes):
        run = planned(name, kind, **({} if kind == "healthy" else FAULT))
        return run, judgement(name, scores={} if value is None else {"low": value}, **changes)

    found, _ = cases(
        *(scored(f"h{i}", "healthy", v) for i, v in enumerate((0.1, 0.2, 0.3))),
        *(
            scored(f"a{i}", "mechanistic", v, oracle=COLLAPSED)
            for i, v in enumerate((0.05, 0.1, 0.15, 0.25, None, "nan"))
        ),
    )
    assert share_at_equal_false_alarms(found, "low", low_is_bad=True, allowed=0) == Share(2, 6)
    assert share_at_equal_false_alarms(found, "low", low_is_bad=True, allowed=1) == Share(4, 6)
    assert share_at_equal_false_alarms(found, "low", low_is_bad=True, allowed=3) == Share(5, 6)
    assert share_at_equal_false_alarms(found, "never recorded", low_is_bad=True, allowed=0) is None


def test_causes_are_ranked_over_faults_that_have_right_ones():
    found, _ = cases(
        (
            planned("a", "mechanistic", causes=("GD007", "degenerate-latents"), **FAULT),
            judgement("a", causes=[{"id": "other", "score": 0.9}, {"id": "degenerate-latents", "score": 0.5}]),
        ),
        (planned("b", "mechanistic", causes=("GD007",), **FAULT), judgement("b")),
        (planned("c", "synthetic", **FAULT), judgement("c", causes=[{"id": "x", "score": 0.9}])),
        (planned("h"), judgement("h", causes=[{"id": "x", "score": 0.9}])),
    )
    assert cause_ranking(found).ranks == (2, None)


def test_confusion_is_by_the_oracles_symptom():
    found, plan = cases(
        (planned("a", "mechanistic", **FAULT), judgement("a", finding("GD402"), finding("GD101"), oracle=COLLAPSED)),
        (planned("b", "mechanistic", **FAULT), judgement("b", finding("GD404"), oracle=COLLAPSED)),
        (planned("c", "mechanistic", **FAULT), judgement("c")),
    )
    rows = {row.symptom: row for row in confusion(found, plan)}
    assert (rows["collapse"].runs, rows["collapse"].named) == (2, Share(1, 2))
    assert rows["collapse"].alarms == {"GD402": 1, "GD404": 1}
    assert (rows["none"].runs, rows["none"].named) == (1, None)


def test_runs_that_no_earlier_version_judged_are_scored_apart():
    runs = [planned("old", judged_before=True), planned("new")]
    plan = plan_of(*band(101), *runs)
    judged = by_id(judgement("band-101"), judgement("old"), judgement("new", finding("GD403")))
    groups = {one.group: one.at_the_end for one in results_of(plan, judged, "test").healthy}
    assert groups["all"] == Share(1, 2)
    assert groups["all that no earlier version judged"] == Share(1, 1)
    names = [one.name for one in results_of(plan, judged, "test").detections]
    assert "gandoctor, any rule, runs that no earlier version judged" in names


def test_where_no_run_was_judged_before_there_is_no_row_apart():
    plan = plan_of(*band(101), planned("new"))
    results = results_of(plan, by_id(judgement("band-101"), judgement("new")), "test")
    assert not any("earlier" in one.group for one in results.healthy)
    assert not any("earlier" in one.name for one in results.detections)
