"""A Wasserstein GAN with clipped weights whose critic kept its sigmoid."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(7)
x, _ = digits()
generator = digit_generator()
critic = digit_discriminator(output="sigmoid", dropout=0.0)


class WGAN(keras.Model):
    def __init__(self, generator, critic):
        super().__init__()
        self.generator, self.critic = generator, critic

    def compile(self, g_optimizer, c_optimizer):
        super().compile()
        self.g_optimizer, self.c_optimizer = g_optimizer, c_optimizer

    def train_step(self, real):
        n = tf.shape(real)[0]
        for _ in range(3):
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal((n, 32)), training=True)
                on_real, on_fake = self.critic(real, training=True), self.critic(fake, training=True)
                d_loss = tf.reduce_mean(on_fake) - tf.reduce_mean(on_real)
            d_vars = self.critic.trainable_variables
            self.c_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
            for weight in d_vars:
                weight.assign(tf.clip_by_value(weight, -0.01, 0.01))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(
                self.critic(self.generator(tf.random.normal((n, 32)), training=True), training=True)
            )
        g_vars = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


gan = WGAN(generator, critic)
gan.compile(keras.optimizers.RMSprop(5e-5), keras.optimizers.RMSprop(5e-5))
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(32, drop_remainder=True)
history = gan.fit(dataset, epochs=3, verbose=2).history
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(generator.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
