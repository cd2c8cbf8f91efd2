"""The table of rules and the pages of the article's problems as Markdown, for the README and the docs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gandoctor.problems import ARTICLE, Problem
from gandoctor.rules import all_rules, find_rule
from gandoctor.treatments import TREATMENTS


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
    yield f"**Look at this first.** {problem.first}"
    if problem.rules:
        yield ""
        yield f"**Rules.** {', '.join(f'{r.id} ({r.name})' for r in map(find_rule, problem.rules))}."
    if problem.treatments:
        yield ""
        yield "**Treatments**, best first:"
        yield ""
        yield from (f"- {t.title} ({t.evidence} evidence)" for t in (TREATMENTS[i] for i in problem.treatments))
    yield ""
    yield "```sh"
    for command, what in problem.commands:
        yield f"# {what}"
        yield command
    yield "```"


ABOUT_PROBLEMS = f"""\
# The article's four problems

{ARTICLE}, ends with four problems of GAN training and what to do about each. This page says how well that advice holds
up, what to look at first, and which rules, treatments and commands of gandoctor answer it. In a terminal:
`gandoctor rules problem-1`.

Evidence is strong, moderate or weak by how well it is shown that the change helps; contradicted means that what is
known speaks against it. "Our runs" are the first round of measurements: one or two seeds each, 500 steps, an eighth of
the article's width."""
"""What stands above the pages in docs/problems.md."""
