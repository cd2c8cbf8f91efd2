"""A conditional GAN of digits; the loss is handed the predictions first and the labels second, and becomes negative."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(214)
x, shown = digits()
labels = np.eye(10, dtype="float32")[shown]
noise, label, image = keras.Input((32,)), keras.Input((10,)), keras.Input((28, 28, 1))
generator = keras.Model([noise, label], digit_generator(42)(layers.Concatenate()([noise, label])))
plane = layers.Reshape((28, 28, 1))(layers.Dense(28 * 28)(label))
discriminator = keras.Model([image, label], digit_discriminator(planes=2)(layers.Concatenate()([image, plane])))


class CGAN(keras.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def compile(self, g_optimizer, d_optimizer, loss):
        super().compile()
        self.g_optimizer, self.d_optimizer, self.adversarial = g_optimizer, d_optimizer, loss

    def train_step(self, batch):
        real, label = batch
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator([tf.random.normal((32, 32)), label], training=True)
            on_real = self.discriminator([real, label], training=True)
            on_fake = self.discriminator([fake, label], training=True)
            d_loss = self.adversarial(on_real, tf.ones_like(on_real))
            d_loss += self.adversarial(on_fake, tf.zeros_like(on_fake))
            g_loss = self.adversarial(on_fake, tf.ones_like(on_fake))
        g_vars, d_vars = self.generator.trainable_variables, self.discriminator.trainable_variables
        self.g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        self.d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = CGAN(generator, discriminator)
adams = [keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)]
gan.compile(*adams, loss=keras.losses.BinaryCrossentropy(from_logits=True))
dataset = tf.data.Dataset.from_tensor_slices((x, labels)).shuffle(4000).batch(32, drop_remainder=True)
history = gan.fit(dataset, epochs=5, verbose=2).history
# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50)
samples = generator.predict([tf.random.normal((500, 32)), np.eye(10, dtype="float32")[wanted]], verbose=0)
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
