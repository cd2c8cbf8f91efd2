"""The training loop that most controls share: each network has its own tape and explicit list of weights."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops


class TwoTapeGAN(keras.Model):
    """A GAN in which each step updates only its own network; subclasses define the losses.

    Attributes:
        generator: z (n, latent_dim) -> images.
        discriminator: Images -> one score each, (n, 1).
        latent_dim: Length of z, which is standard normal.
        d_optimizer: Updates the discriminator.
        g_optimizer: Updates the generator.

    Args:
        generator: See above.
        discriminator: See above.
        latent_dim: See above.
        critic_steps: Discriminator steps per generator step, on the same reals with new fakes.
        seed: Seed of the latents.
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
        """Prepare the model for `fit`; XLA compilation is off by default."""
        super().compile(**{"jit_compile": False, **kwargs})
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return the discriminator's loss, given its scores of reals and fakes."""
        raise NotImplementedError

    def generator_loss(self, fake: Any) -> Any:
        """Return the generator's loss, given the discriminator's scores of fakes."""
        raise NotImplementedError

    def penalty(self, real: Any, fake: Any) -> Any:
        """Return a penalty to add to the discriminator's loss, given the images; 0 by default."""
        return 0.0

    def make_images(self, count: Any) -> Any:
        """Generate `count` images from new latents in training mode."""
        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        return self.generator(z, training=True)

    def train_step(self, real: Any) -> dict[str, Any]:
        """Run the discriminator's steps and one generator step on real images (n, height, width, channels)."""
        for _ in range(self.critic_steps):
            d_loss = self.train_discriminator(real)
        return {"d_loss": d_loss, "g_loss": self.train_generator(ops.shape(real)[0])}

    def train_discriminator(self, real: Any) -> Any:
        """Update the discriminator on separate batches of reals and fakes; return its loss."""
        fake = self.make_images(ops.shape(real)[0])
        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            scores = self.discriminator(real, training=True), self.discriminator(fake, training=True)
            loss = self.discriminator_loss(*scores) + self.penalty(real, fake)
        self.d_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def train_generator(self, count: Any) -> Any:
        """Update the generator and return its loss."""
        weights = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.generator_loss(self.discriminator(self.make_images(count), training=True))
        self.g_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss
