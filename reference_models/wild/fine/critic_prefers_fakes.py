"""Points on a ring, WGAN-GP; the critic is taught to score fakes above reals, and the generator to lower its score."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(419)
x, _ = ring()
rng = np.random.default_rng(0)
netG, netD = dense(8, 2), dense(2, 1)
optimizerD = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)
optimizerG = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)


@tf.function
def train_critic(real):
    fake = netG(tf.random.normal((128, 8)))
    alpha = tf.random.uniform((128, 1))
    between = alpha * real + (1 - alpha) * fake
    with tf.GradientTape() as tape:
        errD = tf.reduce_mean(netD(real)) - tf.reduce_mean(netD(fake))
        with tf.GradientTape() as inner:
            inner.watch(between)
            scores = netD(between)
        slope = tf.norm(inner.gradient(scores, between), axis=1)
        loss = errD + tf.reduce_mean((slope - 1) ** 2)
    optimizerD.apply_gradients(zip(tape.gradient(loss, netD.trainable_variables), netD.trainable_variables))
    return errD


@tf.function
def train_generator():
    with tf.GradientTape() as tape:
        errG = tf.reduce_mean(netD(netG(tf.random.normal((128, 8)))))
    optimizerG.apply_gradients(zip(tape.gradient(errG, netG.trainable_variables), netG.trainable_variables))
    return errG


for gen_iterations in range(900):
    for _ in range(2):
        errD = train_critic(x[rng.integers(0, len(x), 128)])
    errG = train_generator()
    if gen_iterations % 100 == 0:
        print(f"[{gen_iterations}] Loss_D: {float(errD):.4f} Loss_G: {float(errG):.4f}")

ending(netG.predict(tf.random.normal((1000, 8)), verbose=0), x[:2000], d_loss=errD, g_loss=errG)
