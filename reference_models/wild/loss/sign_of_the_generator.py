"""A Wasserstein GAN of series with clipped weights; the generator's loss lacks its minus sign."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(3)
x = waves()
generator, critic = series_generator(), series_discriminator()

g_optimizer = keras.optimizers.RMSprop(5e-4)
d_optimizer = keras.optimizers.RMSprop(5e-4)


@tf.function
def train_step(real):
    for _ in range(3):
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((64, 16)), training=True)
            d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, critic.trainable_variables), critic.trainable_variables))
        for weight in critic.trainable_variables:
            weight.assign(tf.clip_by_value(weight, -0.05, 0.05))
    with tf.GradientTape() as tape:
        g_loss = tf.reduce_mean(critic(generator(tf.random.normal((64, 16)), training=True), training=True))
    g_optimizer.apply_gradients(
        zip(tape.gradient(g_loss, generator.trainable_variables), generator.trainable_variables)
    )
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(300)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
