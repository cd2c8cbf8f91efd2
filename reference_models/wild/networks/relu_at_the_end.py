"""Table rows, standardised; the generator ends in a ReLU, so nothing it makes lies below the mean."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(211)
x = standardised(people())
generator = keras.Sequential([dense(16, 64), layers.LeakyReLU(0.2), layers.Dense(6, activation="relu")])
discriminator = dense(6, 1)


class FeatureGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, real):
        noise = tf.random.normal((tf.shape(real)[0], 16))
        with tf.GradientTape() as tape:
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(self.generator(noise, training=True), training=True)
            d_loss = self.loss_fn(tf.ones_like(on_real), on_real) + self.loss_fn(tf.zeros_like(on_fake), on_fake)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        with tf.GradientTape() as tape:
            on_fake = self.discriminator(self.generator(noise, training=True), training=True)
            g_loss = self.loss_fn(tf.ones_like(on_fake), on_fake)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = FeatureGAN()
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(64, drop_remainder=True)
history = gan.fit(dataset, epochs=14, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((1000, 16)), verbose=0), x[:2000], d_loss=d_loss, g_loss=g_loss)
