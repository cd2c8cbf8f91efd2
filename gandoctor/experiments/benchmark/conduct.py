"""Conducts the runs of a plan and their judging: several workers that stay alive; what is finished is not repeated."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

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
    while todo := [run for run in wanted if not files_of(plan, runs_dir, run).is_finished]:
        before = dict(os.environ)
        os.environ.update(ONE_THREAD)  # workers inherit it, and TensorFlow reads it when it is loaded
        try:
            for run in _performed(plan, todo, runs_dir, workers):
                done = sum(files_of(plan, runs_dir, one).is_finished for one in wanted)
                progress(run, files_of(plan, runs_dir, run), done, len(wanted))
        except TerminatedWorkerError:
            _give_up_the_hopeless(plan, todo, runs_dir)
        else:
            return
        finally:
            os.environ.clear()
            os.environ.update(before)


def judge_all(
    plan: Plan, runs: Iterable[PlannedRun], runs_dir: Path, workers: int, progress: Callable[[int, int], None]
) -> list[Judgement]:
    """Judge what has been trained of some runs, in several processes; returns their judgements in the plan's order.

    Args:
        plan: Says what finished runs must have been trained with.
        runs: Of the plan.
        runs_dir: Where all runs are kept.
        workers: Processes side by side.
        progress: Called after every run with how many are judged, and of how many.
    """
    trained = [run for run in runs if files_of(plan, runs_dir, run).is_finished]
    tasks = (delayed(judge)(run, files_of(plan, runs_dir, run)) for run in trained)
    judged: dict[str, Judgement] = {}
    for one in Parallel(n_jobs=workers, batch_size=1, pre_dispatch="all", return_as="generator_unordered")(tasks):
        judged[one["id"]] = one
        progress(len(judged), len(trained))
    return [judged[run.id] for run in trained]


def _performed(plan: Plan, runs: list[PlannedRun], runs_dir: Path, workers: int) -> Iterator[PlannedRun]:
    cache = runs_dir / "oracle"
    pool = Parallel(n_jobs=workers, batch_size=1, pre_dispatch="all", return_as="generator_unordered")
    with warnings.catch_warnings(), pool as parallel:
        # loky replaces a worker that has grown too large, which is what we want of it.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        list(parallel([delayed(prepare_oracle)(plan, cache, cache / "log.txt")]))
        yield from parallel(delayed(_perform)(plan, run, runs_dir, cache) for run in runs)


def _perform(plan: Plan, run: PlannedRun, runs_dir: Path, cache: Path) -> PlannedRun:
    perform(plan, run, files_of(plan, runs_dir, run), cache)
    return run


def _give_up_the_hopeless(plan: Plan, runs: list[PlannedRun], runs_dir: Path) -> None:
    for run in runs:
        files = files_of(plan, runs_dir, run)
        if files.trained is None and files.attempts >= ATTEMPTS:
            files.finish("failed", 0.0, f"the worker died in it {ATTEMPTS} times")
