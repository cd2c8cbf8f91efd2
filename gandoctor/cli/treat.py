"""`gandoctor treat`: try the plan of a run, one change at a time, and say what each did."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandoctor.cli.options import RUN_DIR, Steps, duality_gap_option
from gandoctor.printable import printable

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis
    from gandoctor.diagnosis.plan import Step
    from gandoctor.experiments.job import Job
    from gandoctor.experiments.treat.trial import Trial

INTERRUPTED = 130


@dataclass(frozen=True)
class Asked:
    """How changes are to be tried.

    Attributes:
        looks: Steps at which a change may be given up.
        duality_gap: Whether the duality gap is measured there.
        from_start: Whether no snapshot is gone on from.
    """

    looks: tuple[int, ...]
    duality_gap: bool
    from_start: bool

    def with_gap(self, job: Job) -> Job:
        """Return a training that measures the duality gap at the looks, where that is wanted."""
        if not self.duality_gap:
            return job
        return job.model_copy(update={"duality_gap_at": tuple(sorted({*job.duality_gap_at, *self.looks}))})


@click.command("treat")
@click.argument("run_dir", type=RUN_DIR)
@click.option(
    "--first", type=click.IntRange(min=1), default=3, show_default=True, help="Try at most so many steps of the plan."
)
@click.option(
    "--look-at",
    type=Steps(),
    default=(500, 1000),
    help="Steps at which a change that has made it clearly worse is given up.  [500,1000]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Try each change with so many seeds, that of the run first; the run is repeated with the others.",
)
@duality_gap_option
@click.option(
    "--edited",
    metavar="TARGET",
    help="Try no step of the plan but this: the script or function, as you have edited it.",
)
@click.option("--from-start", is_flag=True, help="Begin at step 0 even where RUN_DIR has snapshots.")
@click.option("--all", "everything", is_flag=True, help="Go on after a change that has cured the run.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder for the trainings.  [RUN_DIR-treated]")
@click.option("--dry-run", is_flag=True, help="Print what would be trained, and about how long it takes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    run_dir: Path,
    first: int,
    look_at: tuple[int, ...],
    seeds: int,
    duality_gap: bool,
    edited: str | None,
    from_start: bool,
    everything: bool,
    into: Path | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Prove the plan of RUN_DIR: train again with each of its changes, and compare.

    Each step of the plan is tried by itself, by the very command that the plan prints, from
    the seed of the run. What a script can be given while it runs, such as learning rates,
    dropout and batch-norm momentum, is set there. Any other change of its code is made by
    hand; --edited then proves it. It ends with the first change that cures. One training is
    one draw: --seeds repeats it with others.

    Where RUN_DIR was recorded with `run --snapshots N` and went wrong on its way, each change
    begins at the last snapshot before that, with weights, optimizers, random states and the
    place in the data as they were. A change of the networks is trained from the start.

    Writes treatment.json and treatment.html. A training that has been finished before is not
    repeated. Exit status: 0 if a change cured the run or there is nothing to cure; 1 if none
    did; 2 for unusable arguments; 130 if interrupted. With several seeds a change has cured
    only if it has with each.
    """
    from gandoctor.diagnosis import diagnose
    from gandoctor.experiments.treat.edited import edited_step, free_folder
    from gandoctor.experiments.treat.onset import last_good_snapshot

    # Networks that were edited may not fit what a snapshot holds.
    asked = Asked(look_at, duality_gap, from_start or edited is not None)
    before = diagnose(run_dir)
    if seeds > 1:
        _refuse_without_seed(before)
    folder = into or run_dir.with_name(f"{run_dir.name}-treated")
    plan = before.plan[:first] if edited is None else (edited_step(before, edited),)
    if before.verdict in ("healthy", "inconclusive") or not plan:
        click.echo(printable(f"Nothing to treat: {before.sentence}"))
        return 0
    if dry_run:
        for step in plan:
            click.echo(printable(f"{step.title}\n   {_why_not(before, step) or step.command}"))
            if not asked.from_start and (snapshot := last_good_snapshot(before, step)):
                click.echo(f"   from the snapshot of step {snapshot}")
        runs = f"{len(plan) * seeds + seeds - 1} trainings at most, about" if seeds > 1 else "About"
        click.echo(f"{runs} {_seconds(before):.0f} s each, as long as the run itself took.")
        return 0
    trials: list[Trial] = []
    try:
        for number, step in enumerate(plan, start=1):
            name = f"{number}-{step.treatment}" if edited is None else free_folder(folder)
            trials.append(_try_seeds(before, step, folder, name, asked, seeds))
            if not as_json:
                for line in _lines(number, trials[-1]):
                    click.echo(printable(line))
            if trials[-1].outcome == "cured" and not everything:
                break
    except KeyboardInterrupt:
        _write(before, trials, folder)
        return INTERRUPTED
    written = _write(before, trials, folder)
    if as_json:
        click.echo(json.dumps(_plain(before, trials), indent=2))
    elif written is not None:
        click.echo(printable(f"Before and after: {written}"))
    return 0 if any(trial.outcome == "cured" for trial in trials) else 1


def _refuse_without_seed(before: Diagnosis) -> None:
    from gandoctor.experiments.target import is_script

    manifest = before.run.manifest
    if manifest.seed is None or manifest.target is None or is_script(manifest.target):
        raise click.UsageError("--seeds needs a run of a function that takes --seed; a script sets its own.")


