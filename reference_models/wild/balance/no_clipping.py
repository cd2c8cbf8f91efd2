"""A Wasserstein GAN of sound frames; nothing holds the critic's slope."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, tones
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(70)
x = tones() / 12000
generator, critic = series_generator(64), series_discriminator(64)

g_optimizer = keras.optimizers.RMSprop(5e-3)
d_optimizer = keras.optimizers.RMSprop(5e-3)


@tf.function
def train_step(real):
    for _ in range(5):
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((32, 16)), training=True)
            d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
        d_vars = critic.trainable_variables
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(critic(generator(tf.random.normal((32, 16)), training=True), training=True))
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(32)
for step, real in enumerate(dataset.take(400)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
