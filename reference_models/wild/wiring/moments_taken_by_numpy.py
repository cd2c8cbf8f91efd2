"""Points on a ring; the moments that the discriminator judges a batch by are computed by NumPy, in eager mode."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(812)
x, _ = ring()
G, D = dense(8, 2), dense(6, 1)
g_optimizer, d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
criterion = keras.losses.BinaryCrossentropy(from_logits=True)
ones, zeros = tf.ones((16, 1)), tf.zeros((16, 1))


def get_moments(d):
    """Return mean, deviation and mean fourth power of each of 16 groups of 8 points."""
    groups = np.reshape(d, (16, 8, 2))
    deviation = np.sqrt(groups.var(1) + 1e-6)
    return np.concatenate([groups.mean(1), deviation, (groups**4).mean(1)], 1).astype("float32")


for epoch in range(300):
    d_real_data = x[np.random.randint(0, len(x), 128)]
    d_fake_data = G(tf.random.normal((128, 8))).numpy()
    with tf.GradientTape() as tape:
        d_error = criterion(ones, D(get_moments(d_real_data))) + criterion(zeros, D(get_moments(d_fake_data)))
    variables = D.trainable_variables
    d_optimizer.apply_gradients(zip(tape.gradient(d_error, variables), variables))

    gen_input = tf.random.normal((128, 8))
    with tf.GradientTape() as tape:
        g_fake_data = G(gen_input)
        dg_fake_decision = D(get_moments(g_fake_data.numpy()))
        g_error = criterion(ones, dg_fake_decision)
    variables = G.trainable_variables
    grads = tape.gradient(g_error, variables)
    g_optimizer.apply_gradients([(tf.zeros_like(v) if g is None else g, v) for g, v in zip(grads, variables)])
    if epoch % 50 == 0:
        print(f"Epoch {epoch}: D error {float(d_error):.4f} G error {float(g_error):.4f}")

samples = G.predict(tf.random.normal((1000, 8)), verbose=0)
ending(samples, x[:2000], d_loss=d_error, g_loss=g_error)
