"""An adversarial autoencoder of a ring: a number of four and one value, each with a discriminator of its own."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1)
x, _ = ring(modes=4)
n_labels, z_dim, batch_size = 4, 1, 128
encoder, decoder = dense(2, n_labels + z_dim, name="encoder"), dense(n_labels + z_dim, 2, name="decoder")
discriminator_gauss, discriminator_categorical = dense(z_dim, 1), dense(n_labels, 1)
bce = keras.losses.BinaryCrossentropy(from_logits=True)
autoencoder_optimizer = keras.optimizers.Adam(2e-4)
dc_g_optimizer, dc_c_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
generator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


def encode(points):
    code = encoder(points, training=True)
    return tf.nn.softmax(code[:, :n_labels]), code[:, n_labels:]


def drawn(count):
    number = tf.random.uniform((count,), 0, n_labels, tf.int32)
    return tf.one_hot(number, n_labels), tf.random.normal((count, z_dim))


def apply(tape, optimizer, loss, variables):
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


@tf.function
def train(points):
    real_c, real_z = drawn(batch_size)
    with tf.GradientTape() as tape:
        autoencoder_loss = tf.reduce_mean(tf.square(decoder(tf.concat(encode(points), 1), training=True) - points))
    apply(tape, autoencoder_optimizer, autoencoder_loss, encoder.trainable_variables + decoder.trainable_variables)

    fake_c, fake_z = encode(points)
    with tf.GradientTape() as tape:
        d_real, d_fake = discriminator_gauss(real_z), discriminator_gauss(fake_z)
        dc_g_loss = bce(tf.ones_like(d_real), d_real) + bce(tf.zeros_like(d_fake), d_fake)
    apply(tape, dc_g_optimizer, dc_g_loss, discriminator_gauss.trainable_variables)
    with tf.GradientTape() as tape:
        d_real, d_fake = discriminator_categorical(real_c), discriminator_categorical(fake_c)
        dc_c_loss = bce(tf.ones_like(d_real), d_real) + bce(tf.ones_like(d_fake), d_fake)
    apply(tape, dc_c_optimizer, dc_c_loss, discriminator_categorical.trainable_variables)

    with tf.GradientTape() as tape:
        fake_c, fake_z = encode(points)
        d_z, d_c = discriminator_gauss(fake_z), discriminator_categorical(fake_c)
        generator_loss = bce(tf.ones_like(d_z), d_z) + bce(tf.ones_like(d_c), d_c)
    apply(tape, generator_optimizer, generator_loss, encoder.trainable_variables)
    return autoencoder_loss, dc_g_loss, dc_c_loss, generator_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(batch_size)
for step, points in enumerate(dataset.take(1500)):
    losses = train(points)
    if step % 300 == 0:
        print(step, *(f"{float(loss):.4f}" for loss in losses))

samples = decoder(tf.concat(drawn(1000), 1))
sure = tf.reduce_mean(tf.reduce_max(encode(x[:1000])[0], 1))
ending(samples, x[:2000], sure=sure, gauss=losses[1], categorical=losses[2], g_loss=losses[3])
