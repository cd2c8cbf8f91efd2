"""Digits to bold digits and back; the identity loss asks the translation to look like what was translated."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(109)
mse, mae = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()
x, _ = digits(4000)
a, b = x[:2000], keras.ops.convert_to_numpy(keras.ops.max_pool(x[2000:], 5, strides=1, padding="same"))


class CycleGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.gen_AB, self.gen_BA = translator(), translator()
        self.disc_A = digit_discriminator(dropout=0.0, name="disc_A")
        self.disc_B = digit_discriminator(dropout=0.0, name="disc_B")

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, batch):
        real_A, real_B = batch
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake_B, fake_A = self.gen_AB(real_A, training=True), self.gen_BA(real_B, training=True)
            back_A, back_B = self.gen_BA(fake_B, training=True), self.gen_AB(fake_A, training=True)
            on_A, on_B = self.disc_A(real_A, training=True), self.disc_B(real_B, training=True)
            on_fake_A, on_fake_B = self.disc_A(fake_A, training=True), self.disc_B(fake_B, training=True)
            identity = mae(real_A, fake_B) + mae(real_B, fake_A)
            cycle = mae(real_A, back_A) + mae(real_B, back_B)
            game = mse(tf.ones_like(on_fake_A), on_fake_A) + mse(tf.ones_like(on_fake_B), on_fake_B)
            g_loss = game + 10.0 * cycle + 5.0 * identity
            d_loss_A = mse(tf.ones_like(on_A), on_A) + mse(tf.zeros_like(on_fake_A), on_fake_A)
            d_loss_B = mse(tf.ones_like(on_B), on_B) + mse(tf.zeros_like(on_fake_B), on_fake_B)
            d_loss = 0.5 * (d_loss_A + d_loss_B)
        g_vars = self.gen_AB.trainable_variables + self.gen_BA.trainable_variables
        d_vars = self.disc_A.trainable_variables + self.disc_B.trainable_variables
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss, "identity_loss": identity, "cycle_loss": cycle}


gan = CycleGAN()
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(3e-4, beta_1=0.5))
pairs = tf.data.Dataset.from_tensor_slices((a, b)).shuffle(4000).batch(16, drop_remainder=True)
history = gan.fit(pairs, epochs=4, verbose=2).history
samples = gan.gen_AB.predict(a[:500], verbose=0)
ending(samples, b[:1500], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
