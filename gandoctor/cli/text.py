"""A diagnosis, a rule page and tables as text: wrapped and coloured on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.games import worst_first
from gandoctor.printable import printable
from gandoctor.problems import ARTICLE, Problem
from gandoctor.rules import MODEL_CARD, Finding, Rule, Status, all_rules, find_rule, limits_of
from gandoctor.treatments import TREATMENTS
from gandoctor.watch.frame import STYLES, VERDICT_STYLES

Line = tuple[int, Text]
"""Indentation in characters and what follows it."""


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Print lines; on a terminal a long one is wrapped under its own indentation."""
    for indent, text in lines:
        if console.is_terminal:
            console.print(Padding(text, (0, 0, 0, indent)))
        else:
            console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[Line]:
    """Yield the verdict, what was detected and why, what to do, and what was not judged and why; game by game."""
    verdict = Text.assemble((diagnosis.verdict.upper(), VERDICT_STYLES[diagnosis.verdict]))
    yield 0, verdict.append("  ").append(printable(diagnosis.sentence), STYLES["strong"])
    yield from ((0, _text(f"Not readable: {gap}", "warning")) for gap in diagnosis.run.gaps)
    yield from ((0, _text(line, "quiet")) for line in _fitted_briefly(diagnosis))
    for name, game in worst_first(diagnosis.games):
        yield 0, Text()
        yield 0, _text(f"Game {name}", "strong")
        yield from ((indent + 2 if line else 0, line) for indent, line in diagnosis_lines(game))
    if diagnosis.games:
        return
    if diagnosis.likely_causes:
        yield 0, Text()
        yield 0, _text("Most likely causes", "strong")
    for i, cause in enumerate(diagnosis.likely_causes, start=1):
        explains = f"  explains {', '.join(cause.explains)}" if cause.explains else ""
        heading = f"{i}. {f'{cause.id} ' if cause.is_fact else ''}{cause.title}"
        yield 2, _text(heading).append(printable(explains), STYLES["quiet"])
        yield 5, _text(cause.test, "quiet")
    if diagnosis.change_first is not None:
        yield 2, _text("Change first: ").append(printable(diagnosis.change_first.title), STYLES["strong"])
    for finding in diagnosis.detected:
        yield 0, Text()
        yield from _finding_lines(finding)
    for title, status in (
        ("Check failed", Status.ERRORED),
        ("Checked, not found", Status.NOT_DETECTED),
        ("Not checked", Status.NOT_EVALUATED),
    ):
        chosen = [f for f in diagnosis.findings if f.status is status]
        if chosen:
            yield 0, Text()
            yield 0, _text(title, "strong")
            yield from ((2, _brief(finding)) for finding in chosen)


def _fitted_briefly(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what a check has done with the fits that came before the GAN's."""
    for event in diagnosis.run.events:
        if event.kind == "fitted_briefly":
            extra = event.model_extra or {}
            names = ", ".join(dict.fromkeys(event.names("models")))
            yield f"No GAN, so fitted for at most {extra.get('batches')} batches and not saved: {names}."


def rule_lines(rule: Rule) -> Iterator[Line]:
    """Yield a rule's documentation page, its thresholds, treatments and references."""
    yield (
        0,
        _text(f"{rule.id} {rule.name}", "strong").append(f"  {rule.severity.value}", STYLES[rule.severity.value]),
    )
    yield 0, _text(rule.title)
    yield 0, Text()
    yield from ((0, _text(line)) for line in rule.page.strip().splitlines())
    yield 0, Text()
    yield 0, _text("Needs", "strong").append(f"  {', '.join(rule.requires)}")
    if rule.loss_families is not None:
        yield 0, _text("Loss families", "strong").append(f"  {', '.join(sorted(rule.loss_families))}")
    yield 0, _text("Thresholds", "strong")
    yield from ((2, _text(f"{name} = {value:g}")) for name, value in _numbers(rule))
    yield 0, _text("Treatments", "strong")
    for treatment in (TREATMENTS[i] for i in rule.treatments):
        yield 2, _text(f"{treatment.title}  (evidence: {treatment.evidence})")
    yield 0, _text("References", "strong")
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
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_one_line(cell), STYLES.get(cell, "")) for cell in row))
    console.print(table)


def print_tables(console: Console, columns: Sequence[str], groups: Mapping[str, Iterable[Sequence[str]]]) -> None:
    """Print rows in titled groups on a terminal; elsewhere as `print_table` prints them, without the titles."""
    if not console.is_terminal:
        print_table(console, columns, [row for rows in groups.values() for row in rows])
        return
    for number, (title, rows) in enumerate(groups.items()):
        if number:
            console.print()
        console.print(_text(title, "strong"))
        print_table(console, columns, rows)


def _finding_lines(finding: Finding) -> Iterator[Line]:
    severity = finding.severity.value
    heading = Text.assemble((f"{severity}  ", STYLES[severity])).append(
        printable(f"{finding.rule.id} {finding.rule.title}"), STYLES["strong"]
    )
    if all(evidence.signal == MODEL_CARD for evidence in finding.evidence):
        heading.append("  in the model card", STYLES["quiet"])
    elif finding.first_step is not None:
        heading.append(f"  steps {finding.first_step} to {finding.last_step}", STYLES["quiet"])
    yield 0, heading
    yield from ((2, _text(evidence.statement)) for evidence in finding.evidence)
    for standing, title in (("confirmed", "Confirmed causes"), ("possible", "Possible causes, most likely first")):
        chosen = [cause for cause in finding.causes if cause.standing == standing]
        if chosen:
            yield 2, _text(title, "quiet")
        yield from ((4, _text(f"{cause.title}: {cause.test}")) for cause in chosen)
    if finding.ruled_out:
        yield 2, _text(f"Ruled out by this run: {'; '.join(str(cause.title) for cause in finding.ruled_out)}", "quiet")
    if finding.treatments:
        yield 2, _text("What to change, best first", "quiet")
    for treatment in finding.treatments:
        settings = " ".join(f"--set {key}={value}" for key, value in treatment.patch.items())
        yield (
            4,
            _text(f"{treatment.title}  (evidence: {treatment.evidence}{f'; {settings}' if settings else ''})"),
        )
    yield 2, _text(f"More: gandoctor rules {finding.rule.id}", "quiet")


def _brief(finding: Finding) -> Text:
    line = _text(f"{finding.rule.id} {finding.rule.title}")
    return line.append(printable(f": {finding.reason}"), STYLES["quiet"]) if finding.reason else line


def _numbers(rule: Rule) -> Iterator[tuple[str, float]]:
    for name, value in limits_of(rule).items():
        if isinstance(value, int | float):
            yield name, float(value)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _text(text: object, style: str = "") -> Text:
    return Text.assemble((printable(text), STYLES[style] if style else ""))
