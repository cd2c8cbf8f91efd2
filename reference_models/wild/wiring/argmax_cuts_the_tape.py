"""Sentences; the most likely words are chosen with argmax before the discriminator sees them."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, sentences

keras.utils.set_random_seed(20)
x = sentences()
generator = keras.Sequential(
    [
        keras.Input((16,)),
        layers.RepeatVector(10),
        layers.GRU(32, return_sequences=True),
        layers.Dense(12, activation="softmax"),
    ]
)
discriminator = keras.Sequential([keras.Input((10, 12)), layers.Dense(24), layers.GRU(24), layers.Dense(1)])

bce = keras.losses.BinaryCrossentropy(from_logits=True)


class TextGAN(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, real):
        n = tf.shape(real)[0]
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            chances = self.generator(tf.random.normal((n, 16)), training=True)
            fake = tf.one_hot(tf.argmax(chances, -1), 12)
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(fake, training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        g_vars, d_vars = self.generator.trainable_variables, self.discriminator.trainable_variables
        g_grads = g_tape.gradient(g_loss, g_vars)
        self.g_optimizer.apply_gradients(zip(g_grads, g_vars))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = TextGAN(generator, discriminator)
gan.compile(keras.optimizers.Adam(5e-4, beta_1=0.5), keras.optimizers.Adam(5e-4, beta_1=0.5))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(64, drop_remainder=True)
history = gan.fit(dataset, epochs=4, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500])
