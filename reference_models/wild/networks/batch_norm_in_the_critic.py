"""A WGAN-GP of series whose critic has batch normalisation."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(61)
x = waves()
generator, discriminator = series_generator(), series_discriminator(normalised=True)


class WGAN_GP(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def penalty(self, real, fake):
        mix = tf.random.uniform((tf.shape(real)[0],) + (1,) * (len(real.shape) - 1))
        between = real + mix * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.discriminator(between, training=True)
        slope = tf.reshape(tape.gradient(scores, between), (tf.shape(real)[0], -1))
        return tf.reduce_mean(tf.square(tf.sqrt(1e-12 + tf.reduce_sum(tf.square(slope), 1)) - 1.0))

    def train_step(self, real):
        n = tf.shape(real)[0]
        for _ in range(3):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((n, 16)), training=True)
                d_loss = tf.reduce_mean(self.discriminator(fake, training=True)) - tf.reduce_mean(
                    self.discriminator(real, training=True)
                )
                d_loss += 10.0 * self.penalty(real, fake)
            d_vars = self.discriminator.trainable_variables
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(
                self.discriminator(self.generator(tf.random.normal((n, 16)), training=True), training=True)
            )
        g_vars = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = WGAN_GP(generator, discriminator)
gan.compile(keras.optimizers.Adam(5e-4, beta_1=0.0, beta_2=0.9), keras.optimizers.Adam(5e-4, beta_1=0.0, beta_2=0.9))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(64, drop_remainder=True)
history = gan.fit(dataset, epochs=5, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
