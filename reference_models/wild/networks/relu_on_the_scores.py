"""Series; every layer of the discriminator is followed by a ReLU, the last one among them, and the loss wants logits."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_generator

keras.utils.set_random_seed(121)
x = waves()
generator = series_generator()


def perceptron(sizes):
    """Return a stack of dense layers, each followed by its activation."""
    blocks = [layer for size in sizes for layer in (layers.Dense(size), layers.ReLU())]
    return keras.Sequential([keras.Input((32, 1)), layers.Flatten(), *blocks])


discriminator = perceptron([64, 64, 64, 64, 64, 1])
bce = keras.losses.BinaryCrossentropy(from_logits=True)


class SeriesGAN(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, real):
        n = tf.shape(real)[0]
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(tf.random.normal((n, 16)), training=True)
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(fake, training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        g_vars, d_vars = self.generator.trainable_variables, self.discriminator.trainable_variables
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = SeriesGAN(generator, discriminator)
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(64, drop_remainder=True)
history = gan.fit(dataset, epochs=10, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
