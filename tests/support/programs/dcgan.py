"""keras-io's DCGAN style: two tapes in `train_step`, fake = 1 labels with noise, Adam, running means returned."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from support.programs import networks


class GAN(keras.Model):
    def __init__(self, discriminator: Any, generator: Any, latent_dim: int) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim

    def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any, **options: Any) -> None:
        super().compile(**options)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images: Any) -> dict[str, Any]:
        count = tf.shape(real_images)[0]
        generated = self.generator(tf.random.normal((count, self.latent_dim)))
        combined = tf.concat([generated, real_images], axis=0)
        labels = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))

        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined, training=True))
            scaled = self.d_optimizer.scale_loss(d_loss)
        grads = tape.gradient(scaled, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights, strict=True))

        latents = tf.random.normal((count, self.latent_dim))
        with tf.GradientTape() as tape:
            fakes = self.generator(latents, training=True)
            g_loss = self.loss_fn(tf.zeros((count, 1)), self.discriminator(fakes, training=True))
            scaled = self.g_optimizer.scale_loss(g_loss)
        grads = tape.gradient(scaled, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights, strict=True))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def train(
    monitor: Any,
    steps: int,
    logits: bool = True,
    accumulate: int | None = None,
    initial_scale: float | None = None,
    policy: str = "float32",
    fits: int = 1,
    fits_before: int = 0,
    options: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Train in `fits` calls of fit with one monitor, after `fits_before` calls without any."""
    keras.config.set_dtype_policy(policy)
    try:
        gan = GAN(
            networks.discriminator(None if logits else "sigmoid"), networks.generator(), latent_dim=networks.LATENT_DIM
        )
    finally:
        keras.config.set_dtype_policy("float32")

    def adam() -> Any:
        inner = keras.optimizers.Adam(2e-3, gradient_accumulation_steps=accumulate)
        if initial_scale is None:
            return inner
        return keras.optimizers.LossScaleOptimizer(inner, initial_scale=initial_scale)

    gan.compile(
        d_optimizer=adam(),
        g_optimizer=adam(),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=logits),
        **(options or {}),
    )
    for player, optimizer in ((gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer)):
        optimizer.build(player.trainable_variables)
    reals = networks.images()
    data = tf.data.Dataset.from_tensor_slices(reals).batch(16).repeat()

    def fit(callbacks: list[Any]) -> None:
        gan.fit(data, steps_per_epoch=steps, epochs=1, callbacks=callbacks, verbose=0)

    for _ in range(fits_before):
        fit([])
    callbacks = [monitor(probe_data=reals)] if monitor else []
    for _ in range(fits):
        fit(callbacks)
    return networks.state(gan, gan.d_optimizer, gan.g_optimizer)
