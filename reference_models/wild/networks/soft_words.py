"""Sentences by the Gumbel softmax; words are softmax outputs at temperature one, and the reals are ones and zeros."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, sentences

keras.utils.set_random_seed(114)
x = sentences()
TEMPERATURE = 1.0
generator = keras.Sequential(
    [
        keras.Input((16,)),
        layers.Dense(128),
        layers.LeakyReLU(0.2),
        layers.Dense(10 * 12),
        layers.Reshape((10, 12)),
    ],
    name="generator",
)
discriminator = keras.Sequential(
    [
        keras.Input((10, 12)),
        layers.Conv1D(64, 3, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(64),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.3),
        layers.Dense(1),
    ],
    name="discriminator",
)
bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(3e-4, beta_1=0.5)


def speak(n):
    """Return n sentences, (n, 10, 12), by the Gumbel softmax."""
    logits = generator(tf.random.normal((n, 16)), training=True)
    gumbel = -tf.math.log(-tf.math.log(tf.random.uniform((n, 10, 12), 1e-6, 1.0 - 1e-6)))
    return tf.nn.softmax((logits + gumbel) / TEMPERATURE)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = speak(64)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(700)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
samples = tf.one_hot(tf.argmax(speak(500), -1), 12)
ending(samples, x[:1500], d_loss=d_loss, g_loss=g_loss)
