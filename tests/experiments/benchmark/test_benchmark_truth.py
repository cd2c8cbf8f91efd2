"""The oracle's numbers decide about damage, never the injected change."""

import pytest

from gandoctor.experiments.benchmark.truth import limits_of_bands, truth_of
from support.benchmark_judgements import COLLAPSED, GOOD, band, by_id, judgement, plan_of, planned

FAULT = planned("fault-201", "mechanistic", fault="x", expected=("GD403",))
PLAN = plan_of(*band(101, 102), planned("net-201"), FAULT)
BAND = by_id(
    judgement("band-101", oracle={**GOOD, "kid": 0.2, "distinct": 0.9}),
    judgement("band-102", oracle={**GOOD, "kid": 0.1}),
    judgement("net-201", oracle={**GOOD, "kid": 9.0}),
)


def truth(oracle):
    return truth_of(PLAN, FAULT, {"oracle": oracle}, limits_of_bands(PLAN, BAND))


def test_limits_are_the_worst_healthy_calibration_run_and_the_margin():
    limits = limits_of_bands(PLAN, BAND)
    assert limits == {
        "net": {"finite": 0.5, "kid": pytest.approx(0.3), "distinct": pytest.approx(0.72), "noise": pytest.approx(0.02)}
    }


def test_an_injected_change_that_does_no_harm_is_no_damage():
    assert truth({**GOOD, "kid": 0.29}).damaged is False


def test_any_number_beyond_its_margin_is_damage():
    found = truth({**GOOD, "kid": 0.31})
    assert (found.damaged, found.outside, found.symptom) == (True, ("kid",), "poor")


def test_the_first_symptom_with_a_sign_is_named():
    assert truth(COLLAPSED).symptom == "collapse"
    assert truth({**GOOD, "kid": 1.0, "noise": 0.1}).symptom == "noise"
    assert truth({**GOOD, "noise": 0.1}).symptom is None


def test_images_that_are_not_finite_are_damage():
    assert truth({"finite": 0.0}).outside == ("finite",)
    assert truth({**GOOD, "kid": float("nan")}).outside == ("kid",)


@pytest.mark.parametrize("oracle", [None, {"error": "it broke"}])
def test_without_the_oracle_nothing_is_known(oracle):
    assert truth(oracle).damaged is None


def test_without_a_band_nothing_is_known():
    assert truth_of(PLAN, FAULT, {"oracle": COLLAPSED}, {}).damaged is None
