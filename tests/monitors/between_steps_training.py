"""Trains a small GAN with `fit` where Keras runs on PyTorch or JAX, bare and recorded, and prints what was recorded.

    KERAS_BACKEND=torch python tests/monitors/between_steps_training.py RUN_DIR [raw] [sigmoid] [subclassed|module]

raw: `train_step` returns the generator's loss itself, and no mean of it. module: a layer of the discriminator is a
module of PyTorch. The printed numbers were found by other means than the recording's.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from gandoctor import GANMonitor
from gandoctor.monitors import BestGenerator

BACKEND = keras.backend.backend()
WORDS = set(sys.argv[2:])
LATENT, STEPS = 6, 16

if BACKEND == "torch":
    import torch

    torch.use_deterministic_algorithms(True)
else:
    import jax


class Subclassed(keras.Model):
    """A generator whose call is Python."""

    def __init__(self) -> None:
        super().__init__(name="generator")
        self.inner = layers.Dense(64, activation="relu", name="inner")
        self.outer = layers.Reshape((8, 8, 1), name="outer")

    def call(self, z: Any) -> Any:
        return self.outer(self.inner(z))


def networks() -> tuple[Any, Any]:
    """A generator with statistics and a discriminator with dropout."""
    generator: Any = Subclassed()
    if "subclassed" in WORDS:
        generator(np.zeros((1, LATENT), "float32"))
    else:
        parts = [layers.Dense(128), layers.Reshape((4, 4, 8)), layers.BatchNormalization(), layers.ReLU()]
        last = layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")
        generator = keras.Sequential([keras.Input((LATENT,)), *parts, last], name="generator")
    head = layers.Dense(1, activation="sigmoid" if "sigmoid" in WORDS else None)
    parts = [layers.Conv2D(8, 3, strides=2, padding="same"), layers.LeakyReLU(0.2), layers.Dropout(0.3, seed=5)]
    module = [keras.layers.TorchModuleWrapper(torch.nn.BatchNorm1d(128))] if "module" in WORDS else []
    parts += [layers.Flatten(), *module]
    discriminator = keras.Sequential([keras.Input((8, 8, 1)), *parts, head], name="discriminator")
    return generator, discriminator


class GAN(keras.Model):
    """What both frameworks' steps share."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.discriminator = networks()
        self.latent_dim, self.built = LATENT, True
        self.d_mean, self.g_mean = keras.metrics.Mean(name="d_loss"), keras.metrics.Mean(name="of the generator")
        self.seed = keras.random.SeedGenerator(7)
        self.bce = keras.losses.BinaryCrossentropy(from_logits="sigmoid" not in WORDS)
        self.truth: list[tuple[float, float]] = []

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        super().compile(optimizer=g_optimizer)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def call(self, images: Any, training: bool = False) -> Any:
        return images  # `fit` calls it to build it, which it is

    def d_loss(self, real: Any, fake: Any) -> Any:
        ones, zeros = ops.ones((len(real), 1)), ops.zeros((len(real), 1))
        return self.bce(ones, real) + self.bce(zeros, fake)

    def logs(self, d_loss: Any, g_loss: Any) -> dict[str, Any]:
        """Update the means; return the discriminator's under its name, the generator's under another than its own."""
        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        own = {"d_own": d_loss, "g_own": g_loss}
        return {"d_loss": self.d_mean.result(), "g_loss": g_loss if "raw" in WORDS else self.g_mean.result(), **own}


class TorchGAN(GAN):
    """Its step runs operation by operation."""

    def train_step(self, data: Any) -> dict[str, Any]:
        real = ops.convert_to_tensor(data[0] if isinstance(data, tuple) else data)
        ones = ops.ones((len(real), 1))
        fake = self.generator(self._latents(len(real)), training=True)
        self.zero_grad()
        said = [self.discriminator(images, training=True) for images in (real, fake.detach())]
        d_loss = self.d_loss(*said)
        self._apply(self.d_optimizer, d_loss, self.discriminator)
        fake = self.generator(self._latents(len(real)), training=True)
        g_loss = self.bce(ones, self.discriminator(fake, training=True))
        self._apply(self.g_optimizer, g_loss, self.generator)
        return self.logs(d_loss.detach(), g_loss.detach())

    def _latents(self, count: int) -> Any:
        return keras.random.normal((count, LATENT), seed=self.seed)

    def _apply(self, optimizer: Any, loss: Any, network: Any) -> None:
        loss.backward()
        with torch.no_grad():
            optimizer.apply([v.value.grad for v in network.trainable_weights], network.trainable_weights)
        self.zero_grad()


