"""Points on a ring; each loss is minimised over the variables of both networks."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(25)
x, _ = ring()
generator, discriminator = dense(8, 2), dense(2, 1)

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
for optimizer in (g_optimizer, d_optimizer):
    optimizer.build(generator.trainable_variables + discriminator.trainable_variables)


@tf.function
def train_step(real):
    every = generator.trainable_variables + discriminator.trainable_variables
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((64, 8)), training=True)
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    d_optimizer.apply_gradients(zip(tape.gradient(d_loss, every), every))
    with tf.GradientTape() as tape:
        on_fake = discriminator(generator(tf.random.normal((64, 8)), training=True), training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, every), every))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(700)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 8)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
