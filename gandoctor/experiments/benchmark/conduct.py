"""Conducts the runs of a plan: several workers that stay alive, what is finished is not repeated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from gandoctor.experiments.benchmark.plan import Plan, PlannedRun
from gandoctor.experiments.benchmark.run_files import ATTEMPTS, RunFiles
from gandoctor.experiments.benchmark.worker import ONE_THREAD, perform, prepare_oracle

Progress = Callable[[PlannedRun, RunFiles, int, int], None]
"""(run, its files, how many are finished, how many there are), after every run."""


def files_of(runs_dir: Path, run: PlannedRun) -> RunFiles:
    """Return where a run is kept."""
    return RunFiles(runs_dir / run.split / run.id)


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
    while todo := [run for run in wanted if not files_of(runs_dir, run).is_finished]:
        before = dict(os.environ)
        os.environ.update(ONE_THREAD)  # workers inherit it, and TensorFlow reads it when it is loaded
        try:
            for run in _performed(plan, todo, runs_dir, workers):
                done = sum(files_of(runs_dir, one).is_finished for one in wanted)
                progress(run, files_of(runs_dir, run), done, len(wanted))
        except TerminatedWorkerError:
            _give_up_the_hopeless(todo, runs_dir)
        else:
            return
        finally:
            os.environ.clear()
            os.environ.update(before)


def _performed(plan: Plan, runs: list[PlannedRun], runs_dir: Path, workers: int) -> Iterator[PlannedRun]:
    cache = runs_dir / "oracle"
    with Parallel(
        n_jobs=workers, backend="loky", batch_size=1, pre_dispatch="all", return_as="generator_unordered"
    ) as (parallel):
        list(parallel([delayed(prepare_oracle)(plan, cache, cache / "log.txt")]))
        yield from parallel(delayed(_perform)(plan, run, runs_dir, cache) for run in runs)


def _perform(plan: Plan, run: PlannedRun, runs_dir: Path, cache: Path) -> PlannedRun:
    perform(plan, run, files_of(runs_dir, run), cache)
    return run


def _give_up_the_hopeless(runs: list[PlannedRun], runs_dir: Path) -> None:
    for run in runs:
        files = files_of(runs_dir, run)
        if files.trained is None and files.attempts >= ATTEMPTS:
            files.finish("failed", 0.0, f"the worker died in it {ATTEMPTS} times")
