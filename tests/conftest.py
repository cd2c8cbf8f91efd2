"""Fixtures that the tests share, and the check that a test without the mark `training` imports no framework."""

from __future__ import annotations

import ast
import os
import shutil
import sys
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from gandoctor.diagnosis import Diagnosis
from gandoctor.store import Run, RunWriter, load_run
from support import recorded_runs
from support.report_runs import close, hostile_diagnosis, make_diagnosis, make_manifest, write_run

settings.register_profile("gandoctor", deadline=None)  # no test hangs on how fast the machine is
settings.load_profile("gandoctor")

FRAMEWORKS = frozenset({"tensorflow", "keras", "torch", "jax"})


def imported() -> set[str]:
    """The frameworks that this process has imported."""
    return {name for name in FRAMEWORKS if sys.modules.get(name) is not None}


def pytest_configure(config: pytest.Config) -> None:
    """Give each of several workers one thread for BLAS and OpenMP (PyTorch's).

    With more threads than cores they wait for one another, each at the cost of a core.
    """
    if hasattr(config, "workerinput"):
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, "1")  # for child processes and what is loaded later
        if os.environ["OPENBLAS_NUM_THREADS"] == "1":
            threadpool_limits(1, "blas")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out, unread, a file that is marked `training` as a whole: reading it may take a framework."""
    if "not training" not in config.option.markexpr or not collection_path.match("test_*.py"):
        return None
    for node in ast.parse(collection_path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            return "mark.training" in ast.unparse(node.value) or None
    return None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse a file that imports a framework when it is read, unless it is marked `training` as a whole."""
    before = imported()
    report = yield
    found = imported() - before
    if isinstance(collector, pytest.Module) and found and collector.get_closest_marker("training") is None:
        report.outcome = "failed"
        report.longrepr = f"{collector.path.name} imports {', '.join(sorted(found))} and is not marked `training`."
    return report


@pytest.fixture(autouse=True)
def without_a_framework(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    """Fail a test that imports a framework and is not marked `training`."""
    before = imported()
    yield
    found = imported() - before
    assert not found or request.node.get_closest_marker("training"), f"It imports {', '.join(sorted(found))}."


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Return `recorded_runs.make_run`; a run with contact sheets (`sheets`) gets a directory of its own."""
    numbers = count()

    def make(signals: Any, **fields: Any) -> Run:
        if "sheets" in fields:
            return recorded_runs.write_run(tmp_path / f"run{next(numbers)}", signals, **fields)
        return recorded_runs.make_run(signals, **fields)

    return make


@pytest.fixture(scope="session")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write_run(tmp_path_factory.mktemp("report") / "failing")


@pytest.fixture
def failing(failing_run: Run) -> Diagnosis:
    return make_diagnosis(failing_run)


@pytest.fixture
def run_of(tmp_path: Path) -> Callable[..., Run]:
    """Write a small run from rows: run_of([{...}, ...], **manifest)."""

    def write(rows: list[dict[str, float | None]], reason: str | None = "completed", **changes: Any) -> Run:
        folder = tmp_path / "run"
        shutil.rmtree(folder, ignore_errors=True)
        writer = RunWriter(folder, make_manifest(**changes))
        for step, row in enumerate(rows, start=1):
            writer.record(step, row)
        close(writer, reason)
        return load_run(folder)

    return write


@pytest.fixture
def hostile(tmp_path: Path) -> Diagnosis:
    return hostile_diagnosis(tmp_path)


@pytest.fixture
def reals() -> np.ndarray:
    """128 smooth 8x8 images in [0, 1]."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(2, 6, (128, 2, 1, 1))
    y, x = np.mgrid[:8, :8]
    images = np.exp(-((y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2) / 3)
    return images[..., None].astype(np.float32)


@pytest.fixture
def make_gan() -> Callable[..., Any]:
    """Factory of a compiled two-tape GAN; `means=True` returns metric results as keras-io's examples do."""
    keras = pytest.importorskip("keras")
    import tensorflow as tf

    class TinyGAN(keras.Model):
        def __init__(self, means: bool = False) -> None:
            super().__init__()
            layers = keras.layers
            self.latent_dim = 4
            self.generator = keras.Sequential(
                [
                    keras.Input((4,)),
                    layers.Dense(16),
                    layers.BatchNormalization(momentum=0.9),
                    layers.ReLU(),
                    layers.Dense(64, activation="sigmoid"),
                    layers.Reshape((8, 8, 1)),
                ]
            )
            self.discriminator = keras.Sequential(
                [
                    keras.Input((8, 8, 1)),
                    layers.Flatten(),
                    layers.Dense(16),
                    layers.LeakyReLU(0.2),
                    layers.Dropout(0.3, seed=3),
                    layers.Dense(1),
                ]
            )
            self.d_optimizer = keras.optimizers.Adam(1e-3, clipvalue=0.01)
            self.g_optimizer = keras.optimizers.Adam(1e-3, clipvalue=0.01)
            self.seeds = keras.random.SeedGenerator(7)
            self.loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
            self.means = {name: keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")} if means else {}

        @property
        def metrics(self) -> list[Any]:
            return list(self.means.values())

        def train_step(self, real: Any) -> dict[str, Any]:
            n = tf.shape(real)[0]
            z = keras.random.normal((n, self.latent_dim), seed=self.seeds)
            fake = self.generator(z, training=True)
            with tf.GradientTape() as tape:
                scores = self.discriminator(tf.concat([real, fake], 0), training=True)
                labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], 0)
                d_loss = self.loss_of(labels, scores)
            weights = self.discriminator.trainable_weights
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
            with tf.GradientTape() as tape:
                scores = self.discriminator(self.generator(z, training=True), training=True)
                g_loss = self.loss_of(tf.ones((n, 1)), scores)
            weights = self.generator.trainable_weights
            self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
            if not self.means:
                return {"d_loss": d_loss, "g_loss": g_loss}
            self.means["d_loss"].update_state(d_loss)
            self.means["g_loss"].update_state(g_loss)
            return {name: metric.result() for name, metric in self.means.items()}

    def make(**options: Any) -> Any:
        keras.utils.set_random_seed(1)
        gan = TinyGAN(means=options.pop("means", False))
        gan.compile(**options)
        return gan

    return make


@pytest.fixture
def fit() -> Callable[..., None]:
    """Train a tiny GAN on the reals, in order, batch 16."""

    def run(gan: Any, reals: np.ndarray, callbacks: list[Any], steps: int = 30, epochs: int = 1) -> None:
        import tensorflow as tf

        for player in ("discriminator", "generator"):
            network, optimizer = getattr(gan, player, None), getattr(gan, f"{player[0]}_optimizer", None)
            if network is not None and optimizer is not None and not optimizer.built:
                optimizer.build(network.trainable_variables)  # a step that makes no variables is traced once, not twice
        data = tf.data.Dataset.from_tensor_slices(reals).batch(16, drop_remainder=True).repeat()
        gan.fit(data, epochs=epochs, steps_per_epoch=steps, callbacks=callbacks, verbose=0, shuffle=False)

    return run