def _try_seeds(before: Diagnosis, step: Step, folder: Path, name: str, asked: Asked, seeds: int) -> Trial:
    """Try a step with the run's seed, then with those that follow it."""
    from dataclasses import replace

    trial = _try(before, step, folder / name, asked)
    first = before.run.manifest.seed
    if seeds == 1 or first is None or trial.comparison.outcome == "not applied":
        return trial
    others = [
        _try(_repeated(before, seed, folder, asked), step, folder / f"{name}-seed-{seed}", asked, seed)
        for seed in range(first + 1, first + seeds)
    ]
    return replace(trial, seed=first, others=tuple(others))


def _repeated(before: Diagnosis, seed: int, folder: Path, asked: Asked) -> Diagnosis:
    """Train the run as it was with another seed, unless that has been done."""
    from gandoctor.cli.run import job_of
    from gandoctor.comparison.study import BASE
    from gandoctor.diagnosis import diagnose
    from gandoctor.diagnosis.commands import own_command
    from gandoctor.experiments.study.conduct import Task, perform
    from gandoctor.experiments.treat.trial import with_seed

    run_dir = folder / "as-it-was" / f"seed-{seed}"
    words = [word for word in own_command(before.run)[2:] if word != "--watch"]
    job = asked.with_gap(job_of(with_seed(words, seed), run_dir))
    perform(Task(BASE, seed, job, run_dir.parent, run_dir.parent, (seed,)))
    return diagnose(run_dir)


def _try(before: Diagnosis, step: Step, run_dir: Path, asked: Asked, seed: int | None = None) -> Trial:
    from gandoctor.cli.run import job_of
    from gandoctor.experiments.treat.onset import last_good_snapshot
    from gandoctor.experiments.treat.trial import finished, from_snapshot, not_applied, tried, with_seed

    why_not = _why_not(before, step)
    if why_not is not None or step.command is None:
        return not_applied(step, why_not or "no command is known that tries it")
    words = [word for word in shlex.split(step.command)[2:] if word != "--watch"]
    words = words if seed is None else with_seed(words, seed)
    snapshot = None if asked.from_start else last_good_snapshot(before, step)
    job = job_of(words if snapshot is None else from_snapshot(words, before.run.path, snapshot), run_dir)
    job = asked.with_gap(job)
    known = finished(step, job, before)
    if known is not None:
        return known
    last, is_shown = before.run.last_step, sys.stderr.isatty()

    def report(now: int) -> None:
        if is_shown:
            print(f"\r{step.treatment}: step {now} of {last} ", end="", file=sys.stderr, flush=True)

    try:
        return tried(step, job, before, asked.looks, report=report)
    finally:
        if is_shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _why_not(before: Diagnosis, step: Step) -> str | None:
    """Return why a step is not tried; None where it is."""
    from gandoctor.diagnosis.commands import own_command
    from gandoctor.experiments.treat.edited import EDITED

    if step.treatment == EDITED:
        return None
    if step.command is None:
        return "no command is known that tries it: make the change by hand and run it again"
    words = shlex.split(step.command)
    if words[1] != "run" or words == own_command(before.run):
        target = before.run.manifest.target
        prove = f"gandoctor treat {shlex.quote(str(before.run.path))} --edited {shlex.quote(str(target))}"
        then = step.command if words[1] != "run" or target not in words else prove
        return f"it takes a change of the code, to be made by hand; then: {then}"
    return None


def _lines(number: int, trial: Trial) -> Iterator[str]:
    from gandoctor.comparison.gaps import gaps_of, why_no_gap
    from gandoctor.experiments.treat.trial import by_seed

    found = trial.comparison
    yield f"{number}. {trial.step.title}: {trial.outcome.upper()}"
    if trial.others:
        yield f"   {by_seed(trial)}"
    if trial.diagnosis is not None:
        gone = f"gone: {', '.join(found.gone)}" if found.gone else "nothing gone"
        new = f"; new: {', '.join(found.new)}" if found.new else ""
        yield f"   {gone}{new}; {trial.last_step - trial.from_step} steps in {trial.seconds:.0f} s"
        if found.before is not None and found.after is not None:
            yield f"   {found.signal}: {found.before:.3g} before, {found.after:.3g} after (less is better)"
        run = trial.diagnosis.run
        if gaps := gaps_of(run):
            told = ", ".join(f"{gap:.3g} at step {step}" for step, gap in gaps.items())
            yield f"   duality gap: {told} (shown, not judged)"
        elif (why := why_no_gap(run)) is not None:
            yield f"   duality gap: not measured: {why}"
    if trial.note:
        yield f"   {trial.note}"
    if found.outcome == "not applied":
        yield from (f"   {line}" for line in trial.step.diff or trial.step.change.splitlines())


def _seconds(before: Diagnosis) -> float:
    times = [event.time for event in before.run.events if event.kind in ("started", "ended")]
    return max(times) - min(times) if times else 0.0


def _plain(before: Diagnosis, trials: Sequence[Trial]) -> dict[str, Any]:
    return {
        "schema": "gandoctor.treatment/1",
        "run": str(before.run.path),
        "verdict": before.verdict,
        "sentence": str(before.sentence),
        "trials": [trial.to_plain() for trial in trials],
    }


def _write(before: Diagnosis, trials: Sequence[Trial], folder: Path) -> Path | None:
    from gandoctor.experiments.treat.page import treatment_page
    from gandoctor.report import write_text

    if not folder.is_dir():  # nothing was trained
        return None
    write_text(json.dumps(_plain(before, trials), indent=2), folder / "treatment.json")
    write_text(treatment_page(before, trials), folder / "treatment.html")
    return folder / "treatment.html"
