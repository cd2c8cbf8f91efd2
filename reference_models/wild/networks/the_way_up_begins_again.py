"""Digits to mirrored digits by a U-Net; on the way up each layer starts from the way down, not from the one below."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator

keras.utils.set_random_seed(939)
imgs_A, _ = digits()
imgs_B = imgs_A[:, :, ::-1]
gf = 16


def conv2d(layer_input, filters):
    d = layers.Conv2D(filters, 4, strides=2, padding="same")(layer_input)
    return layers.LeakyReLU(0.2)(d)


def deconv2d(layer_input, skip_input, filters):
    u = layers.UpSampling2D(2)(layer_input)
    u = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 4, padding="same")(u))
    return layers.Concatenate()([u, skip_input])


def build_generator():
    d0 = keras.Input((28, 28, 1))
    d1 = conv2d(d0, gf)
    d2 = conv2d(d1, gf * 2)
    whole = layers.LeakyReLU(0.2)(layers.Dense(256)(layers.Flatten()(d2)))
    up = {1: layers.Concatenate()([layers.Reshape((7, 7, 16))(layers.Dense(784)(whole)), d2])}
    up[2] = deconv2d(d2, d1, gf)
    up[3] = layers.UpSampling2D(2)(up[2])
    return keras.Model(d0, layers.Conv2D(1, 4, padding="same", activation="tanh")(up[3]))


generator, discriminator = build_generator(), digit_discriminator(planes=2, dropout=0.0)
discriminator.compile(keras.optimizers.Adam(3e-4, beta_1=0.5), loss="mse")
img_A = keras.Input((28, 28, 1))
fake_B = generator(img_A)
combined = keras.Model(img_A, [discriminator(layers.Concatenate()([fake_B, img_A])), fake_B])
discriminator.trainable = False
combined.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss=["mse", "mae"], loss_weights=[1.0, 20.0])

rng = np.random.default_rng(0)
valid, fake = np.ones((32, 1)), np.zeros((32, 1))
for batch_i in range(400):
    pick = rng.integers(0, len(imgs_A), 32)
    a, b = imgs_A[pick], imgs_B[pick]
    made = generator.predict_on_batch(a)
    discriminator.trainable = True
    discriminator.reset_metrics()
    d_real = discriminator.train_on_batch(np.concatenate([b, a], -1), valid)
    d_fake = discriminator.train_on_batch(np.concatenate([made, a], -1), fake)
    discriminator.trainable = False
    combined.reset_metrics()
    g_loss = combined.train_on_batch(a, [valid, b])
    if batch_i % 50 == 0:
        print(f"[Batch {batch_i}/400] [D loss: {d_real:.4f} {d_fake:.4f}] [G loss: {g_loss[0]:.4f}]")

made = generator.predict(imgs_A[:500], verbose=0)
off = np.abs(made - imgs_B[:500]).mean()
ending(made, imgs_B[:1500], off=off, d_loss=d_real + d_fake, g_loss=g_loss[1])
