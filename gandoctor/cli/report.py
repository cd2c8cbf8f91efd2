"""`gandoctor report`: one HTML file that can be opened offline and sent, or Markdown, JSON, or a live page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from gandoctor.cli.options import LANGUAGE_VARIABLE, RUN_DIR, language_of_environment
from gandoctor.printable import printable
from gandoctor.report.languages import LANGUAGES

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis

REPORT_NAME = "report.html"
DIAGNOSIS_NAME = "diagnosis.json"
NAMES = {"html": REPORT_NAME, "json": DIAGNOSIS_NAME, "md": "report.md"}
STDOUT = Path("-")


@click.command("report")
@click.argument("run_dir", type=RUN_DIR)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="File to write; - prints.  [RUN_DIR/report.html, report.md or diagnosis.json]",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(NAMES)),
    default="html",
    show_default=True,
    help="html: the page; md: the same in Markdown, to paste into an issue; json: the diagnosis for programs.",
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help=f"Language of html and md.  [{LANGUAGE_VARIABLE}, else en]",
)
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--live",
    is_flag=True,
    help="Serve the page and keep it up to date while training runs; it may be started before the run. Only this "
    "machine can reach it, and only read.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of --live.  [a free one]")
def command(
    run_dir: Path, output: Path | None, kind: str, lang: str | None, open_it: bool, live: bool, port: int | None
) -> int:
    """Write the report of the run in RUN_DIR.

    Without --output, the page is written together with RUN_DIR/diagnosis.json.
    """
    _refuse_what_does_not_fit(output, kind, lang, open_it, live, port)
    lang = lang or language_of_environment()
    if live:
        return serve(run_dir, lang, port or 0, open_it)
    from gandoctor.diagnosis import diagnose

    diagnosis = diagnose(run_dir)
    if output == STDOUT:
        click.echo(_content(diagnosis, kind, lang), nl=False)
        return 0
    path = write_all(diagnosis, output, kind, lang)
    click.echo(printable(str(path)))
    if open_it:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0


def write_all(diagnosis: Diagnosis, output: Path | None, kind: str = "html", lang: str = "en") -> Path:
    """Write the report, and with an HTML page that has no `output` also diagnosis.json; return the report's path.

    Of several games the page is a summary. The page of each game lies in its own directory, or beside `output`.

    Args:
        diagnosis: What to report.
        output: The file; None: its usual name in the run directory.
        kind: "html", "json" or "md".
        lang: One of `LANGUAGES`.

    Raises:
        GandoctorError: The place cannot be written.
    """
    from gandoctor.errors import GandoctorError
    from gandoctor.report import write_text

    folder = diagnosis.run.path
    path = output or folder / NAMES[kind]
    pages = {}
    for name, game in diagnosis.games.items() if kind == "html" else ():
        page = write_all(game, output and output.with_name(f"{output.stem}-{name}{output.suffix}"), kind, lang)
        pages[name] = quote(Path(os.path.relpath(page, path.parent)).as_posix())
    try:
        if output is None and kind == "html":
            write_text(_content(diagnosis, "json", lang), folder / DIAGNOSIS_NAME)
        return write_text(_content(diagnosis, kind, lang, pages), path)
    except GandoctorError as error:
        elsewhere = f"`gandoctor report {folder} --output FILE` writes it elsewhere."
        raise GandoctorError(f"{error} {elsewhere}") from None


def serve(run_dir: Path, lang: str, port: int, open_it: bool) -> int:
    """Serve the live page until Ctrl-C."""
    from gandoctor.report.languages.language import language
    from gandoctor.report.page.live import LivePage, LiveServer
    from gandoctor.report.page.waiting import WaitingPage

    words, is_there = language(lang), not _is_to_come(run_dir)
    with LiveServer((LivePage if is_there else WaitingPage)(run_dir, words), port) as server:
        waits = "" if is_there else f" {run_dir} has not begun; the page waits for it."
        click.echo(printable(f"{server.url}   Ctrl-C ends it; the training goes on.{waits}"))
        if open_it:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()
    return 0


def _is_to_come(run_dir: Path) -> bool:
    """Tell whether a run may still be recorded into a directory: there is nothing, or a training's output only."""
    from gandoctor.experiments.job import LOG_NAME

    try:
        return not run_dir.exists() or all(path.name == LOG_NAME for path in run_dir.iterdir())
    except OSError:
        return False


def _content(diagnosis: Diagnosis, kind: str, lang: str, pages: Mapping[str, str] | None = None) -> str:
    from gandoctor.report import render_html, render_markdown

    if kind == "json":
        return diagnosis.to_json() + "\n"
    return render_html(diagnosis, lang, pages) if kind == "html" else render_markdown(diagnosis, lang)


def _refuse_what_does_not_fit(
    output: Path | None, kind: str, lang: str | None, open_it: bool, live: bool, port: int | None
) -> None:
    if live and (output is not None or kind != "html"):
        raise click.UsageError("--live serves the page and writes no file; it takes no --output and no --format.")
    if port is not None and not live:
        raise click.UsageError("--port needs --live.")
    if open_it and (kind != "html" or output == STDOUT):
        raise click.UsageError("--open opens the page; it needs --format html and a file.")
    if lang is not None and kind == "json":
        raise click.UsageError("--lang does not apply to --format json.")
