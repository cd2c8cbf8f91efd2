"""A WGAN-GP of table rows; the critic takes three steps on one and the same batch of reals before the generator's."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(922)
rows = standardised(people())


class WGAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim, discriminator_extra_steps=3, gp_weight=10.0):
        super().__init__()
        self.discriminator, self.generator, self.latent_dim = discriminator, generator, latent_dim
        self.d_steps, self.gp_weight = discriminator_extra_steps, gp_weight

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def gradient_penalty(self, batch_size, real, fake):
        alpha = tf.random.uniform((batch_size, 1))
        interpolated = real + alpha * (fake - real)
        with tf.GradientTape() as gp_tape:
            gp_tape.watch(interpolated)
            pred = self.discriminator(interpolated, training=True)
        grads = gp_tape.gradient(pred, interpolated)
        return tf.reduce_mean((tf.sqrt(tf.reduce_sum(tf.square(grads), axis=1) + 1e-12) - 1.0) ** 2)

    def train_step(self, real):
        batch_size = tf.shape(real)[0]
        for _ in range(self.d_steps):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((batch_size, self.latent_dim)), training=True)
                fake_logits, real_logits = (
                    self.discriminator(fake, training=True),
                    self.discriminator(real, training=True),
                )
                d_cost = tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)
                d_loss = d_cost + self.gp_weight * self.gradient_penalty(batch_size, real, fake)
            d_vars = self.discriminator.trainable_variables
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((batch_size, self.latent_dim)), training=True)
            g_loss = -tf.reduce_mean(self.discriminator(fake, training=True))
        g_vars = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


wgan = WGAN(dense(6, 1, name="discriminator"), dense(16, 6, name="generator"), latent_dim=16)
wgan.compile(keras.optimizers.Adam(1e-3, 0.5, 0.9), keras.optimizers.Adam(1e-3, 0.5, 0.9))
dataset = tf.data.Dataset.from_tensor_slices(rows).shuffle(4000).batch(64, drop_remainder=True)
history = wgan.fit(dataset, epochs=14, verbose=2).history
samples = wgan.generator.predict(tf.random.normal((1000, 16)), verbose=0)
ending(samples, rows[:2000], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
