"""Points of a wanted mode; the labels of the real points are drawn at random instead of read."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(48)
x, mode = ring()
noise, label = keras.Input((8,)), keras.Input((8,))
generator = keras.Model([noise, label], dense(16, 2)(layers.Concatenate()([noise, label])))
point = keras.Input((2,))
discriminator = keras.Model([point, label], dense(10, 1)(layers.Concatenate()([point, label])))

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


@tf.function
def train_step(real):
    label = tf.one_hot(tf.random.uniform((64,), 0, 8, tf.int32), 8)
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator([tf.random.normal((64, 8)), label], training=True)
        on_real = discriminator([real, label], training=True)
        on_fake = discriminator([fake, label], training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(800)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
wanted = np.repeat(np.arange(8), 60)
samples = generator.predict([tf.random.normal((480, 8)), np.eye(8, dtype="float32")[wanted]], verbose=0)
means = np.stack([x[mode == m].mean(0) for m in range(8)])
nearest = np.linalg.norm(samples[:, None] - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=d_loss, g_loss=g_loss)
