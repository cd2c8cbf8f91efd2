"""Digits, taken up again from saved models; the combined model brings a discriminator of its own, which never learns."""

import tempfile
from pathlib import Path

import keras
import numpy as np

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(104)
x, _ = digits()
rng = np.random.default_rng(0)
ones, zeros = np.ones((32, 1)), np.zeros((32, 1))


def compiled(model):
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
    return model


def train(generator, discriminator, combined, steps):
    for step in range(steps):
        noise = rng.normal(size=(32, 32)).astype("float32")
        fake = generator.predict_on_batch(noise)
        discriminator.trainable = True
        d_real = discriminator.train_on_batch(x[rng.integers(0, len(x), 32)], ones)
        d_fake = discriminator.train_on_batch(fake, zeros)
        discriminator.trainable = False
        g_loss = combined.train_on_batch(noise, ones)
        if step % 50 == 0:
            print(step, d_real, d_fake, g_loss)
    return d_real + d_fake, g_loss


with tempfile.TemporaryDirectory() as folder:
    generator, discriminator = digit_generator(), compiled(digit_discriminator(output="sigmoid"))
    z = keras.Input((32,))
    discriminator.trainable = False
    combined = compiled(keras.Model(z, discriminator(generator(z))))
    train(generator, discriminator, combined, 20)
    discriminator.save(Path(folder) / "discriminator.keras")
    combined.save(Path(folder) / "combined.keras")

    discriminator = compiled(keras.models.load_model(Path(folder) / "discriminator.keras"))
    combined = keras.models.load_model(Path(folder) / "combined.keras")
    generator = combined.get_layer("generator")
    combined.get_layer("discriminator").trainable = False
    compiled(combined)

d_loss, g_loss = train(generator, discriminator, combined, 400)
noise = rng.normal(size=(500, 32)).astype("float32")
ending(generator.predict(noise, verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
