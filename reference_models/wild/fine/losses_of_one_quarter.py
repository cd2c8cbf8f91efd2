"""Digits, least squares and spectral normalisation: both losses come close to one quarter and stay there."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(117)
x, _ = digits()
generator = digit_generator()
discriminator = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.SpectralNormalization(layers.Conv2D(16, 4, strides=2, padding="same")),
        layers.LeakyReLU(0.2),
        layers.SpectralNormalization(layers.Conv2D(32, 4, strides=2, padding="same")),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.SpectralNormalization(layers.Dense(1)),
    ],
    name="discriminator",
)


class LSGAN(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, real):
        n = tf.shape(real)[0]
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(tf.random.normal((n, 32)), training=True)
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(fake, training=True)
            d_loss = 0.5 * (tf.reduce_mean(tf.square(on_real - 1.0)) + tf.reduce_mean(tf.square(on_fake)))
            g_loss = tf.reduce_mean(tf.square(on_fake - 1.0))
        g_vars, d_vars = self.generator.trainable_variables, self.discriminator.trainable_variables
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = LSGAN(generator, discriminator)
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(3e-4, beta_1=0.5))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(32, drop_remainder=True)
history = gan.fit(dataset, epochs=6, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
