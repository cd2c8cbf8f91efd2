"""Digits on demand, compiled models; the discriminator gets labels for the fakes that they were not made with."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(65)
x, shown = digits()
noise, label = keras.Input((32,)), keras.Input((1,), dtype="int32")
hot = layers.Flatten()(layers.Embedding(10, 32)(label))
generator = keras.Model([noise, label], digit_generator(32)(layers.Multiply()([noise, hot])))
image = keras.Input((28, 28, 1))
plane = layers.Reshape((28, 28, 1))(layers.Flatten()(layers.Embedding(10, 28 * 28)(label)))
discriminator = keras.Model(
    [image, label], digit_discriminator("sigmoid", planes=2)(layers.Concatenate()([image, plane]))
)

discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
discriminator.trainable = False
combined = keras.Model([noise, label], discriminator([generator([noise, label]), label]))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))

rng = np.random.default_rng(0)
ones, zeros = np.ones((32, 1)), np.zeros((32, 1))
for step in range(600):
    chosen = rng.integers(0, len(x), 32)
    z = rng.normal(size=(32, 32)).astype("float32")
    fake = generator.predict_on_batch([z, rng.integers(0, 10, (32, 1))])
    random_labels = rng.integers(0, 10, (32, 1))
    discriminator.trainable = True
    d_real = discriminator.train_on_batch([x[chosen], shown[chosen][:, None]], ones)
    d_fake = discriminator.train_on_batch([fake, random_labels], zeros)
    discriminator.trainable = False
    g_loss = combined.train_on_batch([z, random_labels], ones)
    if step % 100 == 0:
        print(step, d_real, d_fake, g_loss)
# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
samples = generator.predict([tf.random.normal((500, 32)), wanted[:, None]], verbose=0)
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=d_real + d_fake, g_loss=g_loss)
