"""Digits; the learning rates are meant to fall to a tenth every two epochs and do so every two batches."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(102)
x, _ = digits()
generator, discriminator = digit_generator(), digit_discriminator()
EPOCHS, BATCH = 5, 32

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


class StepDecay:
    """Multiplies an optimiser's learning rate by a tenth after every so many calls."""

    def __init__(self, optimizer, every):
        self.optimizer, self.every, self.calls = optimizer, every, 0

    def step(self):
        self.calls += 1
        if self.calls % self.every == 0:
            self.optimizer.learning_rate.assign(self.optimizer.learning_rate * 0.1)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((BATCH, 32)), training=True)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


decays = [StepDecay(g_optimizer, EPOCHS // 2), StepDecay(d_optimizer, EPOCHS // 2)]
dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).batch(BATCH, drop_remainder=True)
for epoch in range(EPOCHS):
    for real in dataset:
        d_loss, g_loss = train_step(real)
        for decay in decays:
            decay.step()
    print(epoch, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
