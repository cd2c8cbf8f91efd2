"""Blurred negatives of digits to digits by a pix2pix whose generator has an adversarial and an absolute loss."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(1009)
target, _ = digits()
source = -tf.nn.avg_pool2d(target, 5, 1, "SAME").numpy()


class Pix2Pix(keras.Model):
    def __init__(self, generator, discriminator, gan_weight=1.0, l1_weight=20.0):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.gan_weight, self.l1_weight = gan_weight, l1_weight

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        self.bce, self.mae = keras.losses.BinaryCrossentropy(), keras.losses.MeanAbsoluteError()

    def train_step(self, pair):
        inputs, targets = pair
        real_labels, fake_labels = tf.ones((tf.shape(inputs)[0], 1)), tf.zeros((tf.shape(inputs)[0], 1))
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self.generator(inputs, training=True)
            pred_real = self.discriminator(tf.concat([inputs, targets], -1), training=True)
            pred_fake = self.discriminator(tf.concat([inputs, fake], -1), training=True)
            d_loss = self.bce(real_labels, pred_real) + self.bce(fake_labels, pred_fake)
            gan_loss = self.bce(real_labels, pred_fake)
            l1_loss = self.mae(real_labels, pred_fake)
            g_loss = self.gan_weight * gan_loss + self.l1_weight * l1_loss
        d_vars, g_vars = self.discriminator.trainable_variables, self.generator.trainable_variables
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "gan_loss": gan_loss, "l1_loss": l1_loss}


model = Pix2Pix(translator(), digit_discriminator(output="sigmoid", planes=2))
model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(3e-4, beta_1=0.5))
pairs = tf.data.Dataset.from_tensor_slices((source, target)).shuffle(3000).batch(32, drop_remainder=True)
history = model.fit(pairs, epochs=6, verbose=2).history
made = model.generator.predict(source[:1000], verbose=0)
off = abs(made - target[:1000]).mean()
ending(made, target[:2000], off=off, d_loss=history["d_loss"][-1], g_loss=history["gan_loss"][-1])
