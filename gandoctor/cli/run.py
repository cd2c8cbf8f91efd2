"""`gandoctor run`: train in a child process, show it, and always end with a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandoctor.cli.options import (
    SnapshotPlace,
    Steps,
    change_option,
    changes_of,
    exit_status,
    factory_options,
    fail_on_option,
    framework_option,
    given_options,
    language_option,
    target_or_reference,
    verbose_option,
)

if TYPE_CHECKING:
    from gandoctor.experiments.job import Job

UNRECORDED = 3
INTERRUPTED = 130
_NOT_FOR_THE_FACTORY = (
    "watch",
    "run_dir",
    "resume",
    "snapshots",
    "from_snapshot",
    "duality_gap",
    "stop_on",
    "verbose",
    "fail_on",
    "lang",
    "allow_unrecorded",
)


@click.command("run")
@click.argument("target", required=False)
@click.argument("arguments", nargs=-1, metavar="[-- ARGS]", type=click.UNPROCESSED)
@click.option("--watch", is_flag=True, help="Show the training live. Without a terminal, print plain lines.")
@framework_option
@factory_options
@change_option
@click.option("--steps", type=click.IntRange(min=1), help="Number of training steps.")
@click.option("--run-dir", type=click.Path(path_type=Path), help="Directory to record into.  [runs/<time>-<name>]")
@click.option("--resume", is_flag=True, help="Go on with the run in --run-dir, at its last step.")
@click.option("--snapshots", type=click.IntRange(min=1), help="Take a snapshot every so many steps, for treat.")
@click.option("--from-snapshot", type=SnapshotPlace(), metavar="RUN_DIR@STEP", help="Begin at a snapshot of a run.")
@click.option("--duality-gap", type=Steps(), default=(), help="Measure the duality gap at these steps, e.g. 500,1000.")
@click.option(
    "--stop-on",
    type=click.Choice(["warning", "critical"]),
    help="Stop training at the first finding of this severity.",
)
@verbose_option
@fail_on_option
@language_option
@click.option("--allow-unrecorded", is_flag=True, help="Exit with 0 where a script ends well and nothing was recorded.")
def command(
    target: str | None,
    arguments: tuple[str, ...],
    watch: bool,
    run_dir: Path | None,
    resume: bool,
    snapshots: int | None,
    from_snapshot: tuple[str, int] | None,
    duality_gap: tuple[int, ...],
    stop_on: str | None,
    verbose: bool,
    fail_on: str,
    lang: str,
    allow_unrecorded: bool,
    changes: tuple[str, ...],
    framework: str | None,
    **given: Any,
) -> int:
    """Train TARGET with monitors attached and write a report.

    TARGET is one of: the reference model (default; --framework torch: the one in PyTorch);
    "module:factory", a function that returns a gandoctor.experiments.Training or
    LoopTraining; a script or a notebook, which runs unchanged with ARGS (a notebook without
    its magics and shell lines).
    Every GAN that the script trains with keras.Model.fit is recorded; of those that it
    trains in another way, the first. Its output is shown, or kept in training.log while
    --watch uses the terminal.

    --resume goes on recording where a run was interrupted. Weights are the training's own
    affair: TARGET has to load its last checkpoint.

    --snapshots N keeps all that a training by fit needs to go on from a step, every N steps,
    in RUN_DIR/snapshots: at most 10, evenly spread. --from-snapshot begins a new run at one,
    with what was recorded before it; settings may differ, networks may not.

    --duality-gap STEPS measures what each player could gain alone in 50 steps on a copy, at
    these steps and at the last one; each time costs about as much as 75 training steps.

    Ctrl-C ends training after the current step and still writes the report. A second
    Ctrl-C ends at once.

    Exit status: 0 if nothing at or above --fail-on was detected; 1 if something was, or
    the training crashed; 2 for unusable arguments; 3 if a script ended well and nothing was
    recorded, which leaves no run directory behind (0 where another process of the same
    training records); 130 if interrupted. A script that exits with another status passes it
    on.
    """
    import sys

    from gandoctor.cli.conduct import conduct
    from gandoctor.experiments.target import REFERENCES

    if resume and run_dir is None:
        raise click.UsageError("--resume needs --run-dir: the run to go on with.")
    words = sys.argv[1:]
    if target is None and framework is None and target_or_reference(None, None) == REFERENCES["torch"]:
        words = [*words[:1], "--framework", "torch", *words[1:]]  # where TensorFlow is installed it is not the default
    target = target_or_reference(target, framework)
    if resume and target in REFERENCES.values():
        raise click.UsageError(
            "The reference model keeps no checkpoints; --resume needs a TARGET that goes on from one."
        )
    if resume and from_snapshot:
        raise click.UsageError("--resume goes on with a run, --from-snapshot begins another. Leave one out.")
    given |= {"snapshots": snapshots, "from_snapshot": from_snapshot, "duality_gap": duality_gap}
    job = _job(target, arguments, changes, given, run_dir, words, resume)
    diagnoses, outcome = conduct(job, watch=watch, stop_on=stop_on, verbose=verbose, lang=lang)
    if outcome.ending == "interrupted":
        return INTERRUPTED
    if outcome.exit_status:
        return outcome.exit_status
    if outcome.ending in ("crashed", "killed"):
        return 1
    if not diagnoses:
        if outcome.exit_status != 0:
            return 1
        return 0 if allow_unrecorded or outcome.stands_by else UNRECORDED
    return max(exit_status(diagnosis, fail_on) for diagnosis in diagnoses)


def job_of(words: Sequence[str], run_dir: Path) -> Job:
    """Return the training of a command line.

    Args:
        words: What follows `gandoctor run`.
        run_dir: Directory to record into, whatever the command says of it.

    Raises:
        click.UsageError, UnusableTarget: The command cannot be used.
    """
    given = command.make_context("run", list(words)).params
    target = target_or_reference(given.pop("target"), given.pop("framework"))
    return _job(target, given.pop("arguments"), given.pop("changes"), given, run_dir, ["run", *words])


def _job(
    target: str,
    arguments: Sequence[str],
    changes: Sequence[str],
    given: Mapping[str, Any],
    run_dir: Path | None,
    words: Sequence[str],
    resume: bool = False,
) -> Job:
    from datetime import datetime

    from gandoctor.experiments.job import Job
    from gandoctor.experiments.launch import default_run_dir

    options = given_options({name: value for name, value in given.items() if name not in _NOT_FOR_THE_FACTORY})
    return Job(
        target=target,
        run_dir=str(run_dir or default_run_dir(options, target, datetime.now())),
        options=options,
        arguments=list(arguments),
        command=["gandoctor", *words],
        changes=changes_of(changes),
        snapshots=given["snapshots"],
        from_snapshot=given["from_snapshot"],
        duality_gap_at=given["duality_gap"],
        resume=resume,
    )
