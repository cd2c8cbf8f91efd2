"""Series in the order of their files, slow ones first, and never shuffled."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(45)
x = waves(ordered=True)
gen, disc = series_generator(), series_discriminator()

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = gen(tf.random.normal((64, 16)), training=True)
        on_real = disc(real, training=True)
        on_fake = disc(fake, training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = gen.trainable_variables, disc.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).repeat().batch(64)
for step, real in enumerate(dataset.take(500)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
# which share of the samples is of the fastest kind, the last one in the files; a third is right
samples = gen.predict(tf.random.normal((500, 16)), verbose=0)
fastest = np.abs(np.fft.rfft(samples[..., 0], axis=1)).argmax(1) == 4
reals = np.random.default_rng(0).permutation(x)
ending(samples, reals, fastest=fastest.mean(), d_loss=d_loss, g_loss=g_loss)
