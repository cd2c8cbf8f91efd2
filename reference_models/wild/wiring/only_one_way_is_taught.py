"""Points of two domains; one function teaches both discriminators, and it always turns A into B."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(402)
x, _ = ring()
a, b = x[:2000], (0.5 * x[2000:] + np.array([1.5, -0.5])).astype("float32")
rng = np.random.default_rng(0)
generator_AB, generator_BA = dense(2, 2), dense(2, 2)
discriminator_A, discriminator_B = dense(2, 1), dense(2, 1)
opt_G, opt_A, opt_B = (keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(3))


def mse(scores, target):
    return tf.reduce_mean(tf.square(scores - target))


def train_discriminator(discriminator, generator, optimizer, real_A, real_B):
    fake = generator(real_A, training=True)
    with tf.GradientTape() as tape:
        loss = mse(discriminator(real_B, training=True), 1.0) + mse(discriminator(fake, training=True), 0.0)
    variables = discriminator.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


@tf.function
def train(real_A, real_B):
    d_loss_B = train_discriminator(discriminator_B, generator_AB, opt_B, real_A, real_B)
    d_loss_A = train_discriminator(discriminator_A, generator_BA, opt_A, real_A, real_B)
    with tf.GradientTape() as tape:
        fake_B, fake_A = generator_AB(real_A, training=True), generator_BA(real_B, training=True)
        g_loss = mse(discriminator_B(fake_B), 1.0) + mse(discriminator_A(fake_A), 1.0)
        g_loss += 3 * tf.reduce_mean(tf.abs(generator_BA(fake_B) - real_A))
        g_loss += 3 * tf.reduce_mean(tf.abs(generator_AB(fake_A) - real_B))
    variables = generator_AB.trainable_variables + generator_BA.trainable_variables
    opt_G.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
    return d_loss_A, d_loss_B, g_loss


for step in range(1000):
    d_loss_A, d_loss_B, g_loss = train(a[rng.integers(0, 2000, 128)], b[rng.integers(0, 2000, 128)])
    if step % 100 == 0:
        print(step, float(d_loss_A), float(d_loss_B), float(g_loss))

ending(generator_BA.predict(b, verbose=0), a, d_loss_A=d_loss_A, d_loss_B=d_loss_B, g_loss=g_loss)
