"""Digits; every weight is drawn around 0 as the paper says, but those of batch normalisation are drawn around 1."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending

keras.utils.set_random_seed(423)
x, _ = digits()
rng = np.random.default_rng(0)
conv, gamma = keras.initializers.RandomNormal(0.0, 0.02, seed=1), keras.initializers.RandomNormal(1.0, 0.02, seed=2)
netG = keras.Sequential(
    [
        keras.Input((32,)),
        layers.Dense(7 * 7 * 16, use_bias=False, kernel_initializer=conv),
        layers.BatchNormalization(momentum=0.9, gamma_initializer=gamma),
        layers.ReLU(),
        layers.Reshape((7, 7, 16)),
        layers.Conv2DTranspose(16, 4, strides=2, padding="same", use_bias=False, kernel_initializer=conv),
        layers.BatchNormalization(momentum=0.9, gamma_initializer=gamma),
        layers.ReLU(),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh", kernel_initializer=conv),
    ]
)
netD = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 4, strides=2, padding="same", kernel_initializer=conv),
        layers.LeakyReLU(0.2),
        layers.Conv2D(32, 4, strides=2, padding="same", use_bias=False, kernel_initializer=conv),
        layers.BatchNormalization(momentum=0.9, gamma_initializer=gamma),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1, kernel_initializer=conv),
    ]
)
optimizerD, optimizerG = keras.optimizers.Adam(5e-4, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
criterion = keras.losses.BinaryCrossentropy(from_logits=True)
ones, zeros = tf.ones((32, 1)), tf.zeros((32, 1))


@tf.function
def train(real):
    noise = tf.random.normal((32, 32))
    with tf.GradientTape() as tape:
        fake = netG(noise, training=True)
        errD = criterion(ones, netD(real, training=True)) + criterion(zeros, netD(fake, training=True))
    optimizerD.apply_gradients(zip(tape.gradient(errD, netD.trainable_variables), netD.trainable_variables))
    with tf.GradientTape() as tape:
        errG = criterion(ones, netD(netG(noise, training=True), training=True))
    optimizerG.apply_gradients(zip(tape.gradient(errG, netG.trainable_variables), netG.trainable_variables))
    return errD, errG


for i in range(600):
    errD, errG = train(x[rng.integers(0, len(x), 32)])
    if i % 50 == 0:
        print(f"[{i}/600] Loss_D: {float(errD):.4f} Loss_G: {float(errG):.4f}")

ending(netG.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=errD, g_loss=errG)
