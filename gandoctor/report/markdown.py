"""The report as Markdown, without pictures, to paste into an issue or a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from gandoctor import __version__
from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.games import worst_first
from gandoctor.diagnosis.headlines import headline_of, when_of
from gandoctor.report.languages.language import Language, language
from gandoctor.report.page import facts, layers
from gandoctor.report.page.findings import cause_title, observation, set_command
from gandoctor.report.text import clean, flat
from gandoctor.rules import MODEL_CARD, Finding, Status

EVIDENCE_MAX = 20
CONFIG_MAX = 60
LAYERS_MAX = 100
CODE_MAX = 8_000

_SPECIAL = re.compile(r"([\\`*{}\[\]|~#]|(?<!\w)_|_(?!\w))")  # d_loss has no emphasis in it
_LIST_MARK = re.compile(r"^(\d*)([-+.)])(?=\s|$)")
_CODE = re.compile(r"(`[^`\n]+`)")


def render_markdown(diagnosis: Diagnosis, lang: str = "en") -> str:
    """Return the report as GitHub-flavoured Markdown; the same run gives the same text.

    Words from the run directory are escaped: they can add no markup, no link, no picture and mention nobody.

    Args:
        diagnosis: What to report.
        lang: One of `LANGUAGES`.

    Raises:
        GandoctorError: There is no such language.
    """
    words = language(lang)
    return "\n".join(markdown_lines(diagnosis, words)).rstrip() + "\n"


def markdown_lines(diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    """Yield the report line by line; of several games a summary, then each with a report of its own, worst first."""
    run, separator = diagnosis.run, words("markdown.separator")
    yield f"## {words(f'verdict.{diagnosis.verdict}')}{separator}{plain(clean(run.path.resolve().name, 80))}"
    yield ""
    yield plain(clean(words.say(diagnosis.sentence), 1_500))
    yield ""
    if diagnosis.games:
        games = worst_first(diagnosis.games)
        for name, game in games:
            yield f"- **{plain(name)}**{separator}{words(f'verdict.{game.verdict}')}"
        for gap in facts.gaps(run, words):
            yield f"- {plain(gap)}"
        for _, game in games:
            yield ""
            yield from markdown_lines(game, words)
        return
    yield from _plan(diagnosis, words)
    yield from _likely(diagnosis, words)
    if (crash := facts.crash(run, words)) is not None:
        yield from (f"**{words('top.crash')}** {plain(crash)}", "")
    for name, value in facts.facts(run, words):
        yield f"- {name}{separator}{plain(value)}"
    yield ""
    yield f"### {words('finding.title')}"
    yield ""
    if not diagnosis.detected:
        yield from (words("markdown.nothing_wrong"), "")
    for finding, after in diagnosis.groups:
        yield from _finding(finding, diagnosis, words)
        for consequence in after:
            yield from _finding(consequence, diagnosis, words)
    yield from _checks(diagnosis, words)
    yield from _model(diagnosis, words)
    yield from _reproduce(diagnosis, words)
    yield f"<sub>{words('markdown.made_by', version=__version__)}</sub>"


def _plan(diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    """Yield the plan of action: of each step why, the change, what tries it, and what should be seen."""
    if diagnosis.plan:
        yield from (f"### {words('plan.title')}", "")
    for number, step in enumerate(diagnosis.plan, start=1):
        evidence = f" ({words(f'strength.{step.evidence}')})" if step.evidence else ""
        yield f"{number}. **{plain(clean(words.say(step.title), 600))}**{evidence}"
        standing = words(f"standing.{step.standing}")
        yield f"   {words('plan.because')} {plain(clean(words.say(step.why), 600))} ({standing})"
        yield ""
        if step.edits:
            yield from code_block(clean("\n".join(step.diff), CODE_MAX), "diff", indent="   ")
        elif step.code:
            yield from code_block(clean(step.code, CODE_MAX), "python", indent="   ")
        if step.command is not None:
            yield from ("", f"   {words('plan.try')}", "")
            yield from code_block(clean(step.command, CODE_MAX), "sh", indent="   ")
        yield from ("", f"   {words('plan.expect')} {plain(clean(words.say(step.expect), 600))}", "")


def _likely(diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    """Yield the likeliest causes."""
    if diagnosis.likely_causes:
        yield from (f"**{words('top.likely_causes')}**", "")
        for i, cause in enumerate(diagnosis.likely_causes, start=1):
            title = plain(cause_title(cause, words))
            explains = f" ({words('top.explains', ids=words.listed(cause.explains))})" if cause.explains else ""
            yield f"{i}. **{title}**{explains}{words('markdown.separator')}{plain(clean(words.say(cause.test), 2_000))}"
        yield ""


def _finding(finding: Finding, diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    rule, root = finding.rule, diagnosis.follows.get(finding.rule.id)
    severity, since = words(f"severity.{finding.severity.value}"), words.say(when_of(finding))
    headline = clean(words.say(headline_of(finding, diagnosis.run)), 600)
    yield f"{'####' if root is None else '#####'} {rule.id} {plain(headline)}"
    yield ""
    follows = "" if root is None else f" · {words('finding.follows', id=root)}"
    yield f"**{severity}** · {since} · `{rule.name}`{follows}"
    yield ""
    yield plain(words.say(rule.title))
    yield ""
    yield f"**{words('finding.why')}**"
    yield ""
    for evidence in finding.evidence[:EVIDENCE_MAX]:
        if evidence.signal != MODEL_CARD:
            evidence = replace(evidence, signal=f"`{_code_safe(evidence.signal)}`")
        seen = observation(evidence, words)
        yield f"- {plain(clean(words.say(evidence.statement)))} ({seen})"
    if (more := len(finding.evidence) - EVIDENCE_MAX) > 0:
        yield f"- {words.count('finding.more_evidence', more)}"
    yield ""
    if finding.open_causes:
        yield from (f"**{words('finding.causes')}**", "", words("finding.hypotheses"), "")
        for i, cause in enumerate(finding.open_causes, start=1):
            title = plain(words.say(cause.title))
            standing = words(f"standing.{cause.standing}")
            yield f"{i}. **{title}** ({standing}) {words('finding.tell')} {plain(clean(words.say(cause.test), 2_000))}"
        yield ""
    if finding.ruled_out:
        titles = words.listed([plain(words.say(cause.title)) for cause in finding.ruled_out])
        yield from (f"{words('finding.ruled_out')}{words('markdown.separator')}{titles}", "")
    yield from (f"**{words('finding.change')}**", "")
    if not finding.treatments:
        yield from (words("finding.no_treatment"), "")
    for i, treatment in enumerate(finding.treatments, start=1):
        title = plain(words.say(treatment.title))
        yield f"{i}. **{title}** ({words(f'strength.{treatment.evidence}')})"
        yield f"   {plain(clean(words.say(treatment.explanation), 2_000))}"
        reference = words.say(treatment.reference)
        yield f"   {words('finding.evidence')} {plain(clean(reference), links=True)}"
        if treatment.code:
            yield ""
            yield from code_block(treatment.code, "python", indent="   ")
        if (command := set_command(treatment)) is not None:
            yield ""
            yield f"   {words('finding.same_setting')}"
            yield ""
            yield from code_block(command, "sh", indent="   ")
        yield ""


def _checks(diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    separator = words("markdown.separator")
    yield from (f"### {words('checks.title')}", "")
    for status in (Status.ERRORED, Status.NOT_EVALUATED, Status.NOT_DETECTED):
        found = [f for f in diagnosis.checks if f.status is status]
        if not found:
            continue
        yield from (f"**{words(f'outcome.{status.value}')}**", "")
        for finding in found:
            title = plain(words.say(finding.rule.title))
            why = f"{separator}{plain(clean(words.say(finding.reason)))}" if finding.reason else ""
            yield f"- {finding.rule.id} {title}{why}"
        yield ""
    if gaps := facts.gaps(diagnosis.run, words):
        yield from (f"**{words('checks.gaps')}**", "", *(f"- {plain(gap)}" for gap in gaps), "")
    if missing := facts.missing(diagnosis.run, words, CONFIG_MAX):
        yield from (f"**{words('checks.missing')}**", "")
        yield from (*(f"- `{_code_safe(name)}`{separator}{plain(why)}" for name, why in missing), "")
    if events := facts.notable_events(diagnosis.run, words):
        yield from (f"**{words('checks.events')}**", "")
        for step, kind, details in events:
            yield f"- {words('finding.at_step', step=step)}{separator}{kind}" + (
                f" – {plain(details)}" if details else ""
            )
        yield ""


def _model(diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    """Yield the model card: the data, and each network with its layers; marks layers that findings name."""
    views = layers.players(diagnosis.run, diagnosis.detected, words)
    data, separator = facts.data_facts(diagnosis.run, words), words("markdown.separator")
    if not views and not data:
        return
    yield from (f"### {words('model.title')}", "")
    if data:
        yield from (*(f"- {name}{separator}{plain(value)}" for name, value in data), "")
    for player in views:
        yield from (f"**{player.title}** ({words('model.parameters', n=player.parameters)})", "")
        told_of_it = [told for told in (player.takes, player.makes, *player.notes) if told]
        yield from (line for told in told_of_it for line in (plain(told), ""))
        for i, layer in enumerate(player.layers[:LAYERS_MAX], start=1):
            options = ", ".join(f"{name} {value}" for name, value in layer.options)
            told = [layer.type, layer.name, layer.given, options, layer.shape]
            flags = "".join(f" **{words('model.named', id=f.rule.id)}**" for f in layer.flags)
            yield f"{i}. {plain(' · '.join(part for part in told if part))}{flags}"
        if (more := player.more + len(player.layers) - LAYERS_MAX) > 0:
            yield plain(words("model.more", n=more))
        yield ""
        if player.optimizer:
            listed = ", ".join(f"{name} {value}" for name, value in player.optimizer)
            yield from (f"{words('model.optimizer')}{separator}{plain(listed)}", "")


def _reproduce(diagnosis: Diagnosis, words: Language) -> Iterator[str]:
    manifest = diagnosis.run.manifest
    yield from (f"### {words('reproduce.title')}", "")
    command = facts.command(diagnosis.run)
    if command is None:
        yield from (words("reproduce.unknown"), "")
    else:
        yield from code_block(clean(command, 4_000), "sh")
        yield ""
    for heading, rows in (("config", manifest.config), ("versions", manifest.versions)):
        if listed := flat(rows, words, CONFIG_MAX):
            yield from (f"**{words(f'reproduce.{heading}')}**", "")
            yield from code_block("\n".join(f"{name}: {value}" for name, value in listed), "")
            yield ""


def plain(text: str, links: bool = False) -> str:
    """Return text that Markdown shows as it stands, on one line; `this` stays code where it is balanced.

    Args:
        text: Anything.
        links: Leave addresses as they are, so that they become links; only for the package's own words.
    """
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else _escape(part, links) for part in parts)


def _escape(text: str, links: bool) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if not links:
        # A word joiner breaks what would become a link or call for somebody; nobody sees it.
        text = text.replace("://", ":\u2060//").replace("www.", "www\u2060.").replace("@", "@\u2060")
        text = _SPECIAL.sub(r"\\\1", text)
    return _LIST_MARK.sub(r"\1\\\2", text)


def _code_safe(text: str) -> str:
    return clean(text, 120).replace("`", "'").replace("\n", " ")


def code_block(content: str, kind: str, indent: str = "") -> list[str]:
    """Return a code block whose fence is longer than any in the content."""
    longest = max((len(ticks) for ticks in re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return [
        f"{indent}{fence}{kind}",
        *(f"{indent}{line}".rstrip() for line in content.splitlines()),
        f"{indent}{fence}",
    ]
