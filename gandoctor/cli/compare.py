"""`gandoctor compare`: runs side by side: what was different, what was found, curves, samples and quality."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gandoctor.cli.options import RUN_DIR
from gandoctor.printable import printable
from gandoctor.report.languages import LANGUAGES

if TYPE_CHECKING:
    from gandoctor.comparison.side_by_side import SideBySide

SHOWN = 12
"""Differences that the terminal shows; the page has all."""


@click.command("compare")
@click.argument("run_dirs", type=RUN_DIR, nargs=-1, required=True, metavar="RUN_DIR RUN_DIR ...")
@click.option("--baseline", type=RUN_DIR, help="The run that the others are compared with.  [the first]")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("compare.html"),
    show_default=True,
    help="The page to write.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the page.")
@click.option("--json", "as_json", is_flag=True, help='Print JSON, schema "gandoctor.comparison/1".')
def command(run_dirs: tuple[Path, ...], baseline: Path | None, output: Path, lang: str, as_json: bool) -> int:
    """Compare runs: what was different, what was found, their curves, samples and quality.

    The first run, or --baseline, is what the others are compared with; a healthy run of
    the same program is the best one. Runs that cannot be read are left out, with the reason.

    Exit status: 0; 2 if the baseline, or fewer than two runs, can be read.
    """
    from gandoctor.comparison.side_by_side import read, side_by_side
    from gandoctor.report.page.compared import comparison_page
    from gandoctor.report.page.page import write_text

    others = [path for path in run_dirs if baseline is None or path.absolute() != baseline.absolute()]
    compared = side_by_side(*read([*([baseline] if baseline is not None else []), *others]))
    path = write_text(comparison_page(compared, lang), output)
    if as_json:
        click.echo(json.dumps(compared.to_plain(), indent=2))
        return 0
    for line in _lines(compared):
        click.echo(printable(line))
    click.echo(printable(f"Curves and samples: {path}"))
    return 0


def _lines(compared: SideBySide) -> Iterator[str]:
    quality, names = compared.quality, compared.names
    for i, (name, one) in enumerate(zip(names, compared.runs, strict=True)):
        role = " (baseline)" if i == 0 else ""
        yield f"{name}{role}: {one.verdict.upper()}, {one.run.last_step} steps. {one.sentence}"
        if quality is not None and quality.values[i] is not None:
            ratio = "" if i == 0 or quality.ratios[i] is None else f", {quality.ratios[i]:.2f} times the baseline's"
            yield f"   {quality.signal} {quality.values[i]:.3g}{ratio}"
    if quality is None:
        yield "Quality: no two runs measured it alike."
    yield "Different:" if compared.differences else "Different: nothing that is recorded of how they were made."
    for difference in compared.differences[:SHOWN]:
        yield f"   {difference.what}: {' | '.join('-' if value is None else value for value in difference.values)}"
    if len(compared.differences) > SHOWN:
        yield f"   and {len(compared.differences) - SHOWN} more, on the page."
    yield "Found:" if compared.found else "Found: nothing in any of them."
    for found in compared.found:
        yield f"   {found.rule.id} {found.rule.name}: {' | '.join(found.states)}"
    yield from (f"Note: {note}" for note in compared.notes)
