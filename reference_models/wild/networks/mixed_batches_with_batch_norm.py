"""The discriminator normalises batches; it is trained on batches of both kinds, the generator on batches of fakes."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(62)
x, _ = digits()
generator = digit_generator()
discriminator = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 4, strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Conv2D(32, 4, strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1),
    ]
)

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


@tf.function
def train_step(real):
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((32, 32)), training=True)
        out = discriminator(tf.concat([real, fake], 0), training=True)
        labels = tf.concat([tf.ones((32, 1)), tf.zeros((32, 1))], 0)
        d_loss = bce(labels, out)
    d_vars = discriminator.trainable_variables
    d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    with tf.GradientTape() as tape:
        on_fake = discriminator(generator(tf.random.normal((32, 32)), training=True), training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(32)
for step, real in enumerate(dataset.take(600)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
