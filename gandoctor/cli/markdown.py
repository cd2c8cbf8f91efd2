"""The table of rules and the pages of the article's problems as Markdown, for the README and the docs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill

from gandoctor.problems import ARTICLE, Problem
from gandoctor.rules import all_rules, find_rule
from gandoctor.treatments import TREATMENTS

WIDTH = 99
"""Most characters of a line of prose."""


def rules_table() -> str:
    """Return the table of all failure modes, without a final newline."""
    lines = ["| id | name | failure mode | severity |", "|---|---|---|---|"]
    lines += [f"| {r.id} | {r.name} | {r.title} | {r.severity.value} |" for r in all_rules()]
    return "\n".join(lines)


def problem_pages(problems: Iterable[Problem]) -> str:
    """Return a section for each problem, without a final newline."""
    return "\n\n".join("\n".join(_page(problem)) for problem in problems)


def _page(problem: Problem) -> Iterator[str]:
    yield f"## {problem.id}: {problem.title}"
    yield ""
    yield "| the article advises | evidence | because |"
    yield "|---|---|---|"
    yield from (f"| {advice.what} | {advice.support} | {advice.because} |" for advice in problem.article)
    yield ""
    yield _wrap(f"**Start here.** {problem.first}")
    if problem.rules:
        yield ""
        yield _wrap(f"**Rules.** {', '.join(f'{r.id} ({r.name})' for r in map(find_rule, problem.rules))}.")
    if problem.treatments:
        yield ""
        yield "**Treatments**, best first:"
        yield ""
        for treatment in (TREATMENTS[i] for i in problem.treatments):
            yield _wrap(f"- {treatment.title} ({treatment.evidence} evidence)", indent="  ")
    yield ""
    yield "```sh"
    for command, what in problem.commands:
        yield f"# {what}"
        yield command
    yield "```"


def _wrap(paragraph: str, indent: str = "") -> str:
    return fill(paragraph, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


ABOUT_PROBLEMS = f"""\
# The article's four problems

{ARTICLE},
ends with four problems of GAN training and advice on each. This page says how well that advice
holds up, what to check first, and which rules, treatments and commands of gandoctor help. To read
it in a terminal, run `gandoctor rules problem-1`.

The evidence that a change helps is strong, moderate or weak; contradicted means that the evidence
speaks against it. "Our runs" are our first measurements: one or two seeds each, 500 steps, an
eighth of the article's width."""
"""The head of docs/problems.md."""
