"""Tables and series trained with Keras: recorded whole, and judged by what shows in their columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from gandoctor.diagnosis import diagnose  # noqa: E402
from gandoctor.monitors import GANMonitor  # noqa: E402
from gandoctor.rules import Status  # noqa: E402
from gandoctor.store import Run, load_run  # noqa: E402

pytestmark = pytest.mark.training

STEPS = 40


def train(path: Path, reals: np.ndarray, generator: keras.Model, discriminator: keras.Model) -> Run:
    """Train for a few dozen steps in a loop of Keras' own batches."""
    import tensorflow as tf

    rates = [keras.optimizers.Adam(1e-3, 0.5) for _ in "gd"]
    bce, rng = keras.losses.BinaryCrossentropy(from_logits=True), np.random.default_rng(0)

    @tf.function
    def step(real: tf.Tensor, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(z, training=True)
            on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        for tape, loss, network, rate in zip(
            (g_tape, d_tape), (g_loss, d_loss), (generator, discriminator), rates, strict=True
        ):
            rate.apply_gradients(
                zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables, strict=True)
            )
        return d_loss, g_loss

    names = dict(zip(("g_optimizer", "d_optimizer"), rates, strict=True))
    with GANMonitor(
        path, generator=generator, discriminator=discriminator, probe_data=reals, strict=True, **names
    ) as monitor:
        for _ in range(STEPS):
            batch = reals[rng.integers(0, len(reals), 32)]
            d_loss, g_loss = step(batch, rng.standard_normal((32, 8)).astype(np.float32))
            monitor.step(d_loss=d_loss, g_loss=g_loss)
    return load_run(path)


def test_a_table_in_its_own_units(tmp_path: Path) -> None:
    layers, rng = keras.layers, np.random.default_rng(0)
    reals = np.stack([rng.normal(3e4, 1e4, 300), rng.normal(0.02, 0.01, 300)], axis=1).astype(np.float32)
    generator = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(16, activation="relu"), layers.Dense(1)])
    run = train(tmp_path / "run", reals, generator, discriminator)
    assert {"d_real_logit", "d_auc", "g_grad_norm", "g_update_in_g_step", "sample_marginal_worst"} <= set(run.signals)
    found = {finding.rule.id: finding.status for finding in diagnose(run).checks}
    assert found["GD110"] is Status.DETECTED
    assert found["GD006"] is Status.NOT_DETECTED, "a linear output is right for a table"


def test_series(tmp_path: Path) -> None:
    layers = keras.layers
    angle = 0.5 * np.arange(24) + np.random.default_rng(0).uniform(0, 6, (200, 1))
    reals = np.stack([np.sin(angle), np.cos(angle)], axis=-1).astype(np.float32)
    generator = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(12 * 4),
            layers.Reshape((12, 4)),
            layers.Conv1DTranspose(2, 4, strides=2, padding="same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [keras.Input((24, 2)), layers.Conv1D(8, 5, strides=2), layers.LeakyReLU(), layers.Flatten(), layers.Dense(1)]
    )
    run = train(tmp_path / "run", reals, generator, discriminator)
    assert {"d_real_logit", "sample_kid", "sample_spectrum_distance", "sample_coverage"} <= set(run.signals)
    assert run.sheets == []
    assert run.last_values is not None
    assert run.last_values[1].shape[1:] == (24, 2)
    assert {finding.rule.id for finding in diagnose(run).detected}.isdisjoint({"GD006", "GD110", "GD401", "GD402"})
