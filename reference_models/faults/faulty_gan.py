"""The article's training loop with faults, some of which begin at a later step."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from reference_models.dcgan import Shape
from reference_models.faults.faulty_generator import build_faulty_generator
from reference_models.faults.faulty_latents import faulty_latents
from reference_models.faults.faulty_layers import Onset, ReplacedRate
from reference_models.gan import DCGAN, learning_rate, rmsprop
from reference_models.settings import DiscriminatorSettings, GeneratorSettings, LearningRateFault, Settings, Switch


class FaultyDCGAN(DCGAN):
    """A DCGAN with the faults of `settings.faults`; with all of them off, training is the same bit for bit.

    Args:
        settings: All settings.
        shape: Height, width and channels of an image.
        seed: Seed of the latents.
    """

    def __init__(self, settings: Settings, shape: Shape, seed: int = 0) -> None:
        self.seed = seed
        self.faults = settings.faults
        super().__init__(settings, shape, seed)
        self.d_optimizer = faulty_rmsprop(settings.discriminator, self.faults.discriminator_learning_rate)
        self.g_optimizer = faulty_rmsprop(settings.generator, self.faults.generator_learning_rate)

    def new_generator(self, shape: Shape) -> keras.Sequential:
        """Build the generator with the faults that are layers."""
        return build_faulty_generator(self.settings, shape, self.step, self.seed)

    def compile(self, **kwargs: Any) -> None:
        """Prepare the model for `fit`, and set the flags that freeze a network for good."""
        super().compile(**kwargs)
        if self.faults.discriminator_frozen:
            self.discriminator.trainable = False
        if self.faults.generator_frozen:
            self.generator.trainable = False

    @property
    def discriminator_variables(self) -> list[Any]:
        """Variables that the discriminator's step updates; the fault adds the generator's."""
        own = super().discriminator_variables
        leaks = self.faults.discriminator_step_moves_generator.start is not None
        return own + self.generator.trainable_variables if leaks else own

    @property
    def adversarial_variables(self) -> list[Any]:
        """Variables that the adversarial step updates; the fault adds the discriminator's."""
        variables: list[Any] = self.generator.trainable_variables
        leaks = self.faults.generator_step_moves_discriminator.start is not None
        frozen = self.settings.training.freeze_discriminator and not leaks
        return variables + ([] if frozen else self.discriminator.trainable_variables)

    def sample_latents(self, count: int) -> Any:
        """Draw z, (count, latent_dim), and apply the faults of the latents."""
        return faulty_latents(self.settings, self.step, super().sample_latents(count), self.seed)

    def train_discriminator(self, real: Any) -> Any:
        """Update D, and G too if its images are generated inside D's tape; return the loss."""
        real = self._faulty_reals(real)
        if self.faults.discriminator_step_moves_generator.start is None:
            return super().train_discriminator(real)
        z = self.sample_latents(ops.shape(real)[0])
        variables = self.discriminator_variables
        with tf.GradientTape() as tape:
            images = ops.concatenate([real, self.generator(z, training=False)])
            loss = self.discriminator_loss(self.discriminator(images, training=True))
        self.move(self.d_optimizer, tape.gradient(loss, variables), variables)
        return loss

    def train_generator(self, count: Any) -> Any:
        """Update G; if D is frozen by its flag, the flag is False while this step is traced."""
        if not self.faults.freeze_by_flag:
            return super().train_generator(count)
        self.discriminator.trainable = False
        loss = super().train_generator(count)
        self.discriminator.trainable = True
        return loss

    def discriminator_loss(self, scores: Any) -> Any:
        """Return D's loss, possibly with swapped labels, scaled or NaN."""
        loss = super().discriminator_loss(scores)
        if self.faults.swapped_labels.start is not None:
            half = ops.shape(scores)[0] // 2
            swapped = super().discriminator_loss(ops.roll(scores, half, axis=0))
            loss = ops.where(self._reached(self.faults.swapped_labels), swapped, loss)
        if self.faults.nan.start is not None:
            # A product, not `where`: the gradient of `where` would be zero for the value that is replaced.
            loss = loss * ops.where(self._reached(self.faults.nan), float("nan"), 1.0)
        return self._scaled(loss)

    def generator_loss(self, scores: Any) -> Any:
        """Return G's loss, possibly with the wrong label or scaled."""
        loss = super().generator_loss(scores)
        if self.faults.generator_wants_fake.start is not None:
            fake = ops.full(ops.shape(scores), self.settings.training.fake_label)
            loss = ops.where(self._reached(self.faults.generator_wants_fake), self.cross_entropy(fake, scores), loss)
        return self._scaled(loss)

    def move(self, optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
        """Apply the gradients; the other network's variables do not move until the fault begins."""
        faults = self.faults
        for leak, of, other in (
            (faults.generator_step_moves_discriminator, self.g_optimizer, self.discriminator),
            (faults.discriminator_step_moves_generator, self.d_optimizer, self.generator),
        ):
            if leak.start is not None and optimizer is of:
                others = {id(v) for v in other.trainable_variables}
                # RMSprop without momentum does not move a weight at all if its gradient is 0.
                begun = ops.cast(self._reached(leak), "float32")
                gradients = [g * begun if id(v) in others else g for g, v in zip(gradients, variables, strict=True)]
        super().move(optimizer, gradients, variables)

    def _faulty_reals(self, real: Any) -> Any:
        # training.py rescales the data set for a fault that acts from the start. Here it changes mid-run.
        if self.faults.symmetric_data.start:
            real = ops.where(self._reached(self.faults.symmetric_data), real * 2 - 1, real)
        if self.faults.byte_data.start:
            real = ops.where(self._reached(self.faults.byte_data), real * 255, real)
        return real

    def _scaled(self, loss: Any) -> Any:
        scale = self.faults.loss_scale
        return loss if scale.start is None else loss * ops.where(self._reached(scale), scale.factor, 1.0)

    def _reached(self, switch: Switch) -> Any:
        assert switch.start is not None
        return Onset(self.step, switch.start).reached()


def faulty_rmsprop(player: GeneratorSettings | DiscriminatorSettings, fault: LearningRateFault) -> Any:
    """Return a network's optimizer with the learning rate that the fault gives it."""
    if fault.start is None:
        return rmsprop(player)
    return rmsprop(player, ReplacedRate(learning_rate(player), fault.value, fault.factor, fault.start))
