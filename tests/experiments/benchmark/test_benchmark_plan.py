"""A plan that is not sound is refused before anything is trained."""

import json

import pytest
from pydantic import ValidationError

from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.plan import load_plan
from support.benchmark_judgements import band, plan_of, planned


def test_a_plan_survives_its_file(tmp_path):
    plan = plan_of(*band(101), planned("a-201"))
    (tmp_path / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    assert load_plan(tmp_path / "plan.json") == plan


def test_the_digest_follows_the_content():
    assert plan_of(planned("a")).digest == plan_of(planned("a")).digest != plan_of(planned("b")).digest


def test_two_runs_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="two runs have the id a"):
        plan_of(planned("a"), planned("a"))


def test_a_seed_in_both_splits_is_refused():
    with pytest.raises(ValidationError, match="the seed 101 occurs in both splits"):
        plan_of(*band(101), planned("a", seed=101))


def test_a_fault_without_healthy_runs_to_compare_with_is_refused():
    with pytest.raises(ValidationError, match="calibration has no healthy run"):
        plan_of(planned("a", "mechanistic", fault="x"))


def test_an_unknown_key_is_refused(tmp_path):
    content = json.loads(plan_of(planned("a")).model_dump_json())
    content["runs"][0]["sed"] = 1
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(GandoctorError, match=r"runs\.0\.sed"):
        load_plan(tmp_path / "plan.json")


@pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), ("{", "is not JSON")])
def test_an_unreadable_plan_is_one_clear_error(tmp_path, content, message):
    if content is not None:
        (tmp_path / "plan.json").write_text(content, encoding="utf-8")
    with pytest.raises(GandoctorError, match=message):
        load_plan(tmp_path / "plan.json")


def test_runs_are_chosen_by_split_and_by_a_part_of_their_name():
    plan = plan_of(*band(101, 102), planned("a-201"), planned("b-201"))
    assert [run.id for run in plan.select(["test"])] == ["a-201", "b-201"]
    assert [run.id for run in plan.select(["calibration", "test"], ["-102", "b-"])] == ["band-102", "b-201"]
