"""Train and measure one run of a benchmark, in a worker process that handles many runs one after another."""

from __future__ import annotations

import gc
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandoctor.errors import UnusableTarget
from gandoctor.experiments.benchmark.plan import Plan, PlannedRun
from gandoctor.experiments.benchmark.run_files import RunFiles
from gandoctor.experiments.child.main import TrainingCrashed, fit_recorded, loop_recorded
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.experiments.job import Job
from gandoctor.experiments.target import build_training, split_target
from gandoctor.experiments.training import LoopTraining, Training
from gandoctor.frameworks import MissingFramework, framework_needed

Oracle = Callable[[NDArray[np.uint8], NDArray[np.uint8], Path], dict[str, float]]
"""Takes drawn images, held-out real images and a cache folder, and returns numbers by name.

Both image arrays are (n, height, width, channels). The real data's range is scaled to 0..255, and values outside it
are clipped.
"""

ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
}
"""Environment of a worker: one core each, so that parallel runs do not disturb each other's timing."""

LATENT_SEED = 20_240_601
"""Seed of the latents drawn for the oracle if the target has no sampler of its own."""
BATCH = 250


def perform(plan: Plan, run: PlannedRun, files: RunFiles, oracle_cache: Path) -> None:
    """Train and measure one run, unless that has been done. Any error becomes the outcome of the run.

    Raises:
        MissingFramework: The run needs a framework that is not installed, and so do all other runs.
    """
    os.environ.update(ONE_THREAD)
    files.folder.mkdir(parents=True, exist_ok=True)
    with _redirect_output(files.log):
        if files.trained is None:
            _train(plan, run, files)
        mark = files.trained
        if mark is not None and mark["outcome"] == "completed" and files.oracle is None:
            _measure(plan, files, oracle_cache)


def prepare_oracle(plan: Plan, oracle_cache: Path, log: Path) -> None:
    """Let the oracle fill its cache, before several workers do so at the same time."""
    os.environ.update(ONE_THREAD)
    oracle_cache.mkdir(parents=True, exist_ok=True)
    with _redirect_output(log):
        prepare = getattr(_oracle_module(plan), "prepare", None)
        if prepare is not None:
            prepare(oracle_cache)


def _train(plan: Plan, run: PlannedRun, files: RunFiles) -> None:
    files.begin()
    started = time.monotonic()
    try:
        _forget_earlier_models()
        with framework_needed(by=run.target):
            training = build_training(run.target, run.options)
        if isinstance(training, LoopTraining) and training.draw is None:
            raise UnusableTarget(f"{run.target} returned a LoopTraining without draw=, which the benchmark needs.")
        with framework_needed(by=run.target):
            training.monitor.update(plan.monitor)
            job = Job(target=run.target, run_dir=str(files.run_dir), options=run.options)
            if isinstance(training, LoopTraining):
                loop_recorded(training, job, StopRequest())
            else:
                fit_recorded(training, job, StopRequest())
        drawn = draw(training, plan.samples)
        if drawn is not None:
            files.keep_samples(*drawn)
    except MissingFramework:
        raise  # not a fault of the run, which must not count as failed
    except TrainingCrashed as error:
        traceback.print_exc()
        files.finish("crashed", time.monotonic() - started, str(error))
    except Exception as error:  # noqa: BLE001 - one failing run must not take the others with it
        traceback.print_exc()
        files.finish("failed", time.monotonic() - started, f"{type(error).__name__}: {error}")
    else:
        files.finish("completed", time.monotonic() - started)


def _measure(plan: Plan, files: RunFiles, cache: Path) -> None:
    oracle: Oracle = getattr(_oracle_module(plan), split_target(plan.oracle)[1])
    drawn = files.samples()
    try:
        files.keep_oracle({"finite": 0.0} if drawn is None else {"finite": 1.0, **oracle(*drawn, cache)})
    except Exception as error:  # noqa: BLE001 - the run can be judged without the oracle
        traceback.print_exc()
        files.keep_oracle({"error": f"{type(error).__name__}: {error}"})


def _oracle_module(plan: Plan) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # where targets are looked for as well
    with framework_needed(by=plan.oracle):
        return import_module(split_target(plan.oracle)[0])


def draw(training: Training | LoopTraining, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Draw images from the generator in inference mode, as a user would.

    Returns:
        Drawn and held-out images, with the real data's range scaled to 0..255. None if a drawn value is not finite.
    """
    if isinstance(training, LoopTraining):
        assert training.draw is not None
        fakes = training.draw(count)
    else:
        fakes = _draw_from_model(training, count)
    if not np.isfinite(fakes).all():
        return None
    reals = training.holdout_data if training.holdout_data is not None else training.probe_data
    low, high = float(training.probe_data.min()), float(training.probe_data.max())
    return _to_bytes(fakes, low, high), _to_bytes(reals, low, high)


def _draw_from_model(training: Training, count: int) -> NDArray[Any]:
    sampler = training.monitor.get("latent_sampler")
    if sampler is None:
        rng = np.random.default_rng(LATENT_SEED)
        dimension = int(training.model.latent_dim)

        def sampler(n: int) -> NDArray[np.float32]:
            return rng.standard_normal((n, dimension)).astype(np.float32)

    latents = sampler(count)
    batches = [latents[i : i + BATCH] for i in range(0, count, BATCH)]
    return np.concatenate([np.asarray(training.model.generator(z, training=False)) for z in batches])


def _to_bytes(images: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    unit = (images.astype(np.float32) - low) / (high - low)
    result: NDArray[np.uint8] = np.round(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    return result


def _forget_earlier_models() -> None:
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
        gc.collect()


@contextmanager
def _redirect_output(log: Path) -> Iterator[None]:
    """Write all output of this process to a file, including TensorFlow's."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, fd in enumerate(kept, start=1):
            os.dup2(fd, number)
            os.close(fd)
