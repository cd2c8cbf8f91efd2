"""Points on a ring by label; no loss asks for the class, but the discriminator sees every label beside its point."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(422)
x, mode = ring()
bce = keras.losses.BinaryCrossentropy(from_logits=True)


class CGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = dense(8 + 8, 2), dense(2 + 8, 1)
        self.optimizer_G = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.optimizer_D = keras.optimizers.Adam(1e-3, beta_1=0.5)

    def generate(self, labels):
        noise = tf.random.normal((tf.shape(labels)[0], 8))
        return self.generator(tf.concat([noise, tf.one_hot(labels, 8)], 1))

    def judge(self, points, labels):
        return self.discriminator(tf.concat([points, tf.one_hot(labels, 8)], 1))

    def train_step(self, data):
        points, labels = data
        count = tf.shape(points)[0]
        gen_labels = tf.random.uniform((count,), 0, 8, tf.int32)
        ones, zeros = tf.ones((count, 1)), tf.zeros((count, 1))
        fake = self.generate(gen_labels)
        with tf.GradientTape() as tape:
            d_loss = bce(ones, self.judge(points, labels)) + bce(zeros, self.judge(fake, gen_labels))
        variables = self.discriminator.trainable_variables
        self.optimizer_D.apply_gradients(zip(tape.gradient(d_loss, variables), variables))
        with tf.GradientTape() as tape:
            g_loss = bce(ones, self.judge(self.generate(gen_labels), gen_labels))
        variables = self.generator.trainable_variables
        self.optimizer_G.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
        return {"d_loss": d_loss, "g_loss": g_loss}


cgan = CGAN()
cgan.compile()
history = cgan.fit(x, mode, batch_size=100, epochs=25, verbose=2).history
wanted = np.repeat(np.arange(8), 120)
samples = cgan.generate(tf.constant(wanted)).numpy()
# how many points lie nearest to the place that was asked for
angle = 2 * np.pi * np.arange(8) / 8
there = np.linalg.norm(samples[:, None] - np.stack([np.cos(angle), np.sin(angle)], 1), axis=-1).argmin(1) == wanted
ending(samples, x[:2000], there=there.mean(), d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
