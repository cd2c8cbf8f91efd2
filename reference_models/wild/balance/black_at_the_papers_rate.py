"""Digits on demand, an auxiliary classifier; both players learn at a rate that these networks do not bear."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(815)
x, shown = digits()
RATE = 2e-2

latent, image_class = keras.Input((32,)), keras.Input((1,), dtype="int32")
cls = layers.Flatten()(layers.Embedding(10, 32)(image_class))
generator = keras.Model([latent, image_class], digit_generator(32)(layers.Multiply()([latent, cls])))

image = keras.Input((28, 28, 1))
h = layers.LeakyReLU(0.2)(layers.Conv2D(16, 4, padding="same", strides=2)(image))
h = layers.LeakyReLU(0.2)(layers.Conv2D(32, 4, padding="same", strides=2)(layers.Dropout(0.3)(h)))
features = layers.Dropout(0.3)(layers.Flatten()(h))
discriminator = keras.Model(image, [layers.Dense(1)(features), layers.Dense(10)(features)])


class ACGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.g_optimizer = keras.optimizers.Adam(RATE, beta_1=0.5)
        self.d_optimizer = keras.optimizers.Adam(RATE, beta_1=0.5)
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)
        self.scc = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def train_step(self, data):
        real, label = data
        noise = tf.random.normal((tf.shape(real)[0], 32))
        sampled = tf.random.uniform((tf.shape(real)[0], 1), 0, 10, tf.int32)
        with tf.GradientTape() as tape:
            fake = self.generator([noise, sampled], training=True)
            valid_real, class_real = self.discriminator(real, training=True)
            valid_fake, class_fake = self.discriminator(fake, training=True)
            d_loss = self.bce(tf.ones_like(valid_real), valid_real) + self.bce(tf.zeros_like(valid_fake), valid_fake)
            d_loss += self.scc(label, class_real) + self.scc(sampled, class_fake)
        variables = self.discriminator.trainable_variables
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, variables), variables))
        with tf.GradientTape() as tape:
            valid, aux = self.discriminator(self.generator([noise, sampled], training=True), training=True)
            g_loss = self.bce(tf.ones_like(valid), valid) + self.scc(sampled, aux)
        variables = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = ACGAN()
gan.compile()
history = gan.fit(x, shown, batch_size=32, epochs=6, verbose=2).history
# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
samples = generator.predict([tf.random.normal((500, 32)), wanted[:, None]], verbose=0)
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
losses = {name: values[-1] for name, values in history.items()}
ending(samples, x[:1500], right=(nearest == wanted).mean(), **losses)
