"""The loop that most controls share: one tape and one explicit list of weights for each player."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops


class TwoTapeGAN(keras.Model):
    """A GAN whose players never move each other; a subclass says what they want.

    Attributes:
        generator: z (n, latent_dim) -> images.
        discriminator: Images -> one score each, (n, 1).
        latent_dim: Length of z, which is standard normal.
        d_optimizer: Moves the discriminator; g_optimizer: the generator.

    Args:
        generator: See above.
        discriminator: See above.
        latent_dim: See above.
        critic_steps: Discriminator steps for each of the generator, on the same reals with fresh fakes.
        seed: Of the latents.
    """

    def __init__(self, generator: Any, discriminator: Any, latent_dim: int, critic_steps: int = 1, seed: int = 0):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.critic_steps = critic_steps
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def compile(self, d_optimizer: Any, g_optimizer: Any, **kwargs: Any) -> None:
        """Make the model ready for `fit`; not XLA-compiled unless asked for."""
        super().compile(**{"jit_compile": False, **kwargs})
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return what the discriminator minimises, given its scores of reals and fakes."""
        raise NotImplementedError

    def generator_loss(self, fake: Any) -> Any:
        """Return what the generator minimises, given the discriminator's scores of its images."""
        raise NotImplementedError

    def penalty(self, real: Any, fake: Any) -> Any:
        """Return what is added to the discriminator's loss, given the images; nothing by default."""
        return 0.0

    def make_images(self, count: Any) -> Any:
        """Generate `count` images from fresh latents, in training mode."""
        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        return self.generator(z, training=True)

    def train_step(self, real: Any) -> dict[str, Any]:
        """Run the discriminator's steps and one of the generator on real images (n, height, width, channels)."""
        for _ in range(self.critic_steps):
            d_loss = self.train_discriminator(real)
        return {"d_loss": d_loss, "g_loss": self.train_generator(ops.shape(real)[0])}

    def train_discriminator(self, real: Any) -> Any:
        """Move the discriminator, which sees reals and fakes in batches of their own; return its loss."""
        fake = self.make_images(ops.shape(real)[0])
        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            scores = self.discriminator(real, training=True), self.discriminator(fake, training=True)
            loss = self.discriminator_loss(*scores) + self.penalty(real, fake)
        self.d_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def train_generator(self, count: Any) -> Any:
        """Move the generator and return its loss."""
        weights = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.generator_loss(self.discriminator(self.make_images(count), training=True))
        self.g_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss
