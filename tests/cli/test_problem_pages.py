"""`gandoctor rules problem-1`: the article's problems as text, JSON and Markdown."""

import json

import pytest

from gandoctor.cli import main
from gandoctor.problems import PROBLEMS
from gandoctor.rules import all_rules
from gandoctor.treatments import TREATMENTS


@pytest.fixture
def rules(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["rules", *arguments])
        out = capsys.readouterr()
        return end.value.code, out.out, out.err

    return call


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
def test_a_page_says_what_is_advised_what_speaks_for_it_and_what_answers_it(rules, problem):
    code, out, err = rules(problem.id)
    assert (code, err) == (0, "")
    assert out.startswith(f"{problem.id} {problem.title}\nR. Atienza")
    for advice in problem.article:
        assert f"  {advice.what}  (evidence: {advice.support})\n    {advice.because}\n" in out
    assert problem.first in out
    assert all(f"  {rule} " in out for rule in problem.rules)
    assert all(str(TREATMENTS[treatment].title) in out for treatment in problem.treatments)
    assert all(f"  {command}\n    {what}\n" in out for command, what in problem.commands)


def test_all_pages_at_once(rules):
    _, out, _ = rules("problems")
    assert out == "\n".join(rules(problem.id)[1] for problem in PROBLEMS)


def test_json(rules):
    everything = json.loads(rules("problems", "--json")[1])
    assert [page["id"] for page in everything] == [problem.id for problem in PROBLEMS]
    assert everything[1] == json.loads(rules("problem-2", "--json")[1])
    assert everything[1]["article"][1]["support"] == "contradicted"


def test_markdown(rules):
    table = rules("--markdown")[1].splitlines()
    assert table[2:] == [f"| {r.id} | {r.name} | {r.title} | {r.severity.value} |" for r in all_rules()]
    page = rules("problem-1", "--markdown")[1]
    assert page.startswith("## problem-1: ")
    assert page.count("```") == 2
    assert rules("problems", "--markdown")[1].count("\n## ") == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["problem-5"], "problem-1, problem-2, problem-3, problem-4"),
        (["problem-1", "--json", "--markdown"], "Use either --json or --markdown"),
        (["GD001", "--markdown"], "not for one rule"),
    ],
)
def test_what_there_is_not_is_one_clear_error(rules, arguments, said):
    code, out, err = rules(*arguments)
    assert (code, out) == (2, "")
    assert said in err
