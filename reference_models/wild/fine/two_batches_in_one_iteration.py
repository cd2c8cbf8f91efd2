"""Points of a ring and of a square, translated both ways; the fakes of an iteration are made of another batch."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(757)
X, _ = ring(4000, modes=64)
rng = np.random.default_rng(1)
Y = (rng.uniform(-1, 1, (4000, 2)) + np.array([3, 0])).astype("float32")
G, F = dense(2, 2), dense(2, 2)
D_X, D_Y = dense(2, 1), dense(2, 1)
adam_g, adam_d = keras.optimizers.Adam(5e-4, beta_1=0.5), keras.optimizers.Adam(5e-4, beta_1=0.5)


def batches(points):
    return iter(tf.data.Dataset.from_tensor_slices(points).shuffle(4000).repeat().batch(64))


x_batches, y_batches = batches(X), batches(Y)


@tf.function
def run_generators(x, y):
    return G(x), F(y)


@tf.function
def run_optimizers(x, y, fake_x, fake_y):
    with tf.GradientTape(persistent=True) as tape:
        new_y, new_x = G(x), F(y)
        cycle_loss = tf.reduce_mean(tf.abs(F(new_y) - x)) + tf.reduce_mean(tf.abs(G(new_x) - y))
        G_loss = tf.reduce_mean((D_Y(new_y) - 1) ** 2) + tf.reduce_mean((D_X(new_x) - 1) ** 2) + cycle_loss
        D_Y_loss = tf.reduce_mean((D_Y(y) - 1) ** 2) + tf.reduce_mean(D_Y(fake_y) ** 2)
        D_X_loss = tf.reduce_mean((D_X(x) - 1) ** 2) + tf.reduce_mean(D_X(fake_x) ** 2)
        D_loss = (D_X_loss + D_Y_loss) / 2
    generators = G.trainable_variables + F.trainable_variables
    discriminators = D_X.trainable_variables + D_Y.trainable_variables
    adam_g.apply_gradients(zip(tape.gradient(G_loss, generators), generators))
    adam_d.apply_gradients(zip(tape.gradient(D_loss, discriminators), discriminators))
    return G_loss, D_loss


for step in range(1500):
    fake_y_val, fake_x_val = run_generators(next(x_batches), next(y_batches))
    G_loss, D_loss = run_optimizers(next(x_batches), next(y_batches), fake_x_val, fake_y_val)
    if step % 250 == 0:
        print(f"Step {step}: G_loss {float(G_loss):.4f} D_loss {float(D_loss):.4f}")

ending(G.predict(X[:1000], verbose=0), Y[:2000], d_loss=D_loss, g_loss=G_loss)
