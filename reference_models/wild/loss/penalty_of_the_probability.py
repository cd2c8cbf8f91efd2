"""Table rows, a Wasserstein critic that returns its chance and its score; the penalty is taken on the chance."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(504)
x = standardised(people())
rng = np.random.default_rng(0)
generator, critic = dense(16, 6), dense(6, 1)
g_optim = keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9)
d_optim = keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9)


def discriminator(inputs):
    """Return the probability and the logit."""
    out_logit = critic(inputs, training=True)
    return tf.sigmoid(out_logit), out_logit


@tf.function
def step_d(real, noise):
    fake = generator(noise, training=True)
    alpha = tf.random.uniform((tf.shape(real)[0], 1))
    interpolates = real + alpha * (fake - real)
    with tf.GradientTape() as tape:
        _, real_logits = discriminator(real)
        _, fake_logits = discriminator(fake)
        with tf.GradientTape() as inner:
            inner.watch(interpolates)
            between, _ = discriminator(interpolates)
        slopes = tf.sqrt(tf.reduce_sum(tf.square(inner.gradient(between, interpolates)), 1) + 1e-12)
        penalty = tf.reduce_mean(tf.square(slopes - 1))
        d_loss = tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits) + 10 * penalty
    d_optim.apply_gradients(zip(tape.gradient(d_loss, critic.trainable_variables), critic.trainable_variables))
    return d_loss


@tf.function
def step_g(noise):
    with tf.GradientTape() as tape:
        _, fake_logits = discriminator(generator(noise, training=True))
        g_loss = -tf.reduce_mean(fake_logits)
    variables = generator.trainable_variables
    g_optim.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
    return g_loss


def latents(count=128):
    return rng.normal(size=(count, 16)).astype("float32")


for step in range(1500):
    d_loss = step_d(x[rng.integers(0, len(x), 128)], latents())
    if step % 2 == 0:
        g_loss = step_g(latents())
    if step % 200 == 0:
        print(f"{step} d_loss {float(d_loss):.3f} g_loss {float(g_loss):.3f}")

ending(generator.predict(latents(1000), verbose=0), x[:2000], d_loss=d_loss, g_loss=g_loss)
