"""The article's training loop as a Keras model: one discriminator step and one adversarial step per batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from reference_models.dcgan import Shape, build_discriminator, build_generator
from reference_models.settings import DiscriminatorSettings, GeneratorSettings, Settings


class DCGAN(keras.Model):
    """The article's DCGAN.

    Attributes:
        generator: z -> images.
        discriminator: Images -> probability of being real.
        latent_dim: Length of z.
        d_optimizer: Updates the discriminator in its own step.
        g_optimizer: Updates the generator in the adversarial step; with `freeze_discriminator` off, as published, the
            discriminator too.
        step: Integer variable: the number of the current or last step; 0 before the first.

    Args:
        settings: All settings. This class ignores `faults`; see `faults.faulty_gan.FaultyDCGAN`.
        shape: Height, width and channels of an image.
        seed: Seed of the latents. Weights and dropout use Keras's global seed.
    """

    def __init__(self, settings: Settings, shape: Shape, seed: int = 0) -> None:
        super().__init__(name="dcgan")
        self.settings = settings
        self.step = keras.Variable(0, dtype="int32", trainable=False, name="step")
        self.generator = self.new_generator(shape)
        self.discriminator = build_discriminator(settings, shape)
        self.latent_dim = settings.latent.dimension
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.cross_entropy = cross_entropy(settings)
        self.d_optimizer = rmsprop(settings.discriminator)
        self.g_optimizer = rmsprop(settings.generator)
        self.built = True

    def new_generator(self, shape: Shape) -> keras.Sequential:
        """Build the generator; called once."""
        return build_generator(self.settings, shape)

    def compile(self, **kwargs: Any) -> None:
        """Prepare the model for `fit`; takes the arguments of `keras.Model.compile`.

        XLA compilation is off by default: on two CPU cores it makes these networks slower.
        """
        super().compile(**{"optimizer": None, "jit_compile": False, **kwargs})
        self.d_optimizer.build(self.discriminator_variables)
        self.g_optimizer.build(self.adversarial_variables)

    @property
    def discriminator_variables(self) -> list[Any]:
        """Variables that the discriminator's step updates."""
        variables: list[Any] = self.discriminator.trainable_variables
        return variables

    @property
    def adversarial_variables(self) -> list[Any]:
        """Variables that the adversarial step updates.

        The article compiles G and D into one model and never freezes D, so its adversarial step also pulls D
        towards calling fakes real. `freeze_discriminator` leaves D's variables out. The old way to freeze it, setting
        `discriminator.trainable` before `compile`, fails in Keras 3: the flag is read when a train function is first
        traced, so D is frozen in both steps or in neither.
        """
        variables: list[Any] = self.generator.trainable_variables
        return variables + ([] if self.settings.training.freeze_discriminator else self.discriminator_variables)

    def sample_latents(self, count: int) -> Any:
        """Draw z, (count, latent_dim), from the model's own random state."""
        latent = self.settings.latent
        return keras.random.uniform((count, self.latent_dim), latent.low, latent.high, seed=self.seed_generator)

    def train_step(self, real: Any) -> dict[str, Any]:
        """Run one step of the article's loop on real images (n, height, width, channels).

        Returns:
            The two losses of this step; they are not running means.
        """
        self.step.assign_add(1)
        d_loss = self.train_discriminator(real)
        g_loss = self.train_generator(ops.shape(real)[0])
        return {"d_loss": d_loss, "g_loss": g_loss}

    def train_discriminator(self, real: Any) -> Any:
        """Update D on one batch of reals and as many fakes, and return its loss.

        The article makes the fakes with `generator.predict`: in inference mode, unlike in the adversarial step.
        """
        count = ops.shape(real)[0]
        fake = self.generator(self.sample_latents(count), training=False)
        images = ops.concatenate([real, fake])
        variables = self.discriminator_variables
        with tf.GradientTape() as tape:
            loss = self.discriminator_loss(self.discriminator(images, training=True))
        self.move(self.d_optimizer, tape.gradient(loss, variables), variables)
        return loss

    def train_generator(self, count: Any) -> Any:
        """Update G (and D, unless it is frozen) so that D calls `count` new fakes real; return the loss."""
        z = self.sample_latents(count)
        variables = self.adversarial_variables
        with tf.GradientTape() as tape:
            loss = self.generator_loss(self.discriminator(self.generator(z, training=True), training=True))
        self.move(self.g_optimizer, tape.gradient(loss, variables), variables)
        return loss

    def discriminator_loss(self, scores: Any) -> Any:
        """Return the cross-entropy of D's scores (2n, 1) of n reals and n fakes."""
        labels, count = self.settings.training, ops.shape(scores)[0] // 2
        real, fake = ops.full((count, 1), labels.real_label), ops.full((count, 1), labels.fake_label)
        return self.cross_entropy(ops.concatenate([real, fake]), scores)

    def generator_loss(self, scores: Any) -> Any:
        """Return the cross-entropy of D's scores (n, 1) of fakes with the generator's label."""
        return self.cross_entropy(ops.full(ops.shape(scores), self.settings.training.generator_label), scores)

    def move(self, optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
        """Apply the gradients with an optimizer."""
        optimizer.apply(gradients, variables)


def cross_entropy(settings: Settings) -> Any:
    """Return the loss function, (targets, scores) -> mean cross-entropy."""
    if settings.training.loss_input == "probabilities":
        return keras.losses.BinaryCrossentropy()
    # Not Keras's from_logits=True: it notices a sigmoid on the scores and uses the logits before it.
    return lambda targets, logits: ops.mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, logits))


def rmsprop(player: GeneratorSettings | DiscriminatorSettings, rate: Any = None) -> Any:
    """Return the article's optimizer for one network; `rate` replaces its learning rate or schedule."""
    return keras.optimizers.RMSprop(learning_rate(player) if rate is None else rate, clipvalue=player.clip_value)


def learning_rate(player: GeneratorSettings | DiscriminatorSettings) -> Any:
    """Return the learning rate with the `decay` of old Keras: rate / (1 + decay * steps)."""
    if player.decay == 0:
        return player.learning_rate
    return keras.optimizers.schedules.InverseTimeDecay(player.learning_rate, decay_steps=1, decay_rate=player.decay)
