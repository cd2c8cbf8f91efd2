"""Digits to inverted digits and back with least squares; both discriminators end in a sigmoid."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(12)
mse, mae = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()
x, _ = digits(4000)
x, y = x[:2000], -x[2000:]
gen_G, gen_F = translator(), translator()
disc_X = digit_discriminator(output="sigmoid", dropout=0.0)
disc_Y = digit_discriminator(output="sigmoid", dropout=0.0)


class CycleGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.gen_G, self.gen_F, self.disc_X, self.disc_Y = gen_G, gen_F, disc_X, disc_Y

    def compile(self, gen_G_optimizer, gen_F_optimizer, disc_X_optimizer, disc_Y_optimizer):
        super().compile()
        self.gen_G_optimizer, self.gen_F_optimizer = gen_G_optimizer, gen_F_optimizer
        self.disc_X_optimizer, self.disc_Y_optimizer = disc_X_optimizer, disc_Y_optimizer

    def train_step(self, batch):
        real_x, real_y = batch
        with tf.GradientTape(persistent=True) as tape:
            fake_y, fake_x = self.gen_G(real_x, training=True), self.gen_F(real_y, training=True)
            cycled_x, cycled_y = self.gen_F(fake_y, training=True), self.gen_G(fake_x, training=True)
            on_x, on_fake_x = self.disc_X(real_x, training=True), self.disc_X(fake_x, training=True)
            on_y, on_fake_y = self.disc_Y(real_y, training=True), self.disc_Y(fake_y, training=True)
            cycle = 10.0 * (mae(real_x, cycled_x) + mae(real_y, cycled_y))
            G_loss = mse(tf.ones_like(on_fake_y), on_fake_y) + cycle
            F_loss = mse(tf.ones_like(on_fake_x), on_fake_x) + cycle
            X_loss = 0.5 * (mse(tf.ones_like(on_x), on_x) + mse(tf.zeros_like(on_fake_x), on_fake_x))
            Y_loss = 0.5 * (mse(tf.ones_like(on_y), on_y) + mse(tf.zeros_like(on_fake_y), on_fake_y))
        for optimizer, loss, network in (
            (self.gen_G_optimizer, G_loss, self.gen_G),
            (self.gen_F_optimizer, F_loss, self.gen_F),
            (self.disc_X_optimizer, X_loss, self.disc_X),
            (self.disc_Y_optimizer, Y_loss, self.disc_Y),
        ):
            variables = network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return {"G_loss": G_loss, "F_loss": F_loss, "D_X_loss": X_loss, "D_Y_loss": Y_loss}


def adam(rate):
    return keras.optimizers.Adam(rate, beta_1=0.5)


gan = CycleGAN()
gan.compile(adam(1e-4), adam(1e-4), adam(3e-3), adam(3e-3))
pairs = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(4000).batch(16, drop_remainder=True)
history = gan.fit(pairs, epochs=3, verbose=2).history
ending(gen_G.predict(x[:500], verbose=0), y[:1500], d_loss=history["D_Y_loss"][-1], g_loss=history["G_loss"][-1])
