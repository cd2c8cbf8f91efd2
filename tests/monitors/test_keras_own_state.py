"""Keras: networks that count their calls, and keep variables of their own, are trained as without a monitor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor import GANMonitor  # noqa: E402 - TensorFlow may be missing

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT, WIDTH = 12, 16, 4, 6
REALS = np.random.default_rng(0).normal(0.5, 0.3, (256, WIDTH)).astype(np.float32)


class Remembering(keras.Model):  # type: ignore[misc]
    """Its output depends on what it saw before and, as far as Python runs, on how often it was called."""

    def __init__(self, outputs: int, counts: bool) -> None:
        super().__init__()
        self.first, self.last = keras.layers.Dense(8, "tanh"), keras.layers.Dense(outputs)
        self.average = tf.Variable(tf.zeros(8), trainable=False)
        self.counts, self.calls, self.shapes = counts, 0, [0]

    def call(self, x: Any, training: bool = False) -> Any:
        hidden = self.first(x)
        self.average.assign(0.9 * self.average + 0.1 * tf.reduce_mean(hidden, 0))
        if self.counts:
            self.calls += 1
            self.shapes.append(x.shape[-1])
        return self.last(hidden - 0.1 * self.average) * min(1.0, 0.5 + self.calls / 100)


@pytest.mark.parametrize("traced", [False, True])
def test_training_is_the_same_bit_for_bit(tmp_path: Path, traced: bool) -> None:
    def trained(path: Path | None) -> list[Any]:
        keras.utils.set_random_seed(1)
        g, d = Remembering(WIDTH, not traced), Remembering(1, not traced)
        g(tf.zeros((1, LATENT)))
        d(tf.zeros((1, WIDTH)))
        g_opt, d_opt = keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2)
        bce = keras.losses.BinaryCrossentropy(from_logits=True)

        def step(real: Any) -> None:
            with tf.GradientTape(persistent=True) as tape:
                fake = g(tf.random.normal((ROWS, LATENT)), training=True)
                on_real, on_fake = d(real, training=True), d(fake, training=True)
                d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
                g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_opt.apply_gradients(zip(tape.gradient(d_loss, d.trainable_variables), d.trainable_variables, strict=True))
            g_opt.apply_gradients(zip(tape.gradient(g_loss, g.trainable_variables), g.trainable_variables, strict=True))

        run = tf.function(step) if traced else step
        monitor = None
        if path is not None:
            players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
            latents = {"latent_sampler": lambda n: tf.random.normal((n, LATENT))}
            monitor = GANMonitor(path, **players, **latents, probe_data=REALS, strict=True).__enter__()
        for i in range(STEPS):
            run(tf.constant(REALS[i * 8 :][:ROWS]))
            if monitor is not None:
                monitor.step()
        if monitor is not None:
            monitor.close()
        kept = [*(n.average.numpy().tolist() for n in (g, d)), g.calls, d.calls, list(g.shapes), list(d.shapes)]
        return [*(w.tolist() for n in (g, d) for w in n.get_weights()), *kept]

    assert trained(tmp_path / "run") == trained(None)
