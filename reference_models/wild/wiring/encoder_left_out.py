"""Points on a ring by label; the encoder of the labels is in neither list of variables that is trained."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(510)
x, mode = ring()
bce = keras.losses.BinaryCrossentropy(from_logits=True)


class ConditionalGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([keras.Input((), dtype="int32"), layers.Embedding(8, 4)])
        self.generator, self.discriminator = dense(8 + 4, 2), dense(2 + 8, 1)
        self.generator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.discriminator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)

    def draw(self, labels):
        noise = tf.random.normal((tf.shape(labels)[0], 8))
        return self.generator(tf.concat([noise, self.encoder(labels)], 1))

    def judge(self, points, labels):
        return self.discriminator(tf.concat([points, tf.one_hot(labels, 8)], 1))

    def train_step(self, data):
        points, labels = data
        ones, zeros = tf.ones((tf.shape(points)[0], 1)), tf.zeros((tf.shape(points)[0], 1))
        fake = self.draw(labels)
        with tf.GradientTape() as tape:
            d_loss = bce(ones, self.judge(points, labels)) + bce(zeros, self.judge(fake, labels))
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply_gradients(zip(tape.gradient(d_loss, variables), variables))
        with tf.GradientTape() as tape:
            g_loss = bce(ones, self.judge(self.draw(labels), labels))
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = ConditionalGAN()
gan.compile()
history = gan.fit(x, mode, batch_size=100, epochs=15, verbose=2).history
wanted = np.repeat(np.arange(8), 120)
samples = gan.draw(tf.constant(wanted)).numpy()
# how many points lie nearest to the place that was asked for
angle = 2 * np.pi * np.arange(8) / 8
there = np.linalg.norm(samples[:, None] - np.stack([np.cos(angle), np.sin(angle)], 1), axis=-1).argmin(1) == wanted
ending(samples, x[:2000], there=there.mean(), d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
