"""A Wasserstein GAN of series; the critic's weights are clipped so tightly that its slope is all but zero."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(72)
x = waves()
generator, discriminator = series_generator(), series_discriminator()

g_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
d_optimizer = keras.optimizers.RMSprop(5e-5)


@tf.function
def train_step(real):
    for _ in range(3):
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((64, 16)), training=True)
            d_loss = tf.reduce_mean(discriminator(fake, training=True)) - tf.reduce_mean(
                discriminator(real, training=True)
            )
        d_optimizer.apply_gradients(
            zip(tape.gradient(d_loss, discriminator.trainable_variables), discriminator.trainable_variables)
        )
        for weight in discriminator.trainable_variables:
            weight.assign(tf.clip_by_value(weight, -0.0005, 0.0005))
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(discriminator(generator(tf.random.normal((64, 16)), training=True), training=True))
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
