"""Digits of which the right half is missing; a generator fills the hole, and one of its losses looks at a mask."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(1106)
x, _ = digits()
hole = tf.concat([tf.zeros((1, 28, 14, 1)), tf.ones((1, 28, 14, 1))], 2)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def reverse_mask(mask):
    return 1.0 - mask


class Inpainter(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def call(self, images, training=False):
        masked = images * reverse_mask(hole)
        mask = tf.broadcast_to(hole, tf.shape(images))
        drawn = self.generator(tf.concat([masked, mask], -1), training=training)
        return masked + drawn * hole

    def train_step(self, images):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            predicted = self(images, training=True)
            on_real, on_fake = self.discriminator(images, training=True), self.discriminator(predicted, training=True)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
            reversed_mask = reverse_mask(hole)
            reversed_mask_loss = tf.reduce_mean(tf.square(images * reversed_mask - predicted * reversed_mask))
            adversarial = bce(tf.ones_like(on_fake), on_fake)
            g_loss = 0.6 * adversarial + 40.0 * reversed_mask_loss
        d_vars, g_vars = self.discriminator.trainable_variables, self.generator.trainable_variables
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "adversarial": adversarial, "reversed_mask_loss": reversed_mask_loss}


model = Inpainter(translator(2), digit_discriminator())
model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(3e-4, beta_1=0.5))
data = tf.data.Dataset.from_tensor_slices(x).shuffle(3000).batch(32, drop_remainder=True)
history = model.fit(data, epochs=7, verbose=2).history
filled = model(tf.constant(x[:1000])).numpy()[:, :, 14:]
off = abs(filled - x[:1000, :, 14:]).mean()
ending(filled, x[:2000, :, 14:], off=off, d_loss=history["d_loss"][-1], g_loss=history["adversarial"][-1])
