"""The article's four problems: what their pages name exists."""

from __future__ import annotations

import click
import pytest

from gandoctor.errors import GandoctorError
from gandoctor.problems import PROBLEMS, Problem, find_problem
from gandoctor.rules import find_rule
from gandoctor.treatments import TREATMENTS
from support.command_lines import parsed

each_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)


def test_there_are_four_in_order() -> None:
    assert [problem.id for problem in PROBLEMS] == ["problem-1", "problem-2", "problem-3", "problem-4"]
    assert find_problem("Problem-3") is PROBLEMS[2]
    with pytest.raises(GandoctorError, match="problem-1, problem-2, problem-3, problem-4"):
        find_problem("problem-5")


@each_problem
def test_rules_and_treatments_exist(problem: Problem) -> None:
    assert [find_rule(rule).id for rule in problem.rules] == list(problem.rules)
    assert [t for t in problem.treatments if t not in TREATMENTS] == []


@each_problem
def test_commands_would_be_accepted(problem: Problem) -> None:
    assert len(problem.commands) >= 3
    for line, what in problem.commands:
        parsed(line)
        assert what


def test_a_command_that_would_be_refused_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        parsed("gandoctor run --no-such-option")
    with pytest.raises(GandoctorError):
        parsed("gandoctor check --set generator.dropuot=0.3")
    with pytest.raises(GandoctorError):
        parsed("gandoctor run --fault no-such-fault")


@each_problem
def test_every_piece_of_advice_has_its_evidence(problem: Problem) -> None:
    for advice in problem.article:
        assert advice.support in ("strong", "moderate", "weak", "contradicted")
        assert len(advice.because.split()) >= 5
