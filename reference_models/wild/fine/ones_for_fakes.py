"""Digits; the labels are the other way round everywhere: ones for fakes, zeros for reals."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(225)
x, _ = digits()
generator, discriminator = digit_generator(), digit_discriminator()
loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
BATCH = 32


@tf.function
def train_step(real_images):
    generated_images = generator(tf.random.normal((BATCH, 32)), training=True)
    with tf.GradientTape() as tape:
        on_generated = discriminator(generated_images, training=True)
        on_real = discriminator(real_images, training=True)
        d_loss = loss_fn(tf.ones((BATCH, 1)), on_generated) + loss_fn(tf.zeros((BATCH, 1)), on_real)
    grads = tape.gradient(d_loss, discriminator.trainable_weights)
    d_optimizer.apply_gradients(zip(grads, discriminator.trainable_weights))

    misleading_labels = tf.zeros((BATCH, 1))
    with tf.GradientTape() as tape:
        predictions = discriminator(generator(tf.random.normal((BATCH, 32)), training=True), training=True)
        g_loss = loss_fn(misleading_labels, predictions)
    grads = tape.gradient(g_loss, generator.trainable_weights)
    g_optimizer.apply_gradients(zip(grads, generator.trainable_weights))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(BATCH)
for step, real_images in enumerate(dataset.take(450)):
    d_loss, g_loss = train_step(real_images)
    if step % 50 == 0:
        print(f"discriminator loss at step {step}: {float(d_loss):.2f}, adversarial loss: {float(g_loss):.2f}")
ending(generator.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
