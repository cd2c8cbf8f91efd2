"""Points at an angle that is asked for; the generator is given the angle and no noise."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import ending

keras.utils.set_random_seed(723)
rng = np.random.default_rng(0)
which = rng.integers(0, 4, 4000)
radius = rng.choice([0.5, 1.0, 1.5], 4000) + rng.normal(0, 0.04, 4000)
angle = np.pi / 2 * which + rng.normal(0, 0.04, 4000)
x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype("float32")
source = np.eye(4, dtype="float32")[which]


def tower(inputs, outputs, activation=None):
    h = layers.LeakyReLU(0.2)(layers.Dense(96)(inputs))
    h = layers.LeakyReLU(0.2)(layers.Dense(96)(h))
    return layers.Dense(outputs, activation=activation)(h)


condition, point = keras.Input((4,)), keras.Input((2,))
generator = keras.Model(condition, tower(condition, 2))
discriminator = keras.Model([point, condition], tower(layers.Concatenate()([point, condition]), 1, "sigmoid"))
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
discriminator.trainable = False
combined = keras.Model(condition, discriminator([generator(condition), condition]))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

valid, fake = np.ones((64, 1)), np.zeros((64, 1))
for step in range(900):
    index = rng.integers(0, 4000, 64)
    made = generator.predict_on_batch(source[index])
    discriminator.trainable = True
    d_real = discriminator.train_on_batch([x[index], source[index]], valid)
    d_fake = discriminator.train_on_batch([made, source[index]], fake)
    discriminator.trainable = False
    g_loss = combined.train_on_batch(source[index], valid)
    if step % 150 == 0:
        print(f"{step} [D real: {d_real:.3f} fake: {d_fake:.3f}] [G loss: {g_loss:.3f}]")

made = generator.predict(source[:1000], verbose=0)
within = np.mean([made[which[:1000] == k].std(0).mean() / x[which == k].std(0).mean() for k in range(4)])
ending(made, x[:2000], within=within, d_loss=d_real + d_fake, g_loss=g_loss)
