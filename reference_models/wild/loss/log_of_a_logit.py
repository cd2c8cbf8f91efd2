"""A GAN of table rows; the logarithm is taken of outputs that are no probabilities."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(5)
x = standardised(people())
generator, discriminator = dense(16, 6), dense(6, 1)

g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((64, 16)), training=True)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        d_loss = -tf.reduce_mean(tf.math.log(on_real) + tf.math.log(1.0 - on_fake))
        g_loss = -tf.reduce_mean(tf.math.log(on_fake))
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(300)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
