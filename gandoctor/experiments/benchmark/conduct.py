"""Conducts the runs of a plan and their judging: several workers that stay alive; what is finished is not repeated."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import as_completed
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.judge import Judgement, judge
from gandoctor.experiments.benchmark.plan import Plan, PlannedRun
from gandoctor.experiments.benchmark.run_files import ATTEMPTS, RunFiles
from gandoctor.experiments.benchmark.worker import ONE_THREAD, perform, prepare_oracle

Progress = Callable[[PlannedRun, RunFiles, int, int], None]
"""(run, its files, how many are finished, how many there are), after every run."""


def files_of(plan: Plan, runs_dir: Path, run: PlannedRun) -> RunFiles:
    """Return where a run is kept."""
    made_of = json.dumps([run.target, run.options, plan.monitor, plan.samples], sort_keys=True)
    return RunFiles(runs_dir / run.split / run.id, blake2b(made_of.encode(), digest_size=8).hexdigest())


def conduct(plan: Plan, runs: Iterable[PlannedRun], runs_dir: Path, workers: int, progress: Progress) -> None:
    """Train and measure what is not finished of some runs.

    A worker that dies (out of memory) takes the runs in progress with it: they are begun again, and given up as failed
    after `ATTEMPTS`.

    Args:
        plan: Says how.
        runs: Of the plan.
        runs_dir: Where all runs are kept.
        workers: Processes side by side, of one core each.
        progress: Called after every run.
    """
    wanted = list(runs)
    cache = runs_dir / "oracle"
    while todo := [run for run in wanted if not files_of(plan, runs_dir, run).is_finished]:
        try:
            with _processes(workers) as executor:
                _prepare(plan, executor, cache)
                trainings = {
                    executor.submit(perform, plan, run, files_of(plan, runs_dir, run), cache): run for run in todo
                }
                for done, training in enumerate(as_completed(trainings), start=len(wanted) - len(todo) + 1):
                    training.result()
                    run = trainings[training]
                    progress(run, files_of(plan, runs_dir, run), done, len(wanted))
        except TerminatedWorkerError:
            _give_up_the_hopeless(plan, todo, runs_dir)


def judge_all(
    plan: Plan,
    runs: Iterable[PlannedRun],
    runs_dir: Path,
    workers: int,
    progress: Callable[[int, int], None],
    with_declared: bool = False,
) -> list[Judgement]:
    """Judge what has been trained of some runs, in several processes; returns their judgements in the plan's order.

    Args:
        plan: Says what finished runs must have been trained with.
        runs: Of the plan.
        runs_dir: Where all runs are kept.
        workers: Processes side by side.
        progress: Called after every run with how many are judged, and of how many.
        with_declared: See `judge`.
    """
    trained = [run for run in runs if files_of(plan, runs_dir, run).is_finished]
    judged: dict[str, Judgement] = {}
    if workers == 1:
        for done, run in enumerate(trained, start=1):
            judged[run.id] = judge(run, files_of(plan, runs_dir, run), with_declared)
            progress(done, len(trained))
        return list(judged.values())
    with _processes(workers) as executor:
        submitted = [executor.submit(judge, run, files_of(plan, runs_dir, run), with_declared) for run in trained]
        for one in as_completed(submitted):
            judgement: Judgement = one.result()
            judged[judgement["id"]] = judgement
            progress(len(judged), len(trained))
    return [judged[run.id] for run in trained]


@contextmanager
def _processes(workers: int) -> Iterator[Any]:
    """Give an executor whose processes have one core each; they end with it, as each may hold a gigabyte."""
    before = dict(os.environ)
    os.environ.update(ONE_THREAD)  # processes inherit it, and TensorFlow reads it when it is loaded
    executor = get_reusable_executor(max_workers=workers, timeout=None, reuse=False)
    try:
        with warnings.catch_warnings():
            # loky replaces a process that has grown too large, which is what we want of it.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
            yield executor
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        raise
    finally:
        os.environ.clear()
        os.environ.update(before)
    executor.shutdown(wait=True)


def _prepare(plan: Plan, executor: Any, cache: Path) -> None:
    try:
        executor.submit(prepare_oracle, plan, cache, cache / "log.txt").result()
    except TerminatedWorkerError:
        raise GandoctorError(f"The process that prepared {plan.oracle} died; see {cache / 'log.txt'}.") from None


def _give_up_the_hopeless(plan: Plan, runs: list[PlannedRun], runs_dir: Path) -> None:
    for run in runs:
        files = files_of(plan, runs_dir, run)
        if files.trained is None and files.attempts >= ATTEMPTS:
            files.finish("failed", 0.0, f"the worker died in it {ATTEMPTS} times")
