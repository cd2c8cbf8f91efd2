"""A monitored update waits until the step has read the weights that it moves: in the graph that TensorFlow runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
context = pytest.importorskip("tensorflow.python.eager.context")
pytestmark = pytest.mark.training

IMAGES = np.random.default_rng(5).random((6, 8, 8, 1)).astype(np.float32)


class Critic(keras.Model):
    """With a critic's loss no gradient of the last kernel depends on its value, so that nothing else orders the two."""

    def __init__(self) -> None:
        super().__init__()
        dense, self.latent_dim = keras.layers.Dense, 3
        self.generator = keras.Sequential([keras.Input((3,)), dense(64, "tanh"), keras.layers.Reshape((8, 8, 1))])
        self.discriminator = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Flatten(), dense(5, "tanh"), dense(1, use_bias=False)]
        )
        self.d_optimizer, self.g_optimizer = keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5)

    def train_step(self, real: Any) -> dict[str, Any]:
        g, d = self.generator, self.discriminator
        with tf.GradientTape() as tape:
            d_loss = tf.reduce_mean(d(g(tf.ones((6, 3))))) - tf.reduce_mean(d(real))
        self.d_optimizer.apply(tape.gradient(d_loss, d.trainable_variables), d.trainable_variables)
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(d(g(tf.ones((6, 3)))))
        self.g_optimizer.apply(tape.gradient(g_loss, g.trainable_variables), g.trainable_variables)
        return {"d_loss": d_loss, "g_loss": g_loss}


def by_fit(gan: Any, run_dir: Path) -> None:
    gan.compile()
    gan.fit(tf.data.Dataset.from_tensors(IMAGES), callbacks=[GANMonitor(run_dir)], shuffle=False, verbose=0)


def by_loop(gan: Any, run_dir: Path) -> None:
    step = tf.function(gan.train_step)
    networks = {"generator": gan.generator, "discriminator": gan.discriminator}
    optimizers = {"d_optimizer": gan.d_optimizer, "g_optimizer": gan.g_optimizer}
    with GANMonitor(run_dir, **networks, **optimizers) as monitor:
        monitor.step(**step(tf.constant(IMAGES)))


def inputs_by_name(graph: Any) -> dict[str, list[str]]:
    return {n.name: [i.lstrip("^").split(":")[0] for i in n.input] for n in graph.node}


def come_before(inputs: dict[str, list[str]], name: str) -> set[str]:
    found, left = set(), [name]
    while left:
        new = [i for i in inputs.get(left.pop(), []) if i not in found]
        found.update(new)
        left += new
    return found


@pytest.mark.parametrize("train", [by_fit, by_loop])
def test_no_update_can_overtake_a_read_of_its_weight(train: Callable[[Any, Path], None], tmp_path: Path) -> None:
    with context.collect_graphs(optimized=True) as graphs:
        train(Critic(), tmp_path / "run")
    updates = 0
    for graph in graphs:
        inputs = inputs_by_name(graph)
        for update in (n for n in graph.node if n.op == "AssignSubVariableOp"):
            updates += 1
            before = come_before(inputs, update.name)
            weight = update.input[0]
            reads = [n.name for n in graph.node if n.op == "ReadVariableOp" and n.input[0] == weight]
            later = [r for r in reads if update.name in come_before(inputs, r)]
            assert reads
            assert set(reads) - set(later) <= before, f"{update.name} may overtake a read"
    assert updates == 5  # three weights of the discriminator, two of the generator
