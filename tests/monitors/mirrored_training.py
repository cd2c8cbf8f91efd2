"""Trains a tiny GAN on two logical CPU devices; run by test_distributed.py in a process of its own.

Usage: mirrored_training.py RUN_DIR. Trains by fit without and with a monitor, by a loop of its own, and by a fit that a
guard stops; prints what came of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gandoctor import GANMonitor
from gandoctor.monitors import BestGenerator, StopOnFinding

STEPS, BATCH = 12, 16
ROOT = Path(sys.argv[1])
CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
reals = np.random.default_rng(0).uniform(0, 1, (STEPS * BATCH, 8, 8, 1)).astype(np.float32)


class DataDrivenGAN(keras.Model):
    """Latents are taken from the images, so that what a replica computes depends on its share of the batch only."""

    def __init__(self, clip: float | None = None) -> None:
        super().__init__()
        layers = keras.layers
        self.latent_dim = 4
        self.generator = keras.Sequential(
            [keras.Input((4,)), layers.Dense(64, activation="sigmoid"), layers.Reshape((8, 8, 1))]
        )
        self.discriminator = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
        self.d_optimizer = keras.optimizers.SGD(0.1, global_clipnorm=clip)
        self.g_optimizer = keras.optimizers.SGD(0.1)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.built = True

    def call(self, images: Any) -> Any:
        return self.discriminator(images)

    def losses_of(self, real: Any) -> tuple[Any, Any]:
        on_fake, on_real = self.discriminator(self.generator(real[:, 0, :4, 0] * 4 - 2)), self.discriminator(real)
        d_loss = tf.reduce_mean(tf.nn.softplus(on_fake) + tf.nn.softplus(-on_real))
        return d_loss, tf.reduce_mean(tf.nn.softplus(-on_fake))

    def train_step(self, real: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            d_loss, _ = self.losses_of(real)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            _, g_loss = self.losses_of(real)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def make(clip: float | None = None) -> DataDrivenGAN:
    keras.utils.set_random_seed(0)
    gan = DataDrivenGAN(clip)
    gan.compile()
    return gan


def data() -> Any:
    return tf.data.Dataset.from_tensor_slices(reals).batch(BATCH)


def monitor(name: str, **options: Any) -> GANMonitor:
    return GANMonitor(ROOT / name, probe_data=reals[:64], loss="non_saturating", strict=True, **options)


def weights_of(network: Any) -> list[list[float]]:
    return [v.numpy().ravel().tolist() for v in network.variables]


def by_fit(watched: bool) -> dict[str, Any]:
    with strategy.scope():
        gan = make()
    recording = monitor("fit")
    callbacks = [recording, BestGenerator(recording, start_from_probe=1)] if watched else []
    gan.fit(data(), callbacks=callbacks, verbose=0, shuffle=False)
    return {"g": weights_of(gan.generator), "d": weights_of(gan.discriminator)}


def by_loop() -> None:
    """Clipped, and told what each replica lost."""
    with strategy.scope():
        gan = make(clip=0.01)
    step = tf.function(lambda batch: strategy.run(gan.train_step, args=(batch,)))
    players = {"generator": gan.generator, "discriminator": gan.discriminator}
    with monitor("loop", g_optimizer=gan.g_optimizer, d_optimizer=gan.d_optimizer, **players) as recording:
        for batch in strategy.experimental_distribute_dataset(data()):
            recording.step(**step(batch))


def doomed() -> list[Any]:
    """In the strategy's scope, as some write it."""
    with strategy.scope():
        gan = make()
        for variable in gan.generator.trainable_variables:
            variable.assign(np.full(variable.shape, np.nan))
        guard = StopOnFinding(ROOT / "doomed", patience=1)
        gan.fit(data().repeat(), steps_per_epoch=10_000_000, callbacks=[monitor("doomed"), guard], verbose=0)
    return [gan.stop_training, guard.stopped_by.id if guard.stopped_by else None]


def first_batch_alone() -> dict[str, float]:
    """What one device that sees the whole first batch finds."""
    gan = make()
    with tf.GradientTape() as tape:
        loss, _ = gan.losses_of(tf.constant(reals[:BATCH]))
    gradients = tape.gradient(loss, gan.discriminator.trainable_weights)
    return {"norm": float(tf.linalg.global_norm(gradients)), "loss": float(loss)}


def main() -> None:
    result = {"plain": by_fit(False), "watched": by_fit(True), **first_batch_alone()}
    by_loop()
    result["doomed"] = doomed()
    best = make().generator
    best.load_weights(ROOT / "fit" / "best_generator.weights.h5")
    print(json.dumps({**result, "best": weights_of(best)}))


main()
