"""What every rule must have."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

import pytest

from gandoctor.errors import GandoctorError
from gandoctor.rules import Rule, Status, all_rules, find_rule, limits_of, warm_up_end
from gandoctor.signals import SIGNALS
from gandoctor.store import Manifest, Run
from gandoctor.treatments import TREATMENTS
from support.recorded_runs import make_run

PARTS = ("What it is", "Why it hurts", "How it is recognised", "What it is not", "What to do")
each_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


def test_ids_and_names_are_unique_and_sorted() -> None:
    ids = [rule.id for rule in all_rules()]
    assert ids == sorted(set(ids))
    assert len({rule.name for rule in all_rules()}) == len(ids)
    assert {"GD001", "GD004", "GD301", "GD401", "GD402", "GD403"} <= set(ids)


@each_rule
def test_page_has_every_part_in_order(rule: Rule) -> None:
    assert rule.page.startswith(f"{rule.id}: ")
    positions = [rule.page.index(f"\n{part}\n") for part in PARTS]
    assert positions == sorted(positions)
    assert all(len(section.split()) > 15 for section in re.split("|".join(f"\n{p}\n" for p in PARTS), rule.page)[1:])


@each_rule
def test_names_are_in_their_form(rule: Rule) -> None:
    assert re.fullmatch(r"GD\d{3}", rule.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert sys.modules[rule.detect.__module__].__name__ == f"gandoctor.rules.{rule.kind}.{rule.name.replace('-', '_')}"


@each_rule
def test_what_it_names_exists(rule: Rule) -> None:
    assert set(rule.requires) <= set(SIGNALS)
    assert rule.treatments
    assert [t for t in rule.treatments if t not in TREATMENTS] == []
    assert len(set(rule.treatments)) == len(rule.treatments)
    assert rule.references


@each_rule
def test_limits_are_frozen_documented_numbers(rule: Rule) -> None:
    limits = limits_of(rule)
    assert limits
    assert all(isinstance(value, int | float) for value in limits.values())
    assert all(f"{name}:" in (type(rule.limits).__doc__ or "") for name in limits)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(rule.limits, next(iter(limits)), 1.0)


@each_rule
def test_there_is_a_test_file(rule: Rule) -> None:
    assert (Path(__file__).parent / rule.kind / f"test_{rule.name.replace('-', '_')}.py").exists()


@each_rule
def test_an_empty_run_is_never_judged(rule: Rule) -> None:
    finding = rule.evaluate(make_run({}, real_count=0))
    assert finding.status is Status.NOT_EVALUATED
    assert finding.reason


def test_find_rule_by_id_and_name_and_names_the_nearest() -> None:
    assert find_rule("gd403").name == "mode-collapse"
    assert find_rule("mode-collapse").id == "GD403"
    with pytest.raises(GandoctorError, match="mode-collapse"):
        find_rule("mode-colapse")


@pytest.mark.parametrize(("planned", "end"), [(None, 500), (600, 300), (400, 200), (10_000, 500), (3, 2), (1, 1)])
def test_warm_up_end(planned: int | None, end: int) -> None:
    assert warm_up_end(going_on(planned)) == end


def going_on(planned: int | None) -> Run:
    """A run that is going on, at step 300."""
    return Run.from_signals({"d_loss": dict.fromkeys(range(1, 302), 0.5)}, Manifest(planned_steps=planned)).until(300)


def test_a_complete_run_of_unknown_length_is_as_long_as_it_was() -> None:
    complete = Run.from_signals({"d_loss": dict.fromkeys(range(1, 301), 0.5)}, Manifest())
    assert (warm_up_end(complete), warm_up_end(going_on(None))) == (150, 500)
