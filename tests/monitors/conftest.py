"""A GAN small enough to train in a test: 8x8 images, a few hundred weights, keras-io style."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest


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

        data = tf.data.Dataset.from_tensor_slices(reals).batch(16, drop_remainder=True).repeat()
        gan.fit(data, epochs=epochs, steps_per_epoch=steps, callbacks=callbacks, verbose=0, shuffle=False)

    return run
