"""A diagnosis, a rule page and tables as text: wrapped and coloured on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from gandoctor.cli.options import say_in
from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.as_text import SEVERITIES, evidence_of, report_lines, summary_lines
from gandoctor.message import Message, Say
from gandoctor.printable import printable, short_exponent
from gandoctor.problems import ARTICLE, Problem
from gandoctor.report.languages.pages import page_of
from gandoctor.rules import Rule, all_rules, find_rule, limits_of
from gandoctor.treatments import TREATMENTS
from gandoctor.watch.canvas import STYLES, VERDICT_STYLES, wrapped_text
from gandoctor.wrapping import cells

_LAST_COLUMN = 36
"""Cells that the last column of a list needs beside the others."""
Line = tuple[int, Text]
"""Indentation in characters and what follows it."""
_STYLES: dict[str, str | Style] = {"": "", **STYLES, **VERDICT_STYLES}


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Print lines; on a terminal a long one is wrapped under its own indentation."""
    for indent, text in lines:
        if console.is_terminal:
            for line in wrapped_text(text, console.width - indent):
                console.print(Text(" " * indent).append_text(line), no_wrap=True, crop=False, overflow="ignore")
        else:
            console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)


def diagnosis_lines(diagnosis: Diagnosis, verbose: bool = False, say: Say = str, more: str = "-v") -> Iterator[Line]:
    """Yield the verdict and the first step of the plan in at most eleven rows; the whole report before it on request.

    Args:
        diagnosis: What is told.
        verbose: Whether to tell everything first.
        say: The language.
        more: The option that would do so.
    """
    if verbose:
        yield from (_coloured(line) for line in report_lines(diagnosis, say))
        yield 0, Text()
    yield from (_coloured(line) for line in summary_lines(diagnosis, "" if verbose else more, say))


def _coloured(line: tuple[int, tuple[tuple[str, str], ...]]) -> Line:
    indent, spans = line
    return indent, Text.assemble(*((text, _STYLES[style]) for text, style in spans))


def rule_lines(rule: Rule, lang: str = "en") -> Iterator[Line]:
    """Yield a rule's documentation page, its thresholds, treatments and references in a language."""
    say = say_in(lang)
    severity = printable(say(SEVERITIES[rule.severity]))
    yield 0, _text(f"{rule.id} {rule.name}", "strong").append(f"  {severity}", STYLES[rule.severity.value])
    yield 0, _text(say(rule.title))
    yield 0, Text()
    for line in page_of(rule, lang).strip().splitlines():
        text = line.lstrip()
        yield len(line) - len(text), _text(text)
    yield 0, Text()
    yield 0, _text(say(Message("Needs")), "strong").append(f"  {', '.join(rule.requires)}")
    if rule.loss_families is not None:
        families = ", ".join(sorted(rule.loss_families))
        yield 0, _text(say(Message("Loss families")), "strong").append(f"  {families}")
    yield 0, _text(say(Message("Thresholds")), "strong")
    yield from ((2, _text(f"{name} = {short_exponent(f'{value:g}')}")) for name, value in _numbers(rule))
    yield 0, _text(say(Message("Treatments")), "strong")
    for treatment in (TREATMENTS[i] for i in rule.treatments):
        yield 2, _text(f"{say(treatment.title)}  ({say(evidence_of(treatment.evidence))})")
    yield 0, _text(say(Message("References")), "strong")
    yield from ((2, _text(reference)) for reference in rule.references)


def fault_lines(fault: Any) -> Iterator[Line]:
    """Yield what a fault of the reference model does, what should detect it, and how to switch it on."""
    yield 0, _text(f"{fault.name}: {fault.title}", "strong")
    yield 0, _text(fault.description)
    yield 0, Text()
    if fault.expected:
        yield 0, _text("Rules that should detect it, the main one first", "strong")
        known = {rule.id: rule for rule in all_rules()}
        yield from ((2, _text(f"{i} {known[i].title if i in known else ''}".rstrip())) for i in fault.expected)
    else:
        yield 0, _text("No rule should detect anything.", "strong")
    begins = "start" if fault.only_from_the_start else "any step"
    yield 0, _text("Begins at", "strong").append(f"  {begins}")
    if fault.only_from_the_start:
        yield 2, _text(f"Not later, because {fault.only_from_the_start}.")
    yield 0, _text("Switch it on", "strong")
    at = "" if fault.only_from_the_start else "@400"
    yield 2, _text(f"gandoctor run --watch --fault {fault.name}{at}")


