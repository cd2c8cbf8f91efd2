"""Weights beside the players that nothing moves, told in the steps that Keras traces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import load_run
from support.rarely import rarely

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor.monitors import GANMonitor  # noqa: E402 - TensorFlow may be missing

N, STEPS = 16, 60
NUMBERS = 8 * 4
"""Numbers of the embedding."""


class Conditional(keras.Model):
    """The labels are embedded beside the generator; a second judge stands beside the discriminator."""

    def __init__(self, moved: set[str], frozen: bool = False) -> None:
        super().__init__()
        layers = keras.layers
        self.moved = moved
        self.embedding = keras.Sequential([keras.Input((), dtype="int32"), layers.Embedding(8, 4)])
        self.embedding.trainable = not frozen
        self.judge = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
        self.generator = keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(2)])
        self.discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(8, "relu"), layers.Dense(1)])
        self.d_optimizer, self.g_optimizer = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)

    def draw(self, labels: Any) -> Any:
        return self.generator(tf.concat([tf.random.normal((N, 2)), self.embedding(labels)], 1))

    def scores(self, points: Any) -> Any:
        return tf.concat([self.discriminator(points), self.judge(points)], 1)

    def train_step(self, data: Any) -> dict[str, Any]:
        points, labels = data
        fake = self.draw(labels)
        with tf.GradientTape() as tape:
            d_loss = tf.reduce_mean(tf.nn.softplus(-self.scores(points)) + tf.nn.softplus(self.scores(fake)))
        beside = self.judge.trainable_variables if "judge" in self.moved else []
        weights = self.discriminator.trainable_variables + beside
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            g_loss = tf.reduce_mean(tf.nn.softplus(-self.scores(self.draw(labels))))
        beside = self.embedding.trainable_variables if "embedding" in self.moved else []
        weights = self.generator.trainable_variables + beside
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def recorded(folder: Path, gan: Any, **compiled: Any) -> Any:
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=(N * STEPS, 2)).astype("float32"), rng.integers(0, 8, N * STEPS)
    gan.compile(**compiled)
    gan.fit(
        points, labels, batch_size=N, verbose=0, callbacks=[GANMonitor(folder, probe_data=points, real_is_high=True)]
    )
    return load_run(folder)


@pytest.mark.parametrize(
    ("make", "g", "d"),
    [
        (lambda: Conditional(set()), NUMBERS, 3),
        rarely(lambda: Conditional({"judge"}), NUMBERS, 0),
        (lambda: Conditional({"judge", "embedding"}), 0, 0),
        rarely(lambda: Conditional({"judge"}, frozen=True), 0, 0),
    ],
)
def test_what_nothing_moves_is_counted(tmp_path: Path, make: Callable[[], Any], g: int, d: int) -> None:
    run = recorded(tmp_path / "run", make())
    cards = run.manifest.generator.left_out, run.manifest.discriminator.left_out
    assert [card.numbers for card in cards] == [g, d]
    assert [card.unregistered for card in cards] == [g, d]
    finding = find_rule("GD020").evaluate(run)
    assert finding.status is (Status.DETECTED if g or d else Status.NOT_DETECTED)
    if g:
        assert finding.severity is Severity.WARNING
        (name,) = cards[0].names
        assert name.endswith("/embeddings")


@pytest.mark.slow
def test_a_step_that_is_not_traced_is_not_judged(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", Conditional(set()), run_eagerly=True)
    assert run.manifest.generator.left_out is None
    assert find_rule("GD020").evaluate(run).status is Status.NOT_EVALUATED
