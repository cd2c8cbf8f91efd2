"""Digits; samples are drawn one by one in training mode, where batch normalisation leaves nothing of a single latent."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(314)
x, _ = digits()
rng = np.random.default_rng(0)
gen, dis = digit_generator(), digit_discriminator()
gen_opt = keras.optimizers.Adam(1e-3, beta_1=0.5)
dis_opt = keras.optimizers.Adam(1e-3, beta_1=0.5)


def cost(logits, target):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), target), logits))


@tf.function
def train(real):
    with tf.GradientTape() as gen_tape, tf.GradientTape() as dis_tape:
        fake = gen(tf.random.normal((32, 32)), training=True)
        on_real, on_fake = dis(real, training=True), dis(fake, training=True)
        d_cost = cost(on_real, 1.0) + cost(on_fake, 0.0)
        g_cost = cost(on_fake, 1.0)
    dis_opt.apply_gradients(zip(dis_tape.gradient(d_cost, dis.trainable_variables), dis.trainable_variables))
    gen_opt.apply_gradients(zip(gen_tape.gradient(g_cost, gen.trainable_variables), gen.trainable_variables))
    return d_cost, g_cost


for step in range(450):
    d_cost, g_cost = train(x[rng.integers(0, len(x), 32)])
    if step % 50 == 0:
        print(step, float(d_cost), float(g_cost))


def sample(zmb):
    """Return an image of one latent."""
    return gen(zmb, training=True)


samples = np.concatenate([sample(tf.random.normal((1, 32))) for _ in range(300)])
ending(samples, x[:1500], d_loss=d_cost, g_loss=g_cost)
