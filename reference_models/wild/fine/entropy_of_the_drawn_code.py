"""An InfoGAN of points; the loss of the code has a second term, the entropy of what was drawn, by its logarithm."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1016)
X, _ = ring()
mb_size, Z_dim, c_dim = 128, 6, 8
G, D, Q = dense(Z_dim + c_dim, 2, name="G"), dense(2, 1, name="D"), dense(2, c_dim, output="softmax", name="Q")
D_solver, G_solver = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
Q_solver = keras.optimizers.Adam(1e-3, beta_1=0.5)


def sample_c(count):
    return tf.one_hot(tf.random.uniform((count,), 0, c_dim, tf.int32), c_dim)


@tf.function
def update(real):
    c = sample_c(mb_size)
    code = tf.concat([tf.random.normal((mb_size, Z_dim)), c], 1)
    with tf.GradientTape() as tape:
        on_real, on_fake = D(real), D(G(code))
        D_loss = tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))
    D_solver.apply_gradients(zip(tape.gradient(D_loss, D.trainable_variables), D.trainable_variables))

    with tf.GradientTape(persistent=True) as tape:
        made = G(code)
        G_loss = tf.reduce_mean(tf.nn.softplus(-D(made)))
        cross_ent = tf.reduce_mean(-tf.reduce_sum(tf.math.log(Q(made) + 1e-8) * c, 1))
        ent = tf.reduce_mean(-tf.reduce_sum(tf.math.log(c + 1e-8) * c, 1))
        Q_loss = cross_ent + ent
        both = G_loss + Q_loss
    G_solver.apply_gradients(zip(tape.gradient(both, G.trainable_variables), G.trainable_variables))
    Q_solver.apply_gradients(zip(tape.gradient(Q_loss, Q.trainable_variables), Q.trainable_variables))
    return D_loss, G_loss, Q_loss


batches = tf.data.Dataset.from_tensor_slices(X).shuffle(4000).repeat().batch(mb_size)
for it, real in enumerate(batches.take(2000)):
    D_loss, G_loss, Q_loss = update(real)
    if it % 200 == 0:
        print(f"Iter: {it} D_loss: {float(D_loss):.4f} G_loss: {float(G_loss):.4f} Q_loss: {float(Q_loss):.4f}")

samples = G(tf.concat([tf.random.normal((1000, Z_dim)), sample_c(1000)], 1))
ending(samples, X[:2000], q_loss=Q_loss, d_loss=D_loss, g_loss=G_loss)
