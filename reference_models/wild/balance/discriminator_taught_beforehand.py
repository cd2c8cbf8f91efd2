"""Digits; the discriminator is trained on its own before the generator takes its first step."""

import keras
import numpy as np

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(742)
x, _ = digits()
generator = digit_generator()
discriminator = digit_discriminator("sigmoid", dropout=0.0)
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
noise_input = keras.Input((32,))
discriminator.trainable = False
adversarial = keras.Model(noise_input, discriminator(generator(noise_input)))
adversarial.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))

rng = np.random.default_rng(0)
PRETRAIN, TRAIN, BATCH = 800, 600, 32


def noise(count):
    return rng.uniform(-1.0, 1.0, (count, 32)).astype("float32")


def teach_discriminator():
    real, fake = x[rng.integers(0, len(x), BATCH)], generator.predict_on_batch(noise(BATCH))
    discriminator.trainable = True
    losses = discriminator.train_on_batch(real, np.ones((BATCH, 1)))
    losses += discriminator.train_on_batch(fake, np.zeros((BATCH, 1)))
    discriminator.trainable = False
    return losses


for i in range(PRETRAIN):
    d_loss = teach_discriminator()
print(f"pretrained: [D loss: {d_loss:.4f}]")

for i in range(TRAIN):
    d_loss = teach_discriminator()
    g_loss = adversarial.train_on_batch(noise(BATCH), np.ones((BATCH, 1)))
    if i % 100 == 0:
        print(f"{i}: [D loss: {d_loss:.4f}] [A loss: {g_loss:.4f}]")

ending(generator.predict(noise(500), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
