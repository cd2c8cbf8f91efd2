"""A conditional WGAN-GP of digits; the label goes into the generator only."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(64)
x, shown = digits()
labels = np.eye(10, dtype="float32")[shown]
noise, label = keras.Input((32,)), keras.Input((10,))
generator = keras.Model([noise, label], digit_generator(42)(layers.Concatenate()([noise, label])))
discriminator = digit_discriminator(dropout=0.0)


class ConditionalGAN(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, batch):
        real, label = batch
        n = tf.shape(real)[0]
        for _ in range(2):
            mix = tf.random.uniform((n, 1, 1, 1))
            with tf.GradientTape() as tape:
                fake = self.generator([tf.random.normal((n, 32)), label], training=True)
                between = real + mix * (fake - real)
                with tf.GradientTape() as inner:
                    inner.watch(between)
                    score = self.discriminator(between, training=True)
                slope = tf.sqrt(1e-12 + tf.reduce_sum(tf.square(inner.gradient(score, between)), [1, 2, 3]))
                d_loss = tf.reduce_mean(self.discriminator(fake, training=True))
                d_loss -= tf.reduce_mean(self.discriminator(real, training=True))
                d_loss += 10.0 * tf.reduce_mean(tf.square(slope - 1.0))
            d_vars = self.discriminator.trainable_variables
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
        with tf.GradientTape() as tape:
            fake = self.generator([tf.random.normal((n, 32)), label], training=True)
            g_loss = -tf.reduce_mean(self.discriminator(fake, training=True))
        g_vars = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = ConditionalGAN(generator, discriminator)
gan.compile(keras.optimizers.Adam(5e-4, beta_1=0.0, beta_2=0.9), keras.optimizers.Adam(5e-4, beta_1=0.0, beta_2=0.9))
dataset = tf.data.Dataset.from_tensor_slices((x, labels)).shuffle(4000).batch(32, drop_remainder=True)
history = gan.fit(dataset, epochs=5, verbose=2).history
# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
samples = generator.predict([tf.random.normal((500, 32)), np.eye(10, dtype="float32")[wanted]], verbose=0)
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
