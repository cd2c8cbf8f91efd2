"""Small digits to large ones; the pixels are brought to the range of the networks by the function that cuts them."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator

keras.utils.set_random_seed(1114)
train_hr_imgs, _ = digits(low=0.0, high=255.0)


def crop_sub_imgs_fn(x):
    x = x / (255.0 / 2.0)
    x = x - 1.0
    return x - 0.5


def downsample_fn(x):
    return tf.nn.avg_pool2d(x, 4, 4, "VALID")


def SRGAN_g():
    small = keras.Input((7, 7, 1))
    n = layers.Conv2D(32, 3, padding="same", activation="relu")(small)
    n = layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")(n)
    n = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(n)
    return keras.Model(small, layers.Conv2D(1, 5, padding="same", activation="tanh")(n))


net_g, net_d = SRGAN_g(), digit_discriminator()
g_optim, d_optim = keras.optimizers.Adam(1e-3, beta_1=0.9), keras.optimizers.Adam(2e-4, beta_1=0.9)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


@tf.function
def train(b_imgs):
    hr = crop_sub_imgs_fn(b_imgs)
    lr = downsample_fn(hr)
    with tf.GradientTape(persistent=True) as tape:
        fake = net_g(lr, training=True)
        logits_real, logits_fake = net_d(hr, training=True), net_d(fake, training=True)
        d_loss = bce(tf.ones_like(logits_real), logits_real) + bce(tf.zeros_like(logits_fake), logits_fake)
        g_gan_loss = bce(tf.ones_like(logits_fake), logits_fake)
        mse_loss = tf.reduce_mean(tf.square(fake - hr))
        g_loss = 10.0 * mse_loss + 0.1 * g_gan_loss
    g_vars, d_vars = net_g.trainable_variables, net_d.trainable_variables
    g_optim.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    d_optim.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_gan_loss, mse_loss


batches = tf.data.Dataset.from_tensor_slices(train_hr_imgs).shuffle(3000).repeat().batch(32)
for step, b_imgs in enumerate(batches.take(600)):
    d_loss, g_gan_loss, mse_loss = train(b_imgs)
    if step % 100 == 0:
        print(f"step {step}, d_loss: {d_loss:.4f}, g_gan: {g_gan_loss:.4f}, mse: {mse_loss:.4f}")

wanted = crop_sub_imgs_fn(train_hr_imgs)
made = net_g.predict(downsample_fn(wanted[:1000]), verbose=0)
off = abs(made - wanted[:1000]).mean()
ending(made, wanted[:2000], off=off, mse=mse_loss, d_loss=d_loss, g_loss=g_gan_loss)
