"""WGAN-GP style: several critic steps a batch, a gradient penalty, optimizers and losses passed to `compile`."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from support.programs import networks


class WGAN(keras.Model):
    def __init__(self, critic: Any, generator: Any, latent_dim: int, critic_steps: int = 3, gp_weight: float = 10.0):
        super().__init__()
        self.critic = critic
        self.generator = generator
        self.latent_dim = latent_dim
        self.critic_steps = critic_steps
        self.gp_weight = gp_weight

    def compile(self, d_optimizer: Any, g_optimizer: Any, d_loss_fn: Any, g_loss_fn: Any, **options: Any) -> None:
        super().compile(**options)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.d_loss_fn, self.g_loss_fn = d_loss_fn, g_loss_fn

    def gradient_penalty(self, real: Any, fake: Any) -> Any:
        mix = tf.random.uniform((tf.shape(real)[0], 1, 1, 1))
        between = real + mix * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.critic(between, training=True)
        slopes = tape.gradient(scores, [between])[0]
        return tf.reduce_mean((tf.sqrt(tf.reduce_sum(slopes**2, axis=[1, 2, 3]) + 1e-12) - 1.0) ** 2)

    def train_step(self, real: Any) -> dict[str, Any]:
        count = tf.shape(real)[0]
        for _ in range(self.critic_steps):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((count, self.latent_dim)), training=True)
                d_cost = self.d_loss_fn(self.critic(real, training=True), self.critic(fake, training=True))
                d_loss = d_cost + self.gp_weight * self.gradient_penalty(real, fake)
            weights = self.critic.trainable_variables
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((count, self.latent_dim)), training=True)
            g_loss = self.g_loss_fn(self.critic(fake, training=True))
        weights = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def train(monitor: Any, steps: int) -> dict[str, Any]:
    gan = WGAN(networks.discriminator(), networks.generator(), networks.LATENT_DIM)
    gan.compile(
        d_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
        g_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
        d_loss_fn=lambda real, fake: tf.reduce_mean(fake) - tf.reduce_mean(real),
        g_loss_fn=lambda fake: -tf.reduce_mean(fake),
    )
    reals = networks.images()
    data = tf.data.Dataset.from_tensor_slices(reals).batch(16).repeat()
    gan.fit(data, steps_per_epoch=steps, epochs=1, verbose=0, callbacks=[monitor(probe_data=reals)] if monitor else [])
    return networks.state(gan, gan.d_optimizer, gan.g_optimizer)