class JaxGAN(GAN):
    """Its step is a function of all that it changes."""

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        super().compile(d_optimizer, g_optimizer)
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)
        # Keras hands the step the variables of one optimizer: those of the other one travel with the model's own.
        self.d_state = [
            self.add_weight(shape=v.shape, dtype=v.dtype, initializer="zeros", trainable=False)
            for v in d_optimizer.variables
        ]
        for mine, variable in zip(self.d_state, d_optimizer.variables, strict=True):
            mine.assign(ops.copy(variable))

    def train_step(self, state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        real = data[0] if isinstance(data, tuple) else data
        trained, others, g_state, sums = state
        variables = [*self.trainable_variables, *self.non_trainable_variables]
        now = {id(v): value for v, value in zip(variables, (*trained, *others), strict=True)}
        generator, discriminator, ones = self.generator, self.discriminator, ops.ones((len(real), 1))

        def values(these: Any) -> list[Any]:
            return [now[id(v)] for v in these]

        def write(these: Any, values: Any) -> None:
            now.update({id(v): value for v, value in zip(these, values, strict=True)})

        def run(network: Any, weights: Any, inputs: Any) -> tuple[Any, Any]:
            mode = {} if isinstance(network, Subclassed) else {"training": True}
            return network.stateless_call(weights, values(network.non_trainable_variables), inputs, **mode)

        with keras.StatelessScope([(self.seed.state, now[id(self.seed.state)])]) as scope:
            latents = [keras.random.normal((len(real), LATENT), seed=self.seed) for _ in range(2)]
            write([self.seed.state], [scope.get_current_value(self.seed.state)])
        fake, new = run(generator, values(generator.trainable_variables), latents[0])
        write(generator.non_trainable_variables, new)

        def of_d(weights: Any) -> Any:
            said, new = zip(*(run(discriminator, weights, images) for images in (real, fake)), strict=True)
            return self.d_loss(*said), new[1]

        (d_loss, new), gradients = jax.value_and_grad(of_d, has_aux=True)(values(discriminator.trainable_variables))
        write(discriminator.non_trainable_variables, new)
        weights, d_state = self.d_optimizer.stateless_apply(
            values(self.d_state), gradients, values(discriminator.trainable_variables)
        )
        write(discriminator.trainable_variables, weights)
        write(self.d_state, d_state)

        def of_g(weights: Any) -> Any:
            fake, new = run(generator, weights, latents[1])
            return self.bce(ones, run(discriminator, values(discriminator.trainable_variables), fake)[0]), new

        (g_loss, new), gradients = jax.value_and_grad(of_g, has_aux=True)(values(generator.trainable_variables))
        write(generator.non_trainable_variables, new)
        weights, g_state = self.g_optimizer.stateless_apply(g_state, gradients, values(generator.trainable_variables))
        write(generator.trainable_variables, weights)
        with keras.StatelessScope(list(zip(self.metrics_variables, sums, strict=True))) as scope:
            logs = self.logs(d_loss, g_loss)
            sums = [scope.get_current_value(v) for v in self.metrics_variables]
        return logs, (values(self.trainable_variables), values(self.non_trainable_variables), g_state, sums)


class Truth(keras.callbacks.Callback):
    """Keeps the losses that the step has returned beside its means."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.model.truth.append((logs["d_own"], logs["g_own"]))


def train(run_dir: Path | None) -> tuple[GAN, str]:
    """Train from the same seed; return the GAN and a hash of all that training has changed."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    gan = TorchGAN() if BACKEND == "torch" else JaxGAN()
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(2e-3))
    callbacks: list[Any] = [Truth()]
    if run_dir is not None:
        given = {"probe_data": reals(), "holdout_data": reals()[::-1].copy(), "strict": "module" not in WORDS}
        given["latent_sampler"] = lambda n: keras.random.normal((n, LATENT), seed=gan.seed)
        callbacks += [GANMonitor(run_dir, **given), BestGenerator(run_dir)]
    for epochs in (1, 3):  # one fit after the other
        gan.fit(reals(), batch_size=16, epochs=epochs, verbose=0, callbacks=callbacks)
    digest = hashlib.sha256(repr((random.getstate(), np.random.get_state())).encode())
    own = gan.g_optimizer.variables if BACKEND == "jax" else (*gan.g_optimizer.variables, *gan.d_optimizer.variables)
    for variable in (*gan.variables, *own):
        digest.update(np.ascontiguousarray(ops.convert_to_numpy(variable.value)).tobytes())
    if BACKEND == "torch":
        digest.update(torch.get_rng_state().numpy().tobytes())
    digest.update(ops.convert_to_numpy(keras.random.normal((3,))).tobytes())  # of the global generator
    return gan, digest.hexdigest()


def reals() -> np.ndarray:
    """256 images in 0..1."""
    return np.random.default_rng(0).uniform(0, 1, (STEPS * 16, 8, 8, 1)).astype("float32")


def main() -> None:
    """Train both ways."""
    _, bare = train(None)
    gan, watched = train(Path(sys.argv[1]))
    said = ops.convert_to_numpy(gan.discriminator(reals()[:64], training=False))
    found = {
        "same": bare == watched,
        "losses": gan.truth,
        "said": float(said.mean()),
        "modules": [name for name in ("tensorflow", "torch", "jax") if name in sys.modules],
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
