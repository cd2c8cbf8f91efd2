"""`gandoctor runs`: the runs of a folder, newest first, each with its verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gandoctor.cli.options import RUN_DIR, language_option, say_in
from gandoctor.message import Say
from gandoctor.printable import printable


@click.command("runs")
@click.argument("folder", type=RUN_DIR, default="runs")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@language_option
def command(folder: Path, as_json: bool, lang: str) -> int:
    """List the runs in FOLDER (default: runs), newest first, with verdict, last step and what is wrong.

    A run directory that cannot be read is listed with the reason. The exit status says nothing of the verdicts.
    """
    try:
        is_there = folder.is_dir()
    except OSError as error:  # a name that no file system takes
        raise click.UsageError(f"{folder}: {error.strerror}.") from None
    if not is_there:
        raise click.UsageError(
            f"{folder} is not a folder. Runs are recorded into `runs` unless --run-dir says otherwise."
        )
    rows = list(_rows(folder, str if as_json else say_in(lang)))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not rows:
        click.echo(printable(f"No run directory in {folder}."), err=True)
    else:
        from rich.console import Console

        from gandoctor.cli.text import print_table

        cells = [(row["run"], row["verdict"], str(row["step"]), row["state"], row["sentence"]) for row in rows]
        print_table(Console(highlight=False), ("run", "verdict", "step", "state", "what is wrong"), cells)
    return 0


def _rows(folder: Path, say: Say) -> Iterator[dict[str, Any]]:
    """Yield what is said of each run directory directly in a folder."""
    from gandoctor.diagnosis import diagnose
    from gandoctor.diagnosis.as_text import VERDICTS
    from gandoctor.errors import GandoctorError

    manifests = [path for path in folder.glob("*/run.json") if path.is_file()]
    for manifest in sorted(manifests, key=lambda path: path.stat().st_mtime, reverse=True):
        row: dict[str, Any] = {"run": manifest.parent.name, "verdict": "", "step": "", "state": "not readable"}
        try:
            diagnosis = diagnose(manifest.parent)
        except GandoctorError as error:
            yield {**row, "sentence": str(error)}
            continue
        yield {
            **row,
            "verdict": say(VERDICTS[diagnosis.verdict]),
            "step": diagnosis.run.last_step,
            "state": diagnosis.run.state,
            "sentence": say(diagnosis.sentence),
        }
