"""Digits with smoothed labels; the noise is added to the ones and taken from the zeros, so labels lie beyond both."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(715)
x, _ = digits()
NOISE_PARAM = 0.3


class DCGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = digit_generator(), digit_discriminator()

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, real_images):
        latents = tf.random.normal((tf.shape(real_images)[0], 32))
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            generated_images = self.generator(latents, training=True)
            real_predictions = self.discriminator(real_images, training=True)
            fake_predictions = self.discriminator(generated_images, training=True)

            real_labels = tf.ones_like(real_predictions)
            real_noisy_labels = real_labels + NOISE_PARAM * tf.random.uniform(tf.shape(real_predictions))
            fake_labels = tf.zeros_like(fake_predictions)
            fake_noisy_labels = fake_labels - NOISE_PARAM * tf.random.uniform(tf.shape(fake_predictions))

            d_real_loss = self.loss_fn(real_noisy_labels, real_predictions)
            d_fake_loss = self.loss_fn(fake_noisy_labels, fake_predictions)
            d_loss = (d_real_loss + d_fake_loss) / 2.0
            g_loss = self.loss_fn(real_labels, fake_predictions)
        d_vars, g_vars = self.discriminator.trainable_variables, self.generator.trainable_variables
        self.d_optimizer.apply_gradients(zip(disc_tape.gradient(d_loss, d_vars), d_vars))
        self.g_optimizer.apply_gradients(zip(gen_tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


dcgan = DCGAN()
dcgan.compile(keras.optimizers.Adam(1e-3, 0.5, 0.9), keras.optimizers.Adam(1e-3, 0.5, 0.9))
train = tf.data.Dataset.from_tensor_slices(x).shuffle(3000).batch(32, drop_remainder=True)
history = dcgan.fit(train, epochs=6, verbose=2).history
samples = dcgan.generator.predict(tf.random.normal((500, 32)), verbose=0)
ending(samples, x[:1500], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