def problem_lines(problem: Problem) -> Iterator[Line]:
    """Yield the page of one of the article's problems: its advice and how well that holds up, and what answers it."""
    yield 0, _text(f"{problem.id} {problem.title}", "strong")
    yield 0, _text(ARTICLE, "quiet")
    yield 0, Text()
    yield 0, _text("What the article advises, and what speaks for it", "strong")
    for advice in problem.article:
        yield 2, _text(f"{advice.what}  (evidence: {advice.support})")
        yield 4, _text(advice.because)
    yield 0, _text("Start here", "strong")
    yield 2, _text(problem.first)
    if problem.rules:
        yield 0, _text("Rules", "strong")
    yield from ((2, _text(f"{rule.id} {rule.title}")) for rule in map(find_rule, problem.rules))
    if problem.treatments:
        yield 0, _text("Treatments", "strong")
    for treatment in (TREATMENTS[i] for i in problem.treatments):
        yield 2, _text(f"{treatment.title}  (evidence: {treatment.evidence})")
    yield 0, _text("Commands", "strong")
    for command, what in problem.commands:
        yield 2, _text(command)
        yield 4, _text(what, "quiet")


def print_table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal; elsewhere one row a line, its cells separated by tabs."""
    if not console.is_terminal:
        for row in rows:
            # Written past rich, which would turn the tabs into spaces.
            console.file.write("\t".join(_one_line(cell) for cell in row) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(_one_line(cell), STYLES.get(cell, "")) for cell in row))
    console.print(table)


def print_tables(console: Console, columns: Sequence[str], groups: Mapping[str, Iterable[Sequence[str]]]) -> None:
    """Print rows in titled groups on a terminal; elsewhere as `print_table` prints them, without the titles.

    What is typed into a command is never broken: where the last column has little room, it stands below the others.
    """
    kept = {title: [[_one_line(cell) for cell in row] for row in rows] for title, rows in groups.items()}
    if not console.is_terminal:
        print_table(console, columns, [row for rows in kept.values() for row in rows])
        return
    every = [row for rows in kept.values() for row in rows]
    widths = [2 + max(cells(cell) for cell in column) for column in list(zip(*every, strict=True))[:-1]]
    widths = [max(width, 2 + cells(column)) for width, column in zip(widths, columns, strict=False)]
    is_below = console.width - sum(widths) < _LAST_COLUMN
    heads = "".join(column.ljust(width) for column, width in zip(columns, widths, strict=False))
    print_lines(console, [(0, Text((heads if is_below else heads + columns[-1]).rstrip(), STYLES["quiet"]))])
    for title, rows in kept.items():
        lines: list[Line] = [(0, Text()), (0, _text(title, "strong"))]
        for *first, last in rows:
            head = Text()
            for cell, width in zip(first, widths, strict=True):
                head.append(cell, STYLES.get(cell, "")).append(" " * (width - cells(cell)))
            if is_below:
                head.rstrip()
                lines += [(0, head), (4, Text(last, STYLES["quiet"]))]
            else:
                below = wrapped_text(Text(last), console.width - sum(widths))
                lines += [(0, head.append_text(below[0])), *((sum(widths), line) for line in below[1:])]
        print_lines(console, lines)


def _numbers(rule: Rule) -> Iterator[tuple[str, float]]:
    for name, value in limits_of(rule).items():
        if isinstance(value, int | float):
            yield name, float(value)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _text(text: object, style: str = "") -> Text:
    return Text.assemble((printable(text), STYLES[style] if style else ""))
