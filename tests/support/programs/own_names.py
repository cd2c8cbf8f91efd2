"""A model whose optimizers, losses and latents go by names of its own; its step may be a `tf.function` too."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from support.programs import networks


class OwnNames(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.netG, self.netD = networks.generator(), networks.discriminator()
        self.netG_width = self.netD_width = 64
        self.seeds = keras.random.SeedGenerator(2)

    def compile(self, rules: dict[str, Any]) -> None:
        super().compile()
        self.rules = rules

    def train_step(self, real: Any) -> dict[str, Any]:
        z = keras.random.uniform((128, networks.LATENT_DIM), -1.0, 1.0, seed=self.seeds)
        with tf.GradientTape() as tape:
            fake = self.netG(z, training=True)
            against = tf.reduce_mean((self.netD(real) - 1.0) ** 2) + tf.reduce_mean(self.netD(fake) ** 2)
        weights = self.netD.trainable_weights
        self.rules["second"].apply(tape.gradient(against, weights), weights)
        with tf.GradientTape() as tape:
            towards = tf.reduce_mean((self.netD(self.netG(z, training=True)) - 1.0) ** 2)
        weights = self.netG.trainable_weights
        self.rules["first"].apply(tape.gradient(towards, weights), weights)
        return {"against": against, "towards": towards}


class OwnNamesInAFunction(OwnNames):
    @tf.function
    def train_step(self, real: Any) -> dict[str, Any]:
        return super().train_step(real)


def train(monitor: Any, steps: int, nested: bool = False, told: bool = False) -> dict[str, Any]:
    gan = OwnNamesInAFunction() if nested else OwnNames()
    gan.compile({"first": keras.optimizers.Adam(1e-3), "second": keras.optimizers.Adam(1e-3)})
    reals = networks.images()
    data = tf.data.Dataset.from_tensor_slices(reals).batch(128).repeat()
    facts = {"loss": "least_squares", "real_is_high": True} if told else {}
    callbacks = [monitor(probe_data=reals, **facts)] if monitor else []
    gan.fit(data, steps_per_epoch=steps, epochs=1, callbacks=callbacks, verbose=0)
    return networks.state(gan, *gan.rules.values())
