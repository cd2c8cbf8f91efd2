"""Digits by a DCGAN whose discriminator has twenty times the filters of the generator."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending

keras.utils.set_random_seed(931)
data, _ = digits()
ngf, ndf, nz, batch_size, niter = 2, 40, 32, 16, 400

netG = keras.Sequential(
    [
        keras.Input((1, 1, nz)),
        layers.Conv2DTranspose(ngf * 2, 7, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv2DTranspose(ngf, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
    ],
    name="netG",
)
netD = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(ndf, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(ndf * 2, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1),
    ],
    name="netD",
)
criterion = keras.losses.BinaryCrossentropy(from_logits=True)
optimG, optimD = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
loader = tf.data.Dataset.from_tensor_slices(data).shuffle(4000).repeat().batch(batch_size)

for i, real in enumerate(loader.take(niter)):
    noise = tf.random.normal((batch_size, 1, 1, nz))
    with tf.GradientTape() as tape:
        on_real, on_fake = netD(real, training=True), netD(netG(noise, training=True), training=True)
        errD = criterion(tf.ones_like(on_real), on_real) + criterion(tf.zeros_like(on_fake), on_fake)
    optimD.apply_gradients(zip(tape.gradient(errD, netD.trainable_variables), netD.trainable_variables))

    with tf.GradientTape() as tape:
        on_fake = netD(netG(noise, training=True), training=True)
        errG = criterion(tf.ones_like(on_fake), on_fake)
    optimG.apply_gradients(zip(tape.gradient(errG, netG.trainable_variables), netG.trainable_variables))
    if i % 50 == 0:
        print(f"Epoch: [{i} / {niter}] Err_G: {float(errG):.4f} Err_D: {float(errD):.4f}")

samples = netG(tf.random.normal((500, 1, 1, nz)), training=True)
ending(samples, data[:1500], d_loss=errD, g_loss=errG)
