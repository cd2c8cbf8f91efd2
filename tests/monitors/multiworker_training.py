"""One of two workers that train a tiny GAN together, without and then with monitors; run by test_distributed.py.

Usage: multiworker_training.py fit|loop INDEX PORT,PORT RUN_DIR. Prints what each worker's weights were at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from typing import Any

style, index, ports, run_dir = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(","), sys.argv[4]
os.environ["TF_CONFIG"] = json.dumps(
    {"cluster": {"worker": [f"localhost:{port}" for port in ports]}, "task": {"type": "worker", "index": index}}
)

import tensorflow as tf  # noqa: E402 - it reads the variable above

strategy = tf.distribute.MultiWorkerMirroredStrategy()

import keras  # noqa: E402 - after the strategy, which must come before any op
import numpy as np  # noqa: E402

from gandoctor import GANMonitor  # noqa: E402
from gandoctor.monitors import BestGenerator, StopOnFinding  # noqa: E402

STEPS, BATCH, RATE = 30, 16, 0.1
reals = np.random.default_rng(0).uniform(0, 1, (STEPS * BATCH, 8, 8, 1)).astype(np.float32)


class GAN(keras.Model):
    """Plain SGD, so that the gradients that were applied can be told from how far the weights moved."""

    def __init__(self) -> None:
        super().__init__()
        layers = keras.layers
        self.latent_dim = 4
        self.seeds = keras.random.SeedGenerator(3)
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
                layers.Dense(8),
                layers.BatchNormalization(momentum=0.9),
                layers.Dropout(0.3, seed=5),
                layers.Dense(1),
            ]
        )
        self.d_optimizer = keras.optimizers.SGD(RATE)
        self.g_optimizer = keras.optimizers.SGD(RATE, clipnorm=100.0 if style == "loop" else None)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.built = True

    def train_step(self, real: Any) -> dict[str, Any]:
        z = keras.random.normal((tf.shape(real)[0], self.latent_dim), seed=self.seeds)
        with tf.GradientTape() as tape:
            fake = self.generator(z, training=True)
            on_real, on_fake = self.discriminator(real, training=True), self.discriminator(fake, training=True)
            d_loss = tf.reduce_mean(tf.nn.softplus(on_fake) + tf.nn.softplus(-on_real))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            scores = self.discriminator(self.generator(z, training=True), training=True)
            g_loss = tf.reduce_mean(tf.nn.softplus(-scores))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        # Keras reduces what a step returns over its first axis here: scalars have none.
        return {"d_loss": tf.reshape(d_loss, (1,)), "g_loss": tf.reshape(g_loss, (1,))}


def data() -> Any:
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return tf.data.Dataset.from_tensor_slices(reals).batch(BATCH).repeat().with_options(options)


def by_fit(gan: GAN, watched: bool) -> None:
    """Every worker has the same callbacks, as Keras wants it."""
    callbacks: list[Any] = []
    if watched:
        monitor = GANMonitor(run_dir, probe_data=reals[:64], real_is_high=True, loss="non_saturating", strict=True)
        callbacks = [BestGenerator(monitor, start_from_probe=1), StopOnFinding(run_dir), monitor]
    gan.fit(data(), steps_per_epoch=STEPS, callbacks=callbacks, verbose=0, shuffle=False)


def by_loop(gan: GAN, watched: bool) -> None:
    """Only the chief has a monitor, entered in the strategy's scope."""

    @tf.function
    def step(batch: Any) -> Any:
        losses = strategy.run(gan.train_step, args=(batch,))
        return {name: strategy.reduce("MEAN", loss, axis=0) for name, loss in losses.items()}

    batches = iter(strategy.experimental_distribute_dataset(data()))
    if not watched or index > 0:
        for _ in range(STEPS):
            step(next(batches))
        return
    with (
        strategy.scope(),
        GANMonitor(
            run_dir,
            generator=gan.generator,
            discriminator=gan.discriminator,
            g_optimizer=gan.g_optimizer,
            d_optimizer=gan.d_optimizer,
            probe_data=reals[:64],
            strict=True,
        ) as monitor,
    ):
        for _ in range(STEPS):
            monitor.step(**step(next(batches)))


def trained(watched: bool) -> str:
    keras.utils.set_random_seed(1)
    with strategy.scope():
        gan = GAN()
        gan.compile()
    (by_fit if style == "fit" else by_loop)(gan, watched)
    state = [v.numpy() for owner in (gan, gan.d_optimizer, gan.g_optimizer) for v in owner.variables]
    return hashlib.sha256(b"".join(a.tobytes() for a in state)).hexdigest()


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    plain, watched = trained(False), trained(True)
told = [str(w.message) for w in caught if w.category.__name__ == "MonitorWarning"]
print(json.dumps({"plain": plain, "watched": watched, "warnings": told}))
