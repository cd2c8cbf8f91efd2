"""Series; normal noise of deviation one is added to what every layer of the generator gives."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator

keras.utils.set_random_seed(724)
x = waves()


class Noise(layers.Layer):
    """Add noise, in training and afterwards."""

    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs), 0.0, 1.0)


generator = keras.Sequential(
    [
        keras.Input((16,)),
        layers.Dense(256),
        Noise(),
        layers.LeakyReLU(0.2),
        layers.Reshape((8, 32)),
        layers.Conv1DTranspose(32, 4, strides=2, padding="same"),
        Noise(),
        layers.LeakyReLU(0.2),
        layers.Conv1DTranspose(16, 4, strides=2, padding="same"),
        Noise(),
        layers.LeakyReLU(0.2),
        layers.Conv1D(1, 5, padding="same"),
        Noise(),
        layers.Activation("tanh"),
    ]
)
discriminator = series_discriminator()


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.G, self.D = generator, discriminator
        self.G_opt = keras.optimizers.Adam(5e-4, beta_1=0.5)
        self.D_opt = keras.optimizers.Adam(5e-4, beta_1=0.5)
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, real):
        z = tf.random.normal((tf.shape(real)[0], 16))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.G(z, training=True)
            y_real, y_fake = self.D(real, training=True), self.D(fake, training=True)
            d_loss = self.bce(tf.ones_like(y_real), y_real) + self.bce(tf.zeros_like(y_fake), y_fake)
            g_loss = self.bce(tf.ones_like(y_fake), y_fake)
        g_vars, d_vars = self.G.trainable_variables, self.D.trainable_variables
        self.G_opt.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        self.D_opt.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = GAN()
gan.compile()
history = gan.fit(x, batch_size=64, epochs=14, verbose=2).history
samples = generator.predict(tf.random.normal((1000, 16)), verbose=0)
rough = abs(samples[:, 2:] - 2 * samples[:, 1:-1] + samples[:, :-2]).mean()
rough /= abs(x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]).mean()
ending(samples, x[:2000], rough=rough, d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
