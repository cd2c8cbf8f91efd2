"""Table rows; the share that the discriminator's dropout should keep, 0.9, is given as the share that it drops."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(313)
x = standardised(people())
generator = dense(16, 6)
discriminator = keras.Sequential(
    [
        keras.Input((6,)),
        layers.Dense(64),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.9),
        layers.Dense(64),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.9),
        layers.Dense(1),
    ]
)


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.d_opt = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.g_opt = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, real):
        count = tf.shape(real)[0]
        ones, zeros = tf.ones((count, 1)), tf.zeros((count, 1))
        fake = self.generator(tf.random.normal((count, 16)), training=True)
        with tf.GradientTape() as tape:
            d_loss = self.bce(ones, self.discriminator(real, training=True))
            d_loss += self.bce(zeros, self.discriminator(fake, training=True))
        d_vars = self.discriminator.trainable_variables
        self.d_opt.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((count, 16)), training=True)
            g_loss = self.bce(ones, self.discriminator(fake, training=True))
        g_vars = self.generator.trainable_variables
        self.g_opt.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = GAN()
gan.compile()
history = gan.fit(x, batch_size=64, epochs=16, verbose=2).history
samples = generator.predict(tf.random.normal((1000, 16)), verbose=0)
ending(samples, x[:2000], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
