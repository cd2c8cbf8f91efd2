"""Points on a ring; the discriminator's batches are collected once and used up by the end of the first epoch."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(110)
x, _ = ring()
generator, discriminator = dense(8, 2, width=128), dense(2, 1, width=128)
rng = np.random.default_rng(0)

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


def teach_discriminator(real):
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((128, 8)), training=True)
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    d_vars = discriminator.trainable_variables
    d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    return d_loss


def teach_generator():
    with tf.GradientTape() as tape:
        on_fake = discriminator(generator(tf.random.normal((128, 8)), training=True), training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return g_loss


batches = []
for epoch in range(20):
    if epoch == 0:
        order = rng.permutation(len(x))
        batches = [x[order[i : i + 128]] for i in range(0, len(x) - 127, 128)]
    for _ in range(31):
        if batches:
            d_loss = teach_discriminator(batches.pop())
        g_loss = teach_generator()
    if epoch % 4 == 0:
        print(epoch, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 8)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
