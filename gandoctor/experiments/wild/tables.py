"""The report of the corpus as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gandoctor.experiments.benchmark.record import versions_that_judged
from gandoctor.experiments.benchmark.tables import provenance_of
from gandoctor.experiments.benchmark.tables import table as markdown_table
from gandoctor.experiments.wild.catalogue import HALVES, Case, Catalogue, Half
from gandoctor.experiments.wild.scoring import PLACES, Scored, Totals, false_alarms, totals, totals_by

ABOUT = (
    "Faults of public reports (issue threads, questions), each rebuilt as a small program of its own, and look-alikes: "
    "trainings that worried a person and are well. Every program is run as a stranger would run it, `gandoctor run "
    "PROGRAM.py`, with nothing added to it. What counts as right was written down before it was judged."
)
HOW_TO_READ = (
    f"*First*: what the verdict names, or the likeliest cause beside it, is right. *Among {PLACES}*: a right answer is "
    f"among the first {PLACES} findings above a remark or the likely causes. *Cause first* counts only what names the "
    "cause, not what describes the symptom. *Silent*: nothing above a remark was said. *Wrong*: something was said, "
    f"and nothing right among the first {PLACES}. Each share is followed by its 95 % interval: Wilson's, or from 0 to "
    "the exact bound 1 - 0.05^(1/n) if there are no hits in n."
)
HOW_SPLIT = (
    "Half of the programs are for building: rules are made and mended on them. The other half is judged once. Bugs "
    "that were known before are for building; of the others a hash of the name decides "
    "(`gandoctor.experiments.wild.catalogue.half_of`). The second set was written after that half had been judged, "
    "by an author who saw neither the rules nor what was said, and is judged once, too. Each later set was written "
    "likewise, after the one before had been judged and what it missed had been mended; of the third and all after it, "
    "half and more of the programs are PyTorch."
)
HALF_TITLES: dict[Half, str] = {
    "building": "For building",
    "judged": "Judged once",
    "second": "Judged once, second set",
    "third": "Judged once, third set",
    "fourth": "Judged once, fourth set",
    "fifth": "Judged once, fifth set",
    "sixth": "Judged once, sixth set",
    "seventh": "Judged once, seventh set",
    "eighth": "Judged once, eighth set",
    "ninth": "Judged once, ninth set",
    "tenth": "Judged once, tenth set",
    "eleventh": "Judged once, eleventh set",
    "twelfth": "Judged once, twelfth set",
}


def report(catalogue: Catalogue, by_half: Mapping[Half, Sequence[Scored]], record: list[dict[str, Any]]) -> str:
    """Return the whole report; what was judged once comes first, the newest in front.

    Args:
        catalogue: What was run.
        by_half: The scored programs of each half.
        record: Every judging; see `benchmark.record`.
    """
    lines = ["# Real bugs", "", ABOUT, "", HOW_SPLIT, "", HOW_TO_READ]
    for half in reversed(HALVES):
        if by_half[half]:
            lines += _half(catalogue, half, by_half[half], record)
    return "\n".join(lines) + "\n"


def _half(catalogue: Catalogue, half: Half, scored: Sequence[Scored], record: list[dict[str, Any]]) -> list[str]:
    broken, fine = [one for one in scored if not one.case.is_fine], [one for one in scored if one.case.is_fine]
    lines = ["", f"## {HALF_TITLES[half]}", "", *_provenance(catalogue, half, scored, record)]
    if broken:
        lines += ["", "### Broken programs", "", *_totals(broken), "", *_cases(broken)]
        lines += ["", "### What is wrong with each", "", *_sources(broken)]
    if fine:
        lines += ["", "### Look-alikes", "", *_look_alikes(fine)]
    return lines


def _provenance(catalogue: Catalogue, half: Half, scored: Sequence[Scored], record: list[dict[str, Any]]) -> list[str]:
    lines = [f"{len(scored)} of {len(catalogue.select([half]))} programs were judged."]
    of_half = [one for one in record if one["split"] == half]
    if of_half:
        lines[0] += provenance_of(of_half[-1], "catalogue")
    versions = versions_that_judged(record, half)
    if half != "building" and len(versions) > 1:
        listed = ", ".join(
            f"{one['version']['limits']} ({one['date']}, {one['version']['commit']})" for one in versions
        )
        lines += ["", f"**This part has been judged with {len(versions)} versions of the limits**: {listed}."]
    if len({one.judgement.get("judged_by") for one in scored}) > 1:
        lines += ["", "**These judgements were made by more than one version**: judge again with `--judge-only`."]
    return lines


def _totals(broken: Sequence[Scored]) -> list[str]:
    head = ("", "first", "cause first", f"among {PLACES}", "silent", "wrong", "called healthy", "must not be said")
    groups = [
        totals("**all**", broken),
        *totals_by(broken, lambda case: f"kind: {case.kind}"),
        *totals_by(broken, lambda case: f"data: {case.data}"),
        *totals_by(broken, lambda case: f"game: {case.game}"),
        *totals_by(broken, lambda case: f"style: {case.style}"),
    ]
    return markdown_table(head, map(_row, groups))


def _row(one: Totals) -> tuple[object, ...]:
    return (one.group, one.first, one.cause_first, one.among, one.silent, one.wrong, one.healthy, one.forbidden)


def _cases(broken: Iterable[Scored]) -> list[str]:
    head = ("program", "steps", "verdict", "findings", "likely causes", "right answers", "judged")
    return markdown_table(
        head,
        (
            (
                f"{one.case.kind}/{one.case.name}",
                one.judgement.get("steps", "-"),
                one.verdict or f"not recorded: {_in_a_line(one.judgement.get('error'))}",
                _list(one.findings),
                _list(one.causes),
                _list([*one.case.right, *(f"({symptom})" for symptom in one.case.symptoms)]),
                _mark(one),
            )
            for one in broken
        ),
    )


def _mark(one: Scored) -> str:
    marks = (
        "cause first" if one.is_cause_first else "symptom first" if one.is_first else "",
        f"among {PLACES}" if one.is_among and not one.is_first else "",
        "silent" if one.is_silent and not one.is_among else "",
        "wrong" if one.is_wrong else "",
        "**called healthy**" if one.verdict == "healthy" else "",
        f"must not be said: {', '.join(one.forbidden)}" if one.forbidden else "",
    )
    return ", ".join(mark for mark in marks if mark)


def _sources(broken: Iterable[Scored]) -> list[str]:
    head = ("program", "report", "what the person saw", "what is wrong", "what the program prints of it")
    return markdown_table(
        head,
        ((one.case.name, one.case.source, one.case.saw, _what_is_wrong(one.case), one.case.seen) for one in broken),
    )


def _what_is_wrong(case: Case) -> str:
    awaits = f"(No rule says it yet: {case.awaits}.)" if case.awaits else ""
    return " ".join(part for part in (case.cause, case.note, awaits) if part)


def _look_alikes(fine: Sequence[Scored]) -> list[str]:
    alarms = false_alarms(fine)
    head = ("program", "report", "what worried the person", "why it is well", "verdict", "findings")
    return [
        f"With a critical finding: {alarms.critical}; with any finding above a remark: {alarms.warning}; of which "
        f"nothing was recorded: {alarms.unrecorded}.",
        "",
        *markdown_table(
            head,
            (
                (
                    one.case.name,
                    one.case.source,
                    one.case.saw,
                    f"{one.case.cause} {one.case.seen}",
                    one.verdict or f"not recorded: {_in_a_line(one.judgement.get('error'))}",
                    _list([f"**{rule}**" if rule in one.critical else rule for rule in one.findings]),
                )
                for one in fine
            ),
        ),
    ]


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _in_a_line(text: str | None) -> str:
    """Return the first line of a message, at most 100 characters."""
    first = (text or "unknown").splitlines()[0]
    return first if len(first) <= 100 else f"{first[:99]}…"
