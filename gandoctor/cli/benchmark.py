"""`gandoctor benchmark`: measure how well the rules find known faults and how often they raise false alarms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gandoctor.experiments.benchmark.plan import PlannedRun
    from gandoctor.experiments.benchmark.run_files import RunFiles

DEFAULT_PLAN = "reference_models.benchmark"
"""Package that holds the plan file."""


@click.command("benchmark")
@click.option(
    "--corpus",
    type=click.Choice(["faults", "wild"]),
    default="faults",
    show_default=True,
    help="What to run: faults of the reference model, or programs with real bugs, one after another.",
)
@click.option(
    "--half",
    "halves",
    type=click.Choice(
        [
            *("building", "judged", "second", "third", "fourth", "fifth", "sixth"),
            *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
        ]
    ),
    multiple=True,
    help='Wild: use only programs of this part. Default: all. All but "building" are judged once.',
)
@click.option(
    "--split",
    "splits",
    type=click.Choice(["calibration", "test"]),
    multiple=True,
    help="Use only runs of this split. Default: both.",
)
@click.option("--only", metavar="TEXT", multiple=True, help="Use only runs with TEXT in their id. Repeatable.")
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True, help="Trainings in parallel.")
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the runs. Finished runs are not repeated.  [runs/benchmark; wild: runs/wild]",
)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Plan file; wild: catalogue. Default: the reference model's.",
)
@click.option(
    "--reports-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Folder for benchmark.md or wild.md, their .json and the judgements.",
)
@click.option("--judge-only", is_flag=True, help="Judge and score finished runs without training.")
@click.option(
    "--with-declared",
    is_flag=True,
    help="Let rules read what the targets declare: pre-training, labels, number of images. Withheld by default.",
)
@click.option("--score-only", is_flag=True, help="Score the stored judgements without training or judging.")
def command(
    corpus: str,
    halves: tuple[str, ...],
    splits: tuple[str, ...],
    only: tuple[str, ...],
    workers: int,
    runs_dir: Path | None,
    plan_file: Path | None,
    reports_dir: Path,
    judge_only: bool,
    with_declared: bool,
    score_only: bool,
) -> int:
    """Train every run of a plan, judge it, and score the judgements against the known faults.

    Judge the test split once per version of the thresholds. The report lists every version
    that has judged it.

    With --corpus wild: run small programs with real bugs of public reports, unchanged, as
    `gandoctor run` does; judge them; and write what was said first, among three, wrongly
    or not at all. Judge the half "judged" once, too.
    """
    if corpus == "wild":
        from gandoctor.cli.wild import benchmark_wild

        if splits or with_declared:
            raise click.UsageError("--split and --with-declared belong to --corpus faults.")
        runs_dir = runs_dir or Path("runs/wild")
        again = not score_only
        return benchmark_wild(halves, only, plan_file, runs_dir, reports_dir, again and not judge_only, again)
    if halves:
        raise click.UsageError("--half belongs to --corpus wild.")
    import shlex
    from importlib.resources import files

    from gandoctor.experiments.benchmark.plan import load_plan
    from gandoctor.experiments.benchmark.publish import SPLITS, keep_judgements, publish

    plan = load_plan(plan_file or Path(str(files(DEFAULT_PLAN) / "plan.json")))
    folder, runs_dir = reports_dir / "benchmark", runs_dir or Path("runs/benchmark")
    if not score_only:
        from gandoctor.experiments.benchmark.conduct import conduct, judge_all

        runs = plan.select([split for split in SPLITS if not splits or split in splits], only)
        if not runs:
            raise click.UsageError("No run of the plan has this text in its id.")
        if not judge_only:
            conduct(plan, runs, runs_dir, workers, _print_progress)
        judged = judge_all(
            plan, runs, runs_dir, workers, lambda done, of: click.echo(f"Judged {done}/{of}"), with_declared
        )
        # The recorded command omits the directories, which belong to this machine and change no number.
        words = [*_repeat("--split", splits), *_repeat("--only", only), *(["--judge-only"] if judge_only else [])]
        words += ["--with-declared"] if with_declared else []
        keep_judgements(plan, judged, folder, shlex.join(["gandoctor", "benchmark", *words, "--workers", str(workers)]))
    for path in publish(plan, folder):
        click.echo(f"Wrote {path}")
    return 0


def _repeat(option: str, values: tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _print_progress(run: PlannedRun, files: RunFiles, done: int, of: int) -> None:
    mark = files.trained or {}
    result = f"{mark.get('seconds', 0):5.0f} s  {mark.get('outcome', '?')}"
    error = f": {mark['error']}" if mark.get("error") else ""
    click.echo(f"{done:4}/{of}  {run.split:11}  {run.id:45} {result}{error}")
