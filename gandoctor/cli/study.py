"""`gandoctor study`: one parameter at a time around a base, each value with several seeds, paired with the base's."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandoctor.cli.options import Steps, duality_gap_option, factory_options
from gandoctor.printable import printable

if TYPE_CHECKING:
    from gandoctor.comparison.study import Arm, Study, Trained
    from gandoctor.experiments.study.conduct import Report, Task

INTERRUPTED = 130
SEED = "{seed}"


@click.command("study")
@click.argument("target", required=False)
@click.argument("arguments", nargs=-1, metavar="[-- ARGS]", type=click.UNPROCESSED)
@click.option(
    "--vary",
    "varies",
    metavar="KEY=V1,V2,...",
    multiple=True,
    required=True,
    help="Values to try of a setting (as --set takes it) or a handle of the running training (as --change takes it); "
    "repeatable.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Seeds of each value.")
@click.option(
    "--look-at",
    type=Steps(),
    default=(500, 1000),
    help="Steps that are compared as well, and at which a value that is worse with every seed is given up.  [500,1000]",
)
@duality_gap_option
@factory_options
@click.option("--steps", type=click.IntRange(min=1), help="Number of training steps.")
@click.option(
    "--into", type=click.Path(path_type=Path), default=Path("study"), show_default=True, help="Folder of the study."
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Trainings in parallel.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Train on the workers of a Dask scheduler (tcp://host:8786) or of the Ray cluster here (ray).",
)
@click.option("--dry-run", is_flag=True, help="Print what would be trained.")
@click.option("--json", "as_json", is_flag=True, help='Print JSON, schema "gandoctor.study/1".')
def command(
    target: str | None,
    arguments: tuple[str, ...],
    varies: tuple[str, ...],
    seeds: int,
    look_at: tuple[int, ...],
    duality_gap: bool,
    steps: int | None,
    into: Path,
    workers: int,
    scheduler: str | None,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Study what a parameter does: train TARGET with one changed value at a time.

    TARGET is what `run` takes; --set, --fault, --seed and the like make the base. Every
    value is trained with the same seeds, the first one --seed, and compared seed by seed:
    the distance of its samples to the real data over the base's. Below five seeds only a
    direction is told, and what chance alone could do is called so. A script sets its own
    seed: write {seed} among ARGS where it takes one; without it there is one run a value.

    Writes study.html, study.json and study.csv. Finished runs are not repeated; Ctrl-C
    keeps them. Exit status: 0; 2 for unusable arguments; 130 if interrupted.
    """
    from gandoctor.comparison.study import studied
    from gandoctor.experiments.study.conduct import conducted

    arms = _arms(varies)
    if scheduler is not None:
        into = into.absolute()  # its workers have a working directory of their own
    first = given.pop("seed") or 0
    numbers = _seeds(target, arguments, first, seeds)
    tasks = _tasks(target, arguments, {**given, "steps": steps}, arms, numbers, look_at, duality_gap, into)
    _announce(tasks, steps)
    if dry_run:
        for task in tasks:
            click.echo(printable(" ".join(task.job.command)))
        return 0
    trained: list[Trained] = []
    name, status = tasks[0].job.target, 0
    try:
        with _progress(tasks, steps, workers) as (report, done):
            for one in conducted(tasks, workers, report, scheduler):
                trained.append(one)
                done(trained)
                _write(studied(name, arms, _in_order(trained, tasks), look_at), into)
    except KeyboardInterrupt:
        status = INTERRUPTED
    study = studied(name, arms, _in_order(trained, tasks), look_at)
    if as_json:
        click.echo(json.dumps(study.to_plain(), indent=2))
    elif trained:
        _print(study)
        click.echo(printable(f"Points and curves: {into / 'study.html'}"))
    return status


def _arms(varies: Sequence[str]) -> list[Arm]:
    """Return every value that is to be tried, in order and once."""
    from gandoctor.comparison.study import Arm

    arms = []
    for text in varies:
        key, equals, values = text.partition("=")
        each = [value.strip() for value in values.split(",") if value.strip()]
        if not (key.strip() and equals and each):
            raise click.UsageError(f"--vary {text}: give a key and its values, as in generator.dropout=0.2,0.4,0.6.")
        arms += [Arm(key.strip(), value) for value in each]
    return list(dict.fromkeys(arms))


def _seeds(target: str | None, arguments: Sequence[str], first: int, count: int) -> tuple[int, ...]:
    from gandoctor.experiments.target import is_script

    if target is not None and is_script(target) and not any(SEED in word for word in arguments):
        click.echo(
            "The script is given no seed: one run a value. Write {seed} among ARGS where it takes one.", err=True
        )
        return (first,)
    return tuple(range(first, first + count))


