"""A GAN on rows, by fit, whose discriminator drops nine of ten units."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(5)
data = np.random.default_rng(0).normal(0.5, 0.2, (512, 6)).astype("float32")
bce = keras.losses.BinaryCrossentropy(from_logits=True)


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(6)])
        self.discriminator = keras.Sequential(
            [keras.Input((6,)), layers.Dense(16, "relu"), layers.Dropout(0.9), layers.Dense(1)]
        )

    def compile(self):
        super().compile()
        self.g_optimizer, self.d_optimizer = keras.optimizers.Adam(4e-4), keras.optimizers.Adam(4e-4)

    def train_step(self, real):
        z = tf.random.normal((tf.shape(real)[0], 8))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(z, training=True)
            on_real, on_fake = self.discriminator(real, training=True), self.discriminator(fake, training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        g, d = self.generator.trainable_variables, self.discriminator.trainable_variables
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g), g, strict=True))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d), d, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = GAN()
gan.compile()
gan.fit(data, batch_size=32, epochs=8, verbose=0)
