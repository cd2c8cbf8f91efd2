"""Table rows; the discriminator is updated five times as often, on a cross-entropy."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(76)
x = standardised(people())
generator, discriminator = dense(16, 6, width=32), dense(6, 1, width=256)

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(2e-3, beta_1=0.5)


@tf.function
def train_step(real):
    for _ in range(5):
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((64, 16)), training=True)
            on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        d_vars = discriminator.trainable_variables
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    with tf.GradientTape() as tape:
        on_fake = discriminator(generator(tf.random.normal((64, 16)), training=True), training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(400)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
