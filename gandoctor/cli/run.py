"""`gandoctor run`: train in a child process, show it, and always end with a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gandoctor.cli.options import exit_status, factory_options, fail_on_option, given_options, verbose_option

UNRECORDED = 3
INTERRUPTED = 130


@click.command("run")
@click.argument("target", required=False)
@click.argument("arguments", nargs=-1, metavar="[-- ARGS]", type=click.UNPROCESSED)
@click.option("--watch", is_flag=True, help="Show the training live. Without a terminal, print plain lines.")
@factory_options
@click.option("--steps", type=click.IntRange(min=1), help="Number of training steps.")
@click.option("--run-dir", type=click.Path(path_type=Path), help="Directory to record into.  [runs/<time>-<name>]")
@click.option(
    "--stop-on",
    type=click.Choice(["warning", "critical"]),
    help="Stop training at the first finding of this severity.",
)
@verbose_option
@fail_on_option
@click.option("--allow-unrecorded", is_flag=True, help="Exit with 0 where a script ends well and nothing was recorded.")
def command(
    target: str | None,
    arguments: tuple[str, ...],
    watch: bool,
    run_dir: Path | None,
    stop_on: str | None,
    verbose: bool,
    fail_on: str,
    allow_unrecorded: bool,
    **given: Any,
) -> int:
    """Train TARGET with monitors attached and write a report.

    TARGET is one of: the reference model (default); "module:factory", a function that
    returns a gandoctor.experiments.Training; a script or a notebook, which runs unchanged
    with ARGS (a notebook without its magics and shell lines).
    Every GAN that the script trains with keras.Model.fit is recorded; of those that it
    trains in another way, the first. Its output is shown, or kept in training.log while
    --watch uses the terminal.

    Ctrl-C ends training after the current step and still writes the report. A second
    Ctrl-C ends at once.

    Exit status: 0 if nothing at or above --fail-on was detected; 1 if something was, or
    the training crashed; 2 for unusable arguments; 3 if a script ended well and nothing was
    recorded, which leaves no run directory behind; 130 if interrupted. A script that exits
    with another status passes it on.
    """
    import sys
    from datetime import datetime

    from gandoctor.cli.conduct import conduct
    from gandoctor.experiments.job import Job
    from gandoctor.experiments.launch import default_run_dir
    from gandoctor.experiments.target import DEFAULT_TARGET

    target = target or DEFAULT_TARGET
    options = given_options(given)
    job = Job(
        target=target,
        run_dir=str(run_dir or default_run_dir(options, target, datetime.now())),
        options=options,
        arguments=list(arguments),
        command=["gandoctor", *sys.argv[1:]],
    )
    diagnoses, outcome = conduct(job, watch=watch, stop_on=stop_on, verbose=verbose)
    if outcome.ending == "interrupted":
        return INTERRUPTED
    if outcome.exit_status:
        return outcome.exit_status
    if outcome.ending in ("crashed", "killed"):
        return 1
    if not diagnoses:
        if outcome.exit_status != 0:
            return 1
        return 0 if allow_unrecorded else UNRECORDED
    return max(exit_status(diagnosis, fail_on) for diagnosis in diagnoses)
