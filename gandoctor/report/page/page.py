"""The page: fills the template with a diagnosis and writes one file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gandoctor import __version__
from gandoctor.diagnosis import Diagnosis
from gandoctor.errors import GandoctorError
from gandoctor.report import plotly_js, text
from gandoctor.report.charts import palette
from gandoctor.report.languages.language import Language, language
from gandoctor.report.languages.pages import page_of
from gandoctor.report.markdown import markdown_lines
from gandoctor.report.page import facts
from gandoctor.report.page.findings import cause_title, observation
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.page.sections import all_sections
from gandoctor.store.atomic import write_whole

_TEMPLATES = Path(__file__).parents[1] / "templates"
_SCRIPTS = ("page", "charts", "tabs", "copying", "sheets", "film", "start")
"""Parts of the page's script, in order: they stand in one function, so each sees what those before it declare."""


def write_report(diagnosis: Diagnosis, output: Path, lang: str = "en") -> Path:
    """Write the page.

    Args:
        diagnosis: What to report.
        output: The HTML file; its folder must exist.
        lang: One of `LANGUAGES`.

    Returns:
        `output`.

    Raises:
        GandoctorError: The file cannot be written, or there is no such language.
    """
    return write_text(render_html(diagnosis, lang), output)


def write_text(content: str, output: Path) -> Path:
    """Write a file; a reader sees the old one or the new one, never half of it. A device or pipe is written into.

    Raises:
        GandoctorError: It cannot be written.
    """
    try:
        if output.is_dir():
            raise GandoctorError(f"{output} is a folder. Give the name of a file to write.")
        if not output.exists() or output.is_file():
            write_whole(output, content)
        elif output.is_char_device() or output.is_fifo():
            _write_into(output, content.encode("utf-8", "replace"))
        else:
            raise GandoctorError(f"{output} is not a file. Give the name of a file to write.")
    except OSError as error:
        raise GandoctorError(f"The report {output} cannot be written: {error.strerror or error}.") from None
    return output


def _write_into(output: Path, content: bytes) -> None:
    handle = os.open(output, os.O_WRONLY | os.O_NONBLOCK)  # a pipe that nobody reads is an error, not a wait
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def render_html(diagnosis: Diagnosis, lang: str = "en", pages: Mapping[str, str] | None = None) -> str:
    """Return the page; the same run gives the same page, byte for byte. That of several games is a summary of them.

    Args:
        diagnosis: What to report.
        lang: One of `LANGUAGES`.
        pages: Name -> address of the page of each game.

    Raises:
        GandoctorError: There is no such language.
    """
    words = language(lang)
    return fill(words, content_of(diagnosis, words, pages))


@dataclass(frozen=True)
class Live:
    """What a live page knows of its server.

    Attributes:
        version: Of the content it shows.
        every_ms: Milliseconds between two questions for news.
        words: JSON of what the page's live script says.
    """

    version: str
    every_ms: int
    words: Markup


def fill(words: Language, content: Mapping[str, Any], *, live: Live | None = None, scripts: bool = True) -> str:
    """Put what `content_of` returned into the template.

    Args:
        words: The page's language.
        content: What the page shows.
        live: The page asks its server for news; None: it asks nobody for anything.
        scripts: Whether to include them; a page that is only taken apart by another one needs none.
    """
    code = [page_script(), *([_asset("live.js")] if live else [])] if scripts else []
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            {name: value for name, value in content.items() if name not in ("shown", "has_charts")},
            t=words,
            sections=[_filled(section, shown, words) for section, shown in content["shown"]],
            tabs=_tabs(content["shown"]),
            live=live,
            policy=_policy([*code, plotly_js.source()] if scripts else [], live is not None),
            style=Markup("".join(_asset(name) for name in ("report.css", "first_screen.css", "print.css"))),
            scripts=[Markup(script) for script in code],
            # The last thing in the page: the filmstrip and the copy buttons answer while the browser still reads it.
            plotly=Markup(plotly_js.packed()) if scripts and content["has_charts"] else None,
            version=__version__,
        )
    )


def standalone(template: str, words: Language, values: Mapping[str, Any], charts: Mapping[str, Any], last: int) -> str:
    """Fill another page's template: it has the report's style, scripts and policy, and needs no network either.

    Args:
        template: Its file.
        words: The page's language.
        values: What it shows.
        charts: Id -> Plotly's JSON of each chart.
        last: The last step in any chart.
    """
    code = page_script()
    data = {"charts": charts, "dark": palette.IN_DARK, "words": words.section("script"), "last_step": last}
    return (
        _environment()
        .get_template(template)
        .render(
            values,
            t=words,
            data=text.script_json({**data, "issue": "", "frames": []}),
            policy=_policy([code, plotly_js.source()], live=False),
            style=Markup("".join(_asset(name) for name in ("report.css", "first_screen.css", "print.css"))),
            script=Markup(code),
            plotly=Markup(plotly_js.packed()) if charts else None,
            version=__version__,
        )
    )


def _filled(section: Section, shown: Shown, words: Language) -> dict[str, Any]:
    html = _environment().get_template(f"sections/{section.id}.html.j2").render(shown.values, t=words)
    return {"id": section.id, "tab": section.tab, "html": Markup(html)}


def _tabs(shown: Sequence[tuple[Section, Shown]]) -> list[str]:
    """Return the tabs that hold a section, in the order of their first ones."""
    return list(dict.fromkeys(section.tab for section, _ in shown if section.tab is not None))


def content_of(diagnosis: Diagnosis, words: Language, pages: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return everything the page shows: its sections, and the data of its charts and its film."""
    source, run = Source(diagnosis, words, pages or {}), diagnosis.run
    sections = [section for section in all_sections() if section.of_games == bool(diagnosis.games)]
    shown = [(section, content) for section in sections if (content := section.show(source)) is not None]
    in_page = {sheet.frame.step for _, content in shown for sheet in content.values.get("sheets", ()) if sheet.moves}
    figures = {chart.id: chart.figure for _, content in shown for chart in content.charts}
    return {
        "data": text.script_json(_page_data(figures, source, in_page)),
        "bar": facts.bar(run, words) if not diagnosis.games else [],
        "name": text.clean(run.path.resolve().name, 80),
        "state": run.state,
        "verdict": diagnosis.verdict,
        "last_step": run.last_step,
        "shown": shown,
        "has_charts": not diagnosis.games,
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clean": text.clean,
        "observation": observation,
        "cause_title": cause_title,
        "number": text.number,
        "linked": text.linked,
        "inline": text.inline,
        "prose": text.prose,
        "page_of": page_of,
    }
    return environment


@cache
def page_script() -> str:
    """Return the script of every page."""
    parts = "\n".join(_asset(f"report_js/{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(scripts: list[str], live: bool) -> str:
    """Content security policy: our scripts run, nothing else does, and nothing is ever fetched (live: news alone)."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    news = "connect-src 'self'; " if live else ""
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; {news}"
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _page_data(figures: Mapping[str, Any], source: Source, in_page: Collection[int]) -> dict[str, Any]:
    # What the first screen shows is in the page itself, there without scripts: the script takes it from there.
    return {
        "charts": figures,
        "dark": palette.IN_DARK,
        "words": source.words.section("script"),
        "last_step": source.run.last_step,
        "issue": "\n".join(markdown_lines(source.diagnosis, source.words)),
        "frames": [
            {
                "step": f.step,
                "source": None if f.step in in_page else f.source,
                "repeats": f.repeats,
                "whole": f.stored != source.strip.frames[-1].stored,
            }
            for f in source.strip.frames
        ],
    }
