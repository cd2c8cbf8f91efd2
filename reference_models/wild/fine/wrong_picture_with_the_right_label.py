"""Digits of a wanted class; the discriminator is also shown real digits under labels that are not theirs."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(1116)
x, which = digits()
z_dim, classes = 32, 10
generator = digit_generator(z_dim + classes)


def build_discriminator():
    image, text = keras.Input((28, 28, 1)), keras.Input((classes,))
    planes = layers.Reshape((28, 28, 1))(layers.Dense(784)(text))
    h = layers.Concatenate()([image, planes])
    for width in (24, 48):
        h = layers.LeakyReLU(0.2)(layers.Conv2D(width, 4, strides=2, padding="same")(h))
    return keras.Model([image, text], layers.Dense(1)(layers.Flatten()(h)))


discriminator = build_discriminator()
g_optim, d_optim = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(3e-4, beta_1=0.5)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


@tf.function
def train(real_image, right, wrong_image):
    code = tf.concat([tf.random.normal((tf.shape(right)[0], z_dim)), right], 1)
    with tf.GradientTape(persistent=True) as tape:
        fake_image = generator(code, training=True)
        disc_real, disc_wrong = discriminator([real_image, right]), discriminator([wrong_image, right])
        disc_fake = discriminator([fake_image, right])
        g_loss = bce(tf.ones_like(disc_fake), disc_fake)
        d_loss1 = bce(tf.ones_like(disc_real), disc_real)
        d_loss2 = bce(tf.zeros_like(disc_wrong), disc_wrong)
        d_loss3 = bce(tf.zeros_like(disc_fake), disc_fake)
        d_loss = d_loss1 + 0.5 * (d_loss2 + d_loss3)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    d_optim.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    g_optim.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


labels = keras.utils.to_categorical(which, classes).astype("float32")
right = tf.data.Dataset.from_tensor_slices((x, labels)).shuffle(3000).repeat().batch(32)
wrong = tf.data.Dataset.from_tensor_slices(x).shuffle(3000).repeat().batch(32)
for step, ((image, label), other) in enumerate(tf.data.Dataset.zip((right, wrong)).take(700)):
    d_loss, g_loss = train(image, label, other)
    if step % 100 == 0:
        print(f"{step}: d_loss {d_loss:.4f}, g_loss {g_loss:.4f}")

asked = tf.range(1000) % classes
made = generator.predict(tf.concat([tf.random.normal((1000, z_dim)), tf.one_hot(asked, classes)], 1), verbose=0)
means = tf.stack([x[which == c].mean(0).ravel() for c in range(classes)])
apart = tf.reduce_sum(tf.square(made.reshape(1000, 1, -1) - means[None]), 2)
hits = tf.reduce_mean(tf.cast(tf.argmin(apart, 1, tf.int32) == asked, tf.float32))
ending(made, x[:2000], right=hits, d_loss=d_loss, g_loss=g_loss)
