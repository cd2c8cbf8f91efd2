"""The article's training loop as a Keras model: one discriminator and one adversarial step a batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from reference_models.dcgan import Shape, build_discriminator, build_generator
from reference_models.fault_layers import Onset, ReplacedRate
from reference_models.settings import Settings


class DCGAN(keras.Model):
    """The article's DCGAN.

    Attributes:
        generator: z -> images.
        discriminator: Images -> probability of being real.
        latent_dim: Length of z.
        d_optimizer: Moves the discriminator in its own step.
        g_optimizer: Moves the generator in the adversarial step, and, as published, the discriminator too.
        step: Integer variable: the number of the step now running or last run; 0 before the first.

    Args:
        settings: All of them.
        shape: Height, width, channels of one image.
        seed: Of the latents; weights and dropout follow Keras's global seed.
    """

    def __init__(self, settings: Settings, shape: Shape, seed: int = 0) -> None:
        super().__init__(name="dcgan")
        self.settings = settings
        self.step = keras.Variable(0, dtype="int32", trainable=False, name="step")
        self.generator = build_generator(settings, shape, self.step)
        self.discriminator = build_discriminator(settings, shape)
        self.latent_dim = settings.latent.dimension
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.cross_entropy = keras.losses.BinaryCrossentropy()
        self.d_optimizer = _rmsprop(settings.discriminator)
        self.g_optimizer = _rmsprop(settings.generator)
        fault = settings.faults.generator_learning_rate
        if fault.start is not None:
            rate = ReplacedRate(_rate(settings.generator), fault.value, fault.start)
            self.g_optimizer = _rmsprop(settings.generator, rate)
        self.built = True

    def compile(self, **kwargs: Any) -> None:
        """Make the model ready for `fit`; takes the arguments of `keras.Model.compile`.

        Not XLA-compiled unless asked for: on two CPU cores XLA is slower for these networks.
        """
        super().compile(**{"optimizer": None, "jit_compile": False, **kwargs})
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.adversarial_variables)

    @property
    def adversarial_variables(self) -> Any:
        """What the adversarial step moves.

        The article compiles G and D into one model and never freezes D, so that its adversarial step also
        pulls D towards calling fakes real. Here D is frozen by leaving its variables out. The old way,
        setting `discriminator.trainable` before `compile`, fails in Keras 3: the flag is read when a train
        function is first traced, so that D is frozen in both steps or in none.
        """
        frozen = self.settings.training.freeze_discriminator
        return self.generator.trainable_variables + ([] if frozen else self.discriminator.trainable_variables)

    def sample_latents(self, count: int) -> Any:
        """Draw z, (count, latent_dim), from the model's own random state."""
        latent = self.settings.latent
        z = keras.random.uniform((count, self.latent_dim), latent.low, latent.high, seed=self.seed_generator)
        fault = self.settings.faults.constant_latent
        if fault.start is not None:
            z = ops.where(Onset(self.step, fault.start).reached(), ops.zeros_like(z), z)
        return z

    def train_step(self, real: Any) -> dict[str, Any]:
        """Run one step of the article's loop on real images (n, height, width, channels).

        Returns:
            The two losses of this step, not running means.
        """
        self.step.assign_add(1)
        real = self._faulty_reals(real)
        d_loss = self.train_discriminator(real)
        g_loss = self.train_generator(ops.shape(real)[0])
        return {"d_loss": d_loss, "g_loss": g_loss}

    def train_discriminator(self, real: Any) -> Any:
        """Move D on one batch of reals and as many fakes, and return its loss.

        The fakes come from `generator.predict` in the article: from inference mode, not from the generator as
        the adversarial step sees it.
        """
        count = ops.shape(real)[0]
        fake = self.generator(self.sample_latents(count), training=False)
        images = ops.concatenate([real, fake])
        labels = self.settings.training
        targets = ops.concatenate([ops.full((count, 1), labels.real_label), ops.full((count, 1), labels.fake_label)])
        variables = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.cross_entropy(targets, self.discriminator(images, training=True))
            loss = self._faulty_loss(loss)
        self.d_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def train_generator(self, count: Any) -> Any:
        """Move G (and, unless frozen, D) so that D calls `count` fresh fakes real, and return the loss."""
        z = self.sample_latents(count)
        targets = ops.full((count, 1), self.settings.training.generator_label)
        variables = self.adversarial_variables
        with tf.GradientTape() as tape:
            scores = self.discriminator(self.generator(z, training=True), training=True)
            loss = self.cross_entropy(targets, scores)
        self.g_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _faulty_reals(self, real: Any) -> Any:
        # From the start on, the data set itself is rescaled (training.py); here it changes mid-run.
        start = self.settings.faults.symmetric_data.start
        if not start:
            return real
        return ops.where(Onset(self.step, start).reached(), real * 2 - 1, real)

    def _faulty_loss(self, loss: Any) -> Any:
        start = self.settings.faults.nan.start
        if start is None:
            return loss
        # A product, not a choice: the gradient of a choice would be zero where the loss is replaced.
        return loss * ops.where(Onset(self.step, start).reached(), float("nan"), 1.0)


def _rmsprop(player: Any, rate: Any = None) -> Any:
    return keras.optimizers.RMSprop(_rate(player) if rate is None else rate, clipvalue=player.clip_value)


def _rate(player: Any) -> Any:
    """Return old Keras's `decay`: rate / (1 + decay * steps)."""
    if player.decay == 0:
        return player.learning_rate
    return keras.optimizers.schedules.InverseTimeDecay(player.learning_rate, decay_steps=1, decay_rate=player.decay)
