"""Digits; noise makes the reals' labels a little larger than 1 and the fakes' a little smaller than 0."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(855)
train, _ = digits()
Z_DIM, NOISE_PARAM = 32, 0.1


class DCGAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = digit_generator(Z_DIM), digit_discriminator("sigmoid")
        self.loss_fn = keras.losses.BinaryCrossentropy()
        self.d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.999)
        self.g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.999)

    def train_step(self, real_images):
        random_latent_vectors = tf.random.normal((tf.shape(real_images)[0], Z_DIM))
        with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
            generated_images = self.generator(random_latent_vectors, training=True)
            real_predictions = self.discriminator(real_images, training=True)
            fake_predictions = self.discriminator(generated_images, training=True)
            real_noisy_labels = tf.ones_like(real_predictions)
            real_noisy_labels += NOISE_PARAM * tf.random.uniform(tf.shape(real_predictions))
            fake_noisy_labels = tf.zeros_like(fake_predictions)
            fake_noisy_labels -= NOISE_PARAM * tf.random.uniform(tf.shape(fake_predictions))
            d_real_loss = self.loss_fn(real_noisy_labels, real_predictions)
            d_fake_loss = self.loss_fn(fake_noisy_labels, fake_predictions)
            d_loss = (d_real_loss + d_fake_loss) / 2.0
            g_loss = self.loss_fn(tf.ones_like(fake_predictions), fake_predictions)
        d_vars, g_vars = self.discriminator.trainable_variables, self.generator.trainable_variables
        self.d_optimizer.apply_gradients(zip(disc_tape.gradient(d_loss, d_vars), d_vars))
        self.g_optimizer.apply_gradients(zip(gen_tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


dcgan = DCGAN()
dcgan.compile()
history = dcgan.fit(train, batch_size=32, epochs=7, verbose=2).history
samples = dcgan.generator.predict(tf.random.normal((500, Z_DIM)), verbose=0)
ending(samples, train[:1500], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
