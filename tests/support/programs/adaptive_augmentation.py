"""Adaptive-augmentation style: an augmenter before the discriminator and a moving average of the generator."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from support.programs import networks


class AdaptiveAugmenter(keras.Model):
    """Augments with a probability that follows the discriminator's accuracy on reals."""

    def __init__(self) -> None:
        super().__init__()
        self.probability = keras.Variable(0.1, trainable=False, name="probability")
        self.augmenter = keras.Sequential([keras.layers.RandomFlip(seed=3), keras.layers.RandomTranslation(0.1, 0.1)])
        self.seed_generator = keras.random.SeedGenerator(5)

    def call(self, images: Any, training: bool | None = None) -> Any:
        if not training:
            return images
        augmented = self.augmenter(images, training=True)
        chosen = keras.random.uniform((tf.shape(images)[0], 1, 1, 1), seed=self.seed_generator) < self.probability
        return tf.where(chosen, augmented, images)

    def update(self, real_logits: Any) -> None:
        accuracy = tf.reduce_mean(0.5 * (1.0 + tf.sign(real_logits)))
        self.probability.assign(tf.clip_by_value(self.probability + (accuracy - 0.85) / 100, 0.0, 1.0))


class AugmentedGAN(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.augmenter = AdaptiveAugmenter()
        self.generator = networks.generator()
        self.ema_generator = keras.models.clone_model(self.generator)
        self.discriminator = networks.discriminator(norm=True)
        self.seed_generator = keras.random.SeedGenerator(9)

    def compile(self, generator_optimizer: Any, discriminator_optimizer: Any, **options: Any) -> None:
        super().compile(**options)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.discriminator_loss_tracker = keras.metrics.Mean(name="d_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.generator_loss_tracker, self.discriminator_loss_tracker]

    def losses_of(self, real_logits: Any, fake_logits: Any) -> tuple[Any, Any]:
        bce = keras.losses.binary_crossentropy
        real, fake = tf.ones_like(real_logits), tf.zeros_like(fake_logits)
        g_loss = bce(real, fake_logits, from_logits=True)
        d_loss = tf.concat([bce(real, real_logits, True), bce(fake, fake_logits, True)], axis=0)
        return tf.reduce_mean(g_loss), tf.reduce_mean(d_loss)

    def train_step(self, real: Any) -> dict[str, Any]:
        real = self.augmenter(real, training=True)
        with tf.GradientTape(persistent=True) as tape:
            z = keras.random.normal((tf.shape(real)[0], networks.LATENT_DIM), seed=self.seed_generator)
            fake = self.augmenter(self.generator(z, training=True), training=True)
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            g_loss, d_loss = self.losses_of(real_logits, fake_logits)
        g_weights, d_weights = self.generator.trainable_weights, self.discriminator.trainable_weights
        g_grads, d_grads = tape.gradient(g_loss, g_weights), tape.gradient(d_loss, d_weights)
        self.generator_optimizer.apply_gradients(zip(g_grads, g_weights, strict=True))
        self.discriminator_optimizer.apply_gradients(zip(d_grads, d_weights, strict=True))
        self.augmenter.update(real_logits)
        self.generator_loss_tracker.update_state(g_loss)
        self.discriminator_loss_tracker.update_state(d_loss)
        for weight, average in zip(self.generator.weights, self.ema_generator.weights, strict=True):
            average.assign(0.9 * average + 0.1 * weight)
        return {m.name: m.result() for m in self.metrics}


def train(monitor: Any, steps: int) -> dict[str, Any]:
    gan = AugmentedGAN()
    gan.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    reals = networks.images()
    data = tf.data.Dataset.from_tensor_slices(reals).batch(16).repeat()
    callbacks = [monitor(probe_data=reals)] if monitor else []
    gan.fit(data, steps_per_epoch=steps, epochs=1, callbacks=callbacks, verbose=0)
    return networks.state(gan, gan.generator_optimizer, gan.discriminator_optimizer)
