"""Digits; the rate of the discriminator can be set, but the generator's is the one that both optimisers read."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(758)
x, _ = digits()
G_lrate, D_lrate = 8e-4, 4e-4
options = {"lrate_in": G_lrate, "beta1": 0.5, "beta2": 0.99}


def make_optimizer():
    return keras.optimizers.Adam(options["lrate_in"], options["beta1"], options["beta2"])


class StyleLess(keras.Model):
    def __init__(self):
        super().__init__()
        self.G, self.D = digit_generator(), digit_discriminator()
        self.G_opt, self.D_opt = make_optimizer(), make_optimizer()

    def train_step(self, reals):
        with tf.GradientTape() as G_tape, tf.GradientTape() as D_tape:
            fakes = self.G(tf.random.normal((tf.shape(reals)[0], 32)), training=True)
            real_scores, fake_scores = self.D(reals, training=True), self.D(fakes, training=True)
            G_loss = tf.reduce_mean(tf.nn.softplus(-fake_scores))
            D_loss = tf.reduce_mean(tf.nn.softplus(fake_scores) + tf.nn.softplus(-real_scores))
        self.G_opt.apply_gradients(zip(G_tape.gradient(G_loss, self.G.trainable_variables), self.G.trainable_variables))
        self.D_opt.apply_gradients(zip(D_tape.gradient(D_loss, self.D.trainable_variables), self.D.trainable_variables))
        return {"d_loss": D_loss, "g_loss": G_loss}


gan = StyleLess()
gan.compile()
history = gan.fit(x, batch_size=32, epochs=6, verbose=2).history
samples = gan.G.predict(tf.random.normal((500, 32)), verbose=0)
ending(samples, x[:1500], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
