"""Train and judge the runs of a plan in several worker processes. Finished runs are not repeated."""

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
"""Called after every run with the run, its files, the number of finished runs and the total."""


def files_of(plan: Plan, runs_dir: Path, run: PlannedRun) -> RunFiles:
    """Return the files of a run."""
    made_of = json.dumps([run.target, run.options, plan.monitor, plan.samples], sort_keys=True)
    return RunFiles(runs_dir / run.split / run.id, blake2b(made_of.encode(), digest_size=8).hexdigest())


def conduct(
    plan: Plan,
    runs: Iterable[PlannedRun],
    runs_dir: Path,
    workers: int,
    progress: Progress,
    oracle: Path | None = None,
) -> None:
    """Train and measure the runs that are not finished.

    If a worker dies, for example out of memory, all runs in progress end with it. They start again, and count as
    failed after `ATTEMPTS` attempts.

    Args:
        plan: The plan of the runs.
        runs: Runs of the plan.
        runs_dir: Folder of all runs.
        workers: Number of parallel processes, each on one core.
        progress: Called after every run.
        oracle: Folder of what the oracle keeps; None: "oracle" in `runs_dir`.
    """
    wanted = list(runs)
    cache = oracle or runs_dir / "oracle"
    while todo := [run for run in wanted if not files_of(plan, runs_dir, run).is_finished]:
        try:
            with _start_workers(workers) as executor:
                _prepare_oracle(plan, executor, cache)
                trainings = {
                    executor.submit(perform, plan, run, files_of(plan, runs_dir, run), cache): run for run in todo
                }
                for done, training in enumerate(as_completed(trainings), start=len(wanted) - len(todo) + 1):
                    training.result()
                    run = trainings[training]
                    progress(run, files_of(plan, runs_dir, run), done, len(wanted))
        except TerminatedWorkerError:
            _give_up_repeated_failures(plan, todo, runs_dir)


def judge_all(
    plan: Plan,
    runs: Iterable[PlannedRun],
    runs_dir: Path,
    workers: int,
    progress: Callable[[int, int], None],
    with_declared: bool = False,
) -> list[Judgement]:
    """Judge the finished runs in several processes; return their judgements in the plan's order.

    Args:
        plan: The plan of the runs. A run that was trained with other settings does not count as finished.
        runs: Runs of the plan.
        runs_dir: Folder of all runs.
        workers: Number of parallel processes.
        progress: Called after every run with the number of judged runs and the total.
        with_declared: See `judge`.
    """
    trained = [run for run in runs if files_of(plan, runs_dir, run).is_finished]
    judged: dict[str, Judgement] = {}
    if workers == 1:
        for done, run in enumerate(trained, start=1):
            judged[run.id] = judge(run, files_of(plan, runs_dir, run), with_declared)
            progress(done, len(trained))
        return list(judged.values())
    with _start_workers(workers) as executor:
        submitted = [executor.submit(judge, run, files_of(plan, runs_dir, run), with_declared) for run in trained]
        for one in as_completed(submitted):
            judgement: Judgement = one.result()
            judged[judgement["id"]] = judgement
            progress(len(judged), len(trained))
    return [judged[run.id] for run in trained]


@contextmanager
def _start_workers(workers: int) -> Iterator[Any]:
    """Yield an executor whose processes use one core each. They end with the block, as each may hold a gigabyte."""
    before = dict(os.environ)
    os.environ.update(ONE_THREAD)  # the processes inherit it, and TensorFlow reads it when it is imported
    executor = get_reusable_executor(max_workers=workers, timeout=None, reuse=False)
    try:
        with warnings.catch_warnings():
            # loky replaces a process that has grown too large, as it should.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
            yield executor
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        raise
    finally:
        os.environ.clear()
        os.environ.update(before)
    executor.shutdown(wait=True)


def _prepare_oracle(plan: Plan, executor: Any, cache: Path) -> None:
    try:
        executor.submit(prepare_oracle, plan, cache, cache / "log.txt").result()
    except TerminatedWorkerError:
        raise GandoctorError(f"The process that prepared {plan.oracle} died. See {cache / 'log.txt'}.") from None


def _give_up_repeated_failures(plan: Plan, runs: list[PlannedRun], runs_dir: Path) -> None:
    for run in runs:
        files = files_of(plan, runs_dir, run)
        if files.trained is None and files.attempts >= ATTEMPTS:
            files.finish("failed", 0.0, f"the worker died {ATTEMPTS} times during this run")
