"""Table rows with a code, InfoGAN; the entropy of the code is added where it should be taken away."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(755)
x = standardised(people())
G, D, Q = dense(16 + 3, 6), dense(6, 1), dense(6, 3, output="softmax")
G_solver, D_solver, Q_solver = (keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(3))


def sample_c(count):
    return tf.one_hot(tf.random.uniform((count,), 0, 3, tf.int32), 3)


def generate(c):
    return G(tf.concat([tf.random.normal((len(c), 16)), c], 1))


def minimise(solver, tape, loss, variables):
    solver.apply_gradients(zip(tape.gradient(loss, variables), variables))


@tf.function
def train(X):
    c = sample_c(64)
    with tf.GradientTape(persistent=True) as tape:
        G_sample = generate(c)
        D_real, D_fake = D(X), D(G_sample)
        D_loss = tf.reduce_mean(tf.nn.softplus(-D_real)) + tf.reduce_mean(tf.nn.softplus(D_fake))
        Q_c_given_x = Q(G_sample)
        crossent_loss = tf.reduce_mean(-tf.reduce_sum(c * tf.math.log(Q_c_given_x + 1e-8), 1))
        ent_loss = tf.reduce_mean(-tf.reduce_sum(c * tf.math.log(c + 1e-8), 1))
        mi_loss = crossent_loss + ent_loss
        G_loss = tf.reduce_mean(tf.nn.softplus(-D_fake)) + mi_loss
    minimise(D_solver, tape, D_loss, D.trainable_variables)
    minimise(G_solver, tape, G_loss, G.trainable_variables)
    minimise(Q_solver, tape, mi_loss, Q.trainable_variables)
    return D_loss, G_loss, mi_loss


rng = np.random.default_rng(0)
for it in range(1200):
    losses = train(tf.constant(x[rng.integers(0, len(x), 64)]))
    if it % 200 == 0:
        print(f"Iter: {it}; D_loss: {losses[0]:.4f}; G_loss: {losses[1]:.4f}; Idisc: {losses[2]:.4f}")

c = sample_c(1000)
samples = generate(c)
told = np.mean(np.argmax(Q(samples), 1) == np.argmax(c, 1))
ending(samples, x[:2000], told=told, d_loss=losses[0], g_loss=losses[1])
