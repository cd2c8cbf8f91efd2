"""`gandoctor benchmark`: how well the doctor finds faults whose truth is known, and how often it cries wolf."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gandoctor.experiments.benchmark.plan import PlannedRun
    from gandoctor.experiments.benchmark.run_files import RunFiles


@click.command("benchmark")
@click.option(
    "--split",
    "splits",
    type=click.Choice(["calibration", "test"]),
    multiple=True,
    help="Runs of this split only; both by default.",
)
@click.option("--only", metavar="TEXT", multiple=True, help="Runs with this in their id only; repeatable.")
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Trainings side by side.")
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/benchmark"),
    show_default=True,
    help="Where runs are kept; a finished one is not repeated.",
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another plan than the reference model's.",
)
def command(
    splits: tuple[str, ...],
    only: tuple[str, ...],
    workers: int,
    runs_dir: Path,
    plan_file: Path | None,
) -> int:
    """Train every run of a plan, judge each, and score the judgements against what was done to it."""
    from importlib.resources import files

    from gandoctor.experiments.benchmark.conduct import conduct
    from gandoctor.experiments.benchmark.plan import load_plan

    plan = load_plan(plan_file or Path(str(files("reference_models.benchmark") / "plan.json")))
    runs = plan.wanted(splits or ("calibration", "test"), only)  # type: ignore[arg-type]
    if not runs:
        raise click.UsageError("No run of the plan has that in its id.")
    conduct(plan, runs, runs_dir, workers, _tell)
    return 0


def _tell(run: PlannedRun, files: RunFiles, done: int, of: int) -> None:
    mark = files.trained or {}
    said = f"{mark.get('seconds', 0):5.0f} s  {mark.get('outcome', '?')}"
    error = f": {mark['error']}" if mark.get("error") else ""
    click.echo(f"{done:4}/{of}  {run.split:11}  {run.id:45} {said}{error}")
