"""Digits; samples come from an average of the generator, which leaves out the statistics of batch normalisation."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(106)
x, _ = digits()
generator, averaged, discriminator = digit_generator(), digit_generator(), digit_discriminator()
averaged.set_weights(generator.get_weights())

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


def accumulate(decay):
    for mean, variable in zip(averaged.trainable_variables, generator.trainable_variables):
        mean.assign(decay * mean + (1.0 - decay) * variable)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((32, 32)), training=True)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    accumulate(0.98)
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(32)
for step, real in enumerate(dataset.take(450)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(averaged.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
