"""GD115."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from support.update_counts import counted

MakeRun = Callable[..., Run]
RULE = find_rule("GD115")


@pytest.mark.parametrize(("g", "d", "family"), [(5, 1, "wasserstein"), (5, 2, "wasserstein"), (5, 1, "non_saturating")])
def test_a_generator_that_is_updated_too_often_is_found(make_run: MakeRun, g: float, d: float, family: str) -> None:
    finding = RULE.evaluate(counted(make_run, g, d, family))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert finding.evidence[0].statement.values == {"g": g, "d": d}
    assert (finding.evidence[0].first_step, finding.evidence[0].last_step) == (25, 500)


@pytest.mark.parametrize("family", ["non_saturating", "least_squares", "hinge", None])
def test_two_updates_of_the_generator_are_no_fault(make_run: MakeRun, family: str | None) -> None:
    assert RULE.evaluate(counted(make_run, 2, 1, family)).status is Status.NOT_DETECTED
    assert RULE.evaluate(counted(make_run, 1, 2, family)).status is Status.NOT_DETECTED
    assert RULE.evaluate(counted(make_run, 3, 1, family)).severity is Severity.INFO


def test_a_critic_that_is_ahead_is_meant_to_be(make_run: MakeRun) -> None:
    assert RULE.evaluate(counted(make_run, 1, 5, "wasserstein")).status is Status.NOT_DETECTED


def test_a_discriminator_that_stands_still_is_another_rules_matter(make_run: MakeRun) -> None:
    assert RULE.evaluate(counted(make_run, 1, 0)).status is Status.NOT_DETECTED


def test_where_updates_were_not_counted_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, loss_family="non_saturating")).status is Status.NOT_EVALUATED
