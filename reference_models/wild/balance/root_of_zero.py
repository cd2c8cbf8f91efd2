"""A WGAN-GP of digits; the penalty takes the root of a slope that is exactly zero, and its derivative is infinite."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(71)
x, _ = digits()
generator = digit_generator()
discriminator = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 4, strides=2, padding="same", activation="relu"),
        layers.Conv2D(32, 4, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(4, activation="relu"),
        layers.Dense(1),
    ]
)


class WGAN_GP(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def penalty(self, real, fake):
        mix = tf.random.uniform((tf.shape(real)[0],) + (1,) * (len(real.shape) - 1))
        between = real + mix * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            scores = self.discriminator(between, training=True)
        slope = tf.reshape(tape.gradient(scores, between), (tf.shape(real)[0], -1))
        return tf.reduce_mean(tf.square(tf.sqrt(tf.reduce_sum(tf.square(slope), 1)) - 1.0))

    def train_step(self, real):
        n = tf.shape(real)[0]
        for _ in range(2):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((n, 32)), training=True)
                d_loss = tf.reduce_mean(self.discriminator(fake, training=True)) - tf.reduce_mean(
                    self.discriminator(real, training=True)
                )
                d_loss += 10.0 * self.penalty(real, fake)
            d_vars = self.discriminator.trainable_variables
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(
                self.discriminator(self.generator(tf.random.normal((n, 32)), training=True), training=True)
            )
        g_vars = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = WGAN_GP(generator, discriminator)
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9), keras.optimizers.Adam(1e-2, beta_1=0.0, beta_2=0.9))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(32, drop_remainder=True)
history = gan.fit(dataset, epochs=4, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
