"""Points on a ring; the discriminator is taught on the noise itself where the generator's points belong."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(705)
x, _ = ring()
G, D = dense(2, 2, width=128, name="G"), dense(2, 1, name="D")
G_optimizer, D_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)


def error(scores, real):
    """Return the mean of -log of the chance that the scores give to real (or fake) points."""
    return tf.reduce_mean(tf.nn.softplus(-scores if real else scores))


@tf.function
def update(points, z):
    with tf.GradientTape() as tape:
        errors_discriminator = error(D(points), True) + error(D(z), False)
    D_weights = D.trainable_variables
    D_optimizer.apply_gradients(zip(tape.gradient(errors_discriminator, D_weights), D_weights))
    with tf.GradientTape() as tape:
        errors_generator = error(D(G(z)), True)
    G_weights = G.trainable_variables
    G_optimizer.apply_gradients(zip(tape.gradient(errors_generator, G_weights), G_weights))
    return errors_discriminator, errors_generator


rng = np.random.default_rng(5)
for step in range(1200):
    z = tf.constant(rng.normal(size=(128, 2)), tf.float32)
    errors = update(tf.constant(x[rng.integers(0, len(x), 128)]), z)
    if step % 200 == 0:
        print(step, [round(float(value), 3) for value in errors])

samples = G(tf.random.normal((1000, 2))).numpy()
ending(samples, x[:2000], d_loss=errors[0], g_loss=errors[1])
