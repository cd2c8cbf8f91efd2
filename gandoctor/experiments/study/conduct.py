"""Conduct a study: train each value with each seed, in this process or in several, and end what is hopeless early.

One run is one directory, which is where the processes meet: each looks at the base's runs and at its own value's. The
processes are joblib's (loky here); on a Dask cluster or on Ray's, theirs, if they see the same folder.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from gandoctor.comparison.study import BASE, Arm, Trained, is_hopeless, quality_of
from gandoctor.diagnosis import diagnose
from gandoctor.errors import GandoctorError, NotWritable, UnusableTarget
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import CHILD, ChildTraining
from gandoctor.rules import Severity
from gandoctor.store import Run, load_run
from gandoctor.store.manifest import MANIFEST_NAME

UNORDERED = "generator_unordered"
CONNECT_S = 10
RAY = "ray"
"""What stands for the Ray cluster that runs on this machine, in place of an address."""
LOOK_EVERY_S = 1.0
JUDGE_EVERY_S = 10.0
"""Seconds between two judgements of a training under way, each of which reads the runs of two arms."""
EARLY = "every seed is worse than every seed of the base by more than the base's own range"


@dataclass(frozen=True)
class Task:
    """One training of a study.

    Attributes:
        arm: What is changed.
        seed: Its seed.
        job: The training.
        arm_dir: Folder of all runs of the arm; base_dir: of the base's. A run's folder in them is named by its seed.
        seeds: Of the study.
        looks: Steps at which it may be ended early; none for the base.
        child: The command that starts the child; tests replace it.
    """

    arm: Arm
    seed: int
    job: Job
    arm_dir: Path
    base_dir: Path
    seeds: tuple[int, ...]
    looks: tuple[int, ...] = ()
    child: tuple[str, ...] = CHILD


Report = Callable[[Task, int], None]
"""Called now and then with a training and the step it has reached."""


def run_dir_of(folder: Path, arm: Arm, seed: int) -> Path:
    """Return the directory of a training in the folder of a study."""
    if arm == BASE:
        return folder / "base" / f"seed-{seed}"
    slug = re.sub(r"[^\w.=+-]+", "-", arm.name)[:80]
    digest = blake2b(arm.name.encode(), digest_size=2).hexdigest()  # two values may be spelt alike once cleaned
    return folder / (slug if slug == arm.name else f"{slug}-{digest}") / f"seed-{seed}"


def conducted(
    tasks: Sequence[Task], workers: int, report: Report = lambda task, step: None, scheduler: str | None = None
) -> Iterator[Trained]:
    """Train what has not been trained and yield each training as it ends, those of the base first.

    Args:
        tasks: The trainings.
        workers: Processes that train at once.
        report: Called with the step reached, now and then; only where one process trains.
        scheduler: Address of a Dask scheduler, or of a Ray cluster (`RAY` for the one here), whose workers train; they
            must see the same folders. None: `workers` processes on this machine.

    Raises:
        NotWritable: A directory holds something else.
        KeyboardInterrupt: Ctrl-C; what has been finished is kept, what was under way is trained again the next time.
    """
    base = [task for task in tasks if task.arm == BASE]
    done: dict[int, Trained] = {}
    for one in _each(base, workers, report, scheduler):
        done[one.seed] = one
        yield one
    others = []
    for task in tasks:
        if task.arm == BASE:
            continue
        if task.seed in done and _is_own_value(task.arm, done[task.seed].run):
            yield replace(done[task.seed], arm=task.arm, seconds=0.0)
        else:
            others.append(task)
    yield from _each(others, workers, report, scheduler)


def _each(tasks: Sequence[Task], workers: int, report: Report, scheduler: str | None) -> Iterator[Trained]:
    if scheduler is None and (workers == 1 or len(tasks) < 2):
        yield from (perform(task, report) for task in tasks)
        return
    if scheduler is not None and scheduler.partition("://")[0] == RAY:
        yield from (_with_run(one) for one in _on_ray(tasks, scheduler))
        return
    from joblib import Parallel, delayed

    with (
        _cluster(scheduler),
        Parallel(n_jobs=min(workers, len(tasks)) if scheduler is None else -1, return_as=UNORDERED) as parallel,
    ):
        for one in parallel(delayed(_without_run)(task) for task in tasks):
            yield _with_run(one)


@contextmanager
def _cluster(scheduler: str | None) -> Iterator[None]:
    """Have joblib's calls in the block run on a Dask cluster, where there is one."""
    if scheduler is None:
        yield
        return
    from joblib import parallel_config

    try:
        from distributed import Client
    except ImportError:
        raise UnusableTarget("--scheduler needs Dask: pip install 'gandoctor[dask]'") from None
    try:
        client = Client(scheduler, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise UnusableTarget(f"No Dask scheduler answers at {scheduler}: {error}") from None
    with client, parallel_config(backend="dask", client=client):
        yield


def _on_ray(tasks: Sequence[Task], scheduler: str) -> Iterator[Trained]:
    """Train on a Ray cluster and yield as trainings end, which Ray's backend of joblib does not know how to."""
    try:
        import ray
    except ImportError:
        raise UnusableTarget("--scheduler ray needs Ray: pip install 'gandoctor[ray]'") from None
    is_ours = not ray.is_initialized()
    if is_ours:
        try:
            ray.init(address="auto" if scheduler == RAY else scheduler, log_to_driver=False)
        except (OSError, ValueError) as error:
            said = str(error).partition("\n")[0]  # below it there may be a traceback of the cluster's
            raise UnusableTarget(f"No Ray cluster answers at {scheduler}: {said}") from None
    train = ray.remote(max_retries=0)(_without_run)
    waiting = [train.remote(task) for task in tasks]
    try:
        while waiting:
            (ended,), waiting = ray.wait(waiting)
            yield ray.get(ended)
    finally:
        for training in waiting:
            ray.cancel(training, force=True)
        if is_ours:
            ray.shutdown()


def _with_run(one: Trained) -> Trained:
    return one if one.ending == "not trained" else replace(one, run=load_run(one.run_dir))


def _without_run(task: Task) -> Trained:
    return replace(perform(task), run=None)  # what a run has read is not sent from process to process


def _is_own_value(arm: Arm, base: Run | None) -> bool:
    """Tell whether the base has this very value of a setting, so that the training would be the same one."""
    value: Any = base.manifest.config.get("settings") if base is not None else None
    for part in arm.key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return isinstance(value, str) and value == arm.value
    try:
        return float(arm.value) == value
    except ValueError:
        return False


def perform(task: Task, report: Report = lambda task, step: None) -> Trained:
    """Train once, unless that has been done.

    Raises:
        UnusableTarget: The base cannot be trained. A value that cannot be trained is told of instead.
    """
    run_dir = Path(task.job.run_dir)
    known = _finished(task)
    if known is not None:
        return known
    began, judged, note = time.monotonic(), time.monotonic(), ""
    training = ChildTraining(task.job, task.child)
    try:
        while not training.wait(LOOK_EVERY_S):
            now = _reached(training.recording)
            report(task, now)
            if note or time.monotonic() - judged < JUDGE_EVERY_S:
                continue
            if (look := _hopeless_at(task, now)) is not None:
                note = f"ended at step {now}: at step {look} {EARLY}"
                training.stop(note)
            judged = time.monotonic()
    except BaseException:
        training.interrupt()
        training.outcome()
        raise
    outcome = training.outcome()
    if outcome.ending == "unusable" or not (run_dir / MANIFEST_NAME).exists():
        why = outcome.message or "nothing was recorded."
        if task.arm == BASE:
            raise UnusableTarget(why)
        return Trained(task.arm, task.seed, run_dir, "not trained", note=why)
    if outcome.ending == "interrupted":
        raise KeyboardInterrupt
    return _trained(task, time.monotonic() - began, note)


def _finished(task: Task) -> Trained | None:
    """Return a training that came to its end earlier; None where there is none. What did not is removed."""
    run_dir = Path(task.job.run_dir)
    if not (run_dir / MANIFEST_NAME).exists():
        return None
    run = load_run(run_dir)
    if run.manifest.command != task.job.command:
        raise NotWritable(f"{run_dir} holds another training; use another folder (--into).")
    ended = [event for event in run.events if event.kind == "ended"]
    reason = (ended[-1].model_extra or {}).get("reason") if ended else None
    if run.state == "running":
        raise NotWritable(f"{run_dir} is being written by a training that is still running.")
    if reason not in ("completed", "stopped", "crashed"):
        shutil.rmtree(run_dir)
        return None
    why = (ended[-1].model_extra or {}).get("why", "")
    times = [event.time for event in run.events]
    return _trained(task, max(times) - min(times), str(why) if reason == "stopped" else "")


def _trained(task: Task, seconds: float, note: str) -> Trained:
    diagnosis = diagnose(task.job.run_dir)
    run = diagnosis.run
    crashed = run.state == "crashed"
    return Trained(
        task.arm,
        task.seed,
        Path(task.job.run_dir),
        "crashed" if crashed else "ended early" if note else "finished",
        run.last_step,
        seconds,
        diagnosis.verdict,
        tuple(f.rule.id for f in diagnosis.detected if f.severity is not Severity.INFO),
        note or ("the training crashed" if crashed else ""),
        run,
    )


def _hopeless_at(task: Task, now: int) -> int | None:
    """Return the look at which all seeds of the arm, this one among them, are beyond hope; None where there is none."""
    looks = [look for look in task.looks if look <= now]
    if not looks:
        return None
    runs = [_runs(folder, task.seeds) for folder in (task.arm_dir, task.base_dir)]
    if any(len(found) < len(task.seeds) for found in runs):
        return None
    signal = quality_of([run for found in runs for run in found.values()])
    if signal is None:
        return None
    return next((look for look in looks if is_hopeless(runs[0], runs[1], signal, look)), None)


def _runs(folder: Path, seeds: Sequence[int]) -> dict[int, Run]:
    found = {}
    for seed in seeds:
        try:
            found[seed] = load_run(folder / f"seed-{seed}")
        except GandoctorError:
            continue
    return found


def _reached(run_dir: Path) -> int:
    try:
        return load_run(run_dir).last_step
    except GandoctorError:
        return 0
