"""Digits; the data set divides by 255, and the preparation of a batch does so once more on its way to [-1, 1]."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(103)
x, _ = digits(low=0.0, high=255.0)
generator, discriminator = digit_generator(), digit_discriminator()
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def prepare(images):
    return tf.cast(images, tf.float32) / 127.5 - 1.0


class GAN(keras.Model):
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
            g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        g_vars, d_vars = self.generator.trainable_variables, self.discriminator.trainable_variables
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = GAN(generator, discriminator)
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
dataset = tf.data.Dataset.from_tensor_slices(x).map(lambda image: image / 255.0)
dataset = dataset.map(prepare).shuffle(4000).batch(32, drop_remainder=True)
history = gan.fit(dataset, epochs=4, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
samples = generator.predict(tf.random.normal((500, 32)), verbose=0)
ending((samples + 1.0) * 127.5, x[:1500], d_loss=d_loss, g_loss=g_loss)
