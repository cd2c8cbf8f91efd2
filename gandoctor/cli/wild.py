"""`gandoctor benchmark --corpus wild`: run the programs with real bugs, judge them, and write the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gandoctor.experiments.benchmark.run_files import RunFiles
    from gandoctor.experiments.wild.catalogue import Case

DEFAULT_CATALOGUE = "reference_models.wild"
"""Package that holds the catalogue."""


def benchmark_wild(
    halves: tuple[str, ...],
    only: tuple[str, ...],
    catalogue_file: Path | None,
    runs_dir: Path,
    reports_dir: Path,
    train: bool,
    judge_again: bool,
) -> int:
    """Run, judge and publish; see the command's options.

    Raises:
        click.UsageError: No program is meant.
    """
    import shlex
    from importlib.resources import files

    from gandoctor.experiments.wild.catalogue import HALVES, Catalogue
    from gandoctor.experiments.wild.publish import keep_judgements, publish

    catalogue = Catalogue(catalogue_file or Path(str(files(DEFAULT_CATALOGUE) / "catalogue.toml")))
    folder = reports_dir / "wild"
    if judge_again:
        from gandoctor.experiments.wild.conduct import conduct, files_of
        from gandoctor.experiments.wild.judge import judge

        cases = catalogue.select([half for half in HALVES if not halves or half in halves], only)
        if not cases:
            raise click.UsageError("No program of the catalogue has this text in its name.")
        if train:
            conduct(catalogue, cases, runs_dir, _print_progress)
        trained = [(case, files_of(catalogue, runs_dir, case)) for case in cases]
        judged = [judge(case, run) for case, run in trained if run.trained is not None]
        click.echo(f"Judged {len(judged)} of {len(cases)}")
        words = [word for half in halves for word in ("--half", half)] + [w for text in only for w in ("--only", text)]
        words += [] if train else ["--judge-only"]
        keep_judgements(catalogue, judged, folder, shlex.join(["gandoctor", "benchmark", "--corpus", "wild", *words]))
    for path in publish(catalogue, folder):
        click.echo(f"Wrote {path}")
    return 0


def _print_progress(case: Case, files: RunFiles, done: int, of: int) -> None:
    mark = files.trained or {}
    error = f": {str(mark['error']).splitlines()[0]}" if mark.get("error") else ""
    click.echo(
        f"{done:4}/{of}  {case.half:9} {case.kind + '/' + case.name:45} {mark.get('seconds', 0):5.0f} s  "
        f"{mark.get('outcome', '?')}{error}"
    )
