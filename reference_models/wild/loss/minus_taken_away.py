"""Points on a ring, a WGAN with clipped weights; the minus is missing from the generator's loss, not from the critic's."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(418)
x, _ = ring()
rng = np.random.default_rng(0)
G, D = dense(8, 2), dense(2, 1)
D_solver = keras.optimizers.RMSprop(5e-4)
G_solver = keras.optimizers.RMSprop(5e-4)


@tf.function
def critic_step(X_mb):
    G_sample = G(tf.random.normal((128, 8)))
    with tf.GradientTape() as tape:
        D_loss = tf.reduce_mean(D(X_mb)) - tf.reduce_mean(D(G_sample))
        loss = -D_loss
    theta_D = D.trainable_variables
    D_solver.apply_gradients(zip(tape.gradient(loss, theta_D), theta_D))
    for weight in theta_D:
        weight.assign(tf.clip_by_value(weight, -0.1, 0.1))
    return D_loss


@tf.function
def generator_step():
    with tf.GradientTape() as tape:
        G_loss = tf.reduce_mean(D(G(tf.random.normal((128, 8)))))
    theta_G = G.trainable_variables
    G_solver.apply_gradients(zip(tape.gradient(G_loss, theta_G), theta_G))
    return G_loss


for it in range(600):
    for _ in range(5):
        D_loss = critic_step(x[rng.integers(0, len(x), 128)])
    G_loss = generator_step()
    if it % 100 == 0:
        print(f"Iter: {it}; D loss: {float(D_loss):.4}; G_loss: {float(G_loss):.4}")

ending(G.predict(tf.random.normal((1000, 8)), verbose=0), x[:2000], d_loss=D_loss, g_loss=G_loss)
