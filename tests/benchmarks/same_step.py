"""Whether a step trains the same with a monitor, beside other work and without op determinism; holds no tests.

    python tests/benchmarks/same_step.py 100 [--determinism] [--instruments NAME ...] [--busy 2]

Trains one step of a small dense GAN from the same seed so many times, bare and with GANMonitor by turns, while other
processes keep the machine busy, and counts the different weights that come out. One outcome for both is right.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from gandoctor import GANMonitor

BATCH = 6
IMAGES = np.random.default_rng(5).random((BATCH, 8, 8, 1)).astype(np.float32)


class GAN(keras.Model):
    """A critic's loss, so that no gradient of the last kernel depends on its value: its update may come early."""

    def __init__(self) -> None:
        super().__init__()
        dense, self.latent_dim = keras.layers.Dense, 3
        self.generator = keras.Sequential([keras.Input((3,)), dense(64, "tanh"), keras.layers.Reshape((8, 8, 1))])
        self.discriminator = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Flatten(), dense(5, "tanh"), dense(1, use_bias=False)]
        )
        self.d_optimizer, self.g_optimizer = keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5)
        self.seeds = keras.random.SeedGenerator(7)

    def train_step(self, real: Any) -> dict[str, Any]:
        """Move the discriminator, then the generator."""
        g, d = self.generator, self.discriminator
        with tf.GradientTape() as tape:
            fake = g(keras.random.normal((BATCH, 3), seed=self.seeds), training=True)
            d_loss = tf.reduce_mean(d(fake, training=True)) - tf.reduce_mean(d(real, training=True))
        weights = d.trainable_variables
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            fake = g(keras.random.normal((BATCH, 3), seed=self.seeds), training=True)
            g_loss = -tf.reduce_mean(d(fake, training=True))
        weights = g.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def trained(folder: Path | None, instruments: list[str] | None) -> str:
    """Return the weights after a step, as text that tells any two apart."""
    keras.utils.set_random_seed(1)
    gan = GAN()
    gan.compile()
    callbacks = []
    if folder is not None:
        monitor = GANMonitor(folder)
        if instruments is not None:
            monitor.instruments = tuple(one for one in monitor.instruments if one.__name__ in instruments)
        callbacks.append(monitor)
    data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(BATCH, drop_remainder=True).repeat()
    gan.fit(data, steps_per_epoch=1, callbacks=callbacks, verbose=0, shuffle=False)
    both = (gan.discriminator, gan.generator)
    return " ".join(float(np.sum([w.sum() for w in network.get_weights()])).hex() for network in both)


def main() -> None:
    """Train and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("times", type=int)
    parser.add_argument("--determinism", action="store_true")
    parser.add_argument("--instruments", nargs="*", help="of the monitor; none of them where none is named")
    parser.add_argument("--busy", type=int, default=2, help="other processes")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.determinism:
        tf.config.experimental.enable_op_determinism()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(given.busy)]
    outcomes: dict[str, Counter[str]] = {"bare": Counter(), "monitored": Counter()}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for i in range(given.times):
                outcomes["bare"][trained(None, None)] += 1
                outcomes["monitored"][trained(Path(folder) / str(i), given.instruments)] += 1
    finally:
        for process in busy:
            process.kill()
    for kind, counts in outcomes.items():
        print(kind, dict(counts), flush=True)


if __name__ == "__main__":
    main()