def _tasks(
    target: str | None,
    arguments: Sequence[str],
    options: Mapping[str, Any],
    arms: Sequence[Arm],
    seeds: tuple[int, ...],
    looks: tuple[int, ...],
    duality_gap: bool,
    into: Path,
) -> list[Task]:
    """Return every training, the base's first."""
    from gandoctor.cli.run import job_of
    from gandoctor.comparison.study import BASE
    from gandoctor.errors import UnusableTarget
    from gandoctor.experiments.study.conduct import Task, run_dir_of
    from gandoctor.experiments.target import DEFAULT_TARGET, is_script
    from gandoctor.player_names import HANDLES, SLOTS

    takes_settings = target in (None, DEFAULT_TARGET)  # its generator.dropout is a setting: the command says more
    own_seed = target is not None and is_script(target)
    tasks = []
    for arm in (BASE, *arms):
        if own_seed and arm.key and arm.key not in HANDLES:
            raise UnusableTarget(f"--vary {arm.key}: a script takes no settings; use one of {', '.join(HANDLES)}.")
        is_handle = arm.key in HANDLES and not (takes_settings and arm.key.partition(".")[0] in SLOTS.values())
        change = [] if arm == BASE else ["--change" if is_handle else "--set", f"{arm.key}={arm.value}"]
        for seed in seeds:
            words = [*([target] if target is not None else []), *_words(options), *change]
            words += [] if own_seed else ["--seed", str(seed)]
            words += ["--", *(word.replace(SEED, str(seed)) for word in arguments)] if arguments else []
            run_dir = run_dir_of(into, arm, seed)
            folders = (run_dir.parent, run_dir_of(into, BASE, seed).parent)
            job = job_of(words, run_dir)
            if duality_gap:
                job = job.model_copy(update={"duality_gap_at": looks})
            tasks.append(Task(arm, seed, job, *folders, seeds, () if arm == BASE else looks))
    return tasks


def _words(options: Mapping[str, Any]) -> Iterator[str]:
    names = {"settings": "--set", "faults": "--fault"}
    for name, value in options.items():
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None:
                yield from (names.get(name, f"--{name}"), str(each))


def _announce(tasks: Sequence[Task], steps: int | None) -> None:
    of_steps = f" of {steps} steps, {len(tasks) * steps:,} steps in all" if steps is not None else ""
    click.echo(f"{len(tasks)} trainings{of_steps}. How long that takes is told after the first one.", err=True)


@contextmanager
def _progress(tasks: Sequence[Task], steps: int | None, workers: int) -> Iterator[tuple[Report, Any]]:
    """Yield what shows the step that was reached, and what shows a training that has ended."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console, told = Console(stderr=True, highlight=False), [False]
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"), console=console)
    with bar if console.is_terminal else _nothing():
        shown = bar.add_task("", total=float(len(tasks)), left="")

        def report(task: Task, step: int) -> None:
            whole = steps or max(task.looks, default=0) or step or 1
            number = tasks.index(task)
            bar.update(
                shown,
                completed=number + min(step / whole, 1.0),
                description=printable(f"{task.arm.name}, seed {task.seed}: step {step}"),
            )

        def done(trained: Sequence[Trained]) -> None:
            fresh = [one for one in trained if one.seconds]
            each = sum(one.seconds for one in fresh) / len(fresh) if fresh else 0.0
            left = each * (len(tasks) - len(trained)) / workers
            bar.update(
                shown, completed=float(len(trained)), left=f"{len(trained)}/{len(tasks)}, about {_time(left)} left"
            )
            if not told[0] and not console.is_terminal:
                click.echo(f"The first took {each:.0f} s: about {_time(left)} left.", err=True)
            told[0] = True

        yield report, done


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _in_order(trained: Sequence[Trained], tasks: Sequence[Task]) -> list[Trained]:
    place = {(task.arm, task.seed): i for i, task in enumerate(tasks)}
    return sorted(trained, key=lambda one: place[one.arm, one.seed])


def _print(study: Study) -> None:
    import math

    from rich.console import Console

    from gandoctor.cli.text import print_table

    console = Console(highlight=False)
    rows = []
    for effect in study.effects:
        points = " ".join(
            f"{math.exp(value):.2f}" if math.isfinite(value) else "inf" for value in effect.ratios.values()
        )
        rows.append((effect.arm.name, points, str(effect.conclusion)))
    print_table(console, ("change", f"{study.signal or 'quality'} over the base's, by seed", "what can be said"), rows)
    steps = sum(one.steps for one in study.trained)
    click.echo(f"{study.runs} trainings, {steps:,} steps, {_time(study.seconds)}.")
    for note in study.notes:
        click.echo(printable(f"Note: {note}"))


def _write(study: Study, folder: Path) -> None:
    from gandoctor.report.page.page import write_text
    from gandoctor.report.page.studied import study_page

    write_text(json.dumps(study.to_plain(), indent=2), folder / "study.json")
    write_text(_csv(study), folder / "study.csv")
    write_text(study_page(study), folder / "study.html")


def _csv(study: Study) -> str:
    """Return one row a training."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    looks = [f"log_ratio_at_{look}" for look in study.looks]
    gaps = [f"duality_gap_at_{look}" for look in study.looks]
    made = ("key", "value", "seed", "ending", "steps", "seconds", "verdict", "findings", "quality", "log_ratio")
    table.writerow((*made, *looks, *gaps))
    effects = {effect.arm: effect for effect in study.effects}
    for one in study.trained:
        effect = effects.get(one.arm)
        ratios = [effect.ratios, *(effect.at.get(look, {}) for look in study.looks)] if effect is not None else []
        table.writerow(
            (
                *(one.arm.key, one.arm.value, one.seed, one.ending, one.steps, round(one.seconds, 1)),
                *(one.verdict or "", " ".join(one.findings), study.qualities(one.arm).get(one.seed, "")),
                *([ratio.get(one.seed, "") for ratio in ratios] or [""] * (1 + len(looks))),
                *(study.gaps(one).get(look, "") for look in study.looks),
            )
        )
    return text.getvalue()
