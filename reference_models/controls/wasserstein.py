"""WGAN-GP: a gradient penalty keeps the slope of the critic near 1 (Gulrajani et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from gandoctor.experiments.training import Training
from reference_models.controls.settings import ControlSettings, Loop, Player
from reference_models.controls.start import adam, begin
from reference_models.controls.two_tapes import TwoTapeGAN
from reference_models.dcgan import Shape, channels

DEFAULTS = ControlSettings(
    generator=Player(learning_rate=2e-4, beta_1=0.0, beta_2=0.9, width=0.25),
    discriminator=Player(learning_rate=2e-4, beta_1=0.0, beta_2=0.9, width=0.125),
    training=Loop(critic_steps=5),
)
PENALTY_WEIGHT = 10.0
"""Lambda in algorithm 1 of Gulrajani et al."""


class WGANGP(TwoTapeGAN):
    """Minus the critic's loss without the penalty estimates the distance between the two distributions."""

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return the mean score of fakes minus that of reals."""
        return ops.mean(fake) - ops.mean(real)

    def generator_loss(self, fake: Any) -> Any:
        """Return minus the mean score of the fakes."""
        return -ops.mean(fake)

    def penalty(self, real: Any, fake: Any) -> Any:
        """Return the weighted squared distance of the critic's slope from 1, between real and fake images."""
        share = keras.random.uniform((ops.shape(real)[0], 1, 1, 1), seed=self.seed_generator)
        between = real + share * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.discriminator(between, training=True)
        slope = tape.gradient(scores, between)
        norm = ops.sqrt(ops.sum(slope**2, axis=(1, 2, 3)) + 1e-12)  # the square root has no derivative at 0
        return PENALTY_WEIGHT * ops.mean((norm - 1.0) ** 2)


def generator(shape: Shape, latent_dim: int, width: float) -> keras.Sequential:
    """Return a generator of images on [-1, 1]: nearest-neighbour resizing and convolutions, batch norm, tanh."""
    height, depth = shape[0] // 4, channels(256, width)

    def normalised_relu() -> list[Any]:
        return [layers.BatchNormalization(momentum=0.9), layers.ReLU()]

    def doubled(published: int) -> list[Any]:
        convolve = layers.Conv2D(channels(published, width), 3, padding="same")
        return [layers.UpSampling2D(), convolve, *normalised_relu()]

    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(height * (shape[1] // 4) * depth),
            *normalised_relu(),
            layers.Reshape((height, shape[1] // 4, depth)),
            *doubled(128),
            *doubled(64),
            layers.Conv2D(shape[2], 3, padding="same", activation="tanh"),
        ],
        name="generator",
    )


def critic(shape: Shape, width: float) -> keras.Sequential:
    """Return a critic, images -> score, without batch norm: the penalty needs the slope at each image separately."""

    def halved(published: int) -> list[Any]:
        return [
            layers.Conv2D(channels(published, width), 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
        ]

    return keras.Sequential(
        [keras.Input(shape), *halved(64), *halved(128), *halved(256), layers.Flatten(), layers.Dense(1)],
        name="critic",
    )


def wgan_gp(settings: Iterable[str] = (), steps: int | None = None, seed: int = 0, data: str | None = None) -> Training:
    """WGAN-GP on digits with five critic steps per generator step. Arguments: `start.begin`."""
    start = begin(DEFAULTS, settings, steps, seed, data)
    g, d, latent_dim = start.settings.generator, start.settings.discriminator, start.settings.latent.dimension
    model = WGANGP(
        generator(start.shape, latent_dim, g.width),
        critic(start.shape, d.width),
        latent_dim,
        start.settings.training.critic_steps,
        seed,
    )
    model.compile(d_optimizer=adam(d), g_optimizer=adam(g))
    return start.training(model, "symmetric")
