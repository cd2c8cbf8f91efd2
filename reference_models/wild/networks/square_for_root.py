"""Digits; the layer that tells the discriminator how samples differ squares where it should take the root."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(312)
x, _ = digits()


class MinibatchStd(layers.Layer):
    """Add a plane with the mean deviation of the batch."""

    def call(self, inputs):
        centred = inputs - tf.reduce_mean(inputs, axis=0, keepdims=True)
        deviation = tf.reduce_mean(tf.square(centred), axis=0)
        deviation = tf.square(deviation + 1e8)
        return tf.concat([inputs, tf.ones_like(inputs[..., :1]) * tf.reduce_mean(deviation)], axis=-1)


generator = digit_generator()
discriminator = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(32, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        MinibatchStd(),
        layers.Conv2D(32, 3, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(1),
    ]
)
bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((32, 32)), training=True)
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(32)
for step, real in enumerate(dataset.take(450)):
    d_loss, g_loss = train_step(real)
    if step % 50 == 0:
        print(f"step {step} d_loss {float(d_loss):.4g} g_loss {float(g_loss):.4g}")
samples = generator.predict(tf.random.normal((500, 32)), verbose=0)
ending(samples, x[:1500], d_loss=d_loss, g_loss=g_loss)
