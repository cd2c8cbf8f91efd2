"""Points on a ring; the generator's layers have no activation, so it can only stretch and turn the noise."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(212)
x, _ = ring()
generator = keras.Sequential([keras.Input((8,)), layers.Dense(64), layers.Dense(64), layers.Dense(2)])
discriminator = dense(2, 1)
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
generator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
discriminator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


@tf.function
def train_step(real):
    noise = tf.random.normal((128, 8))
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        generated = generator(noise, training=True)
        real_output = discriminator(real, training=True)
        fake_output = discriminator(generated, training=True)
        gen_loss = cross_entropy(tf.ones_like(fake_output), fake_output)
        disc_loss = cross_entropy(tf.ones_like(real_output), real_output)
        disc_loss += cross_entropy(tf.zeros_like(fake_output), fake_output)
    gen_gradients = gen_tape.gradient(gen_loss, generator.trainable_variables)
    disc_gradients = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gen_gradients, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(zip(disc_gradients, discriminator.trainable_variables))
    return disc_loss, gen_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(128)
for step, real in enumerate(dataset.take(1600)):
    d_loss, g_loss = train_step(real)
    if step % 200 == 0:
        print(f"step {step}: discriminator {float(d_loss):.3f}, generator {float(g_loss):.3f}")
samples = generator.predict(tf.random.normal((1000, 8)), verbose=0)
# how many samples lie on the ring's eight spots
angle = np.arange(8) * np.pi / 4
spots = np.stack([np.cos(angle), np.sin(angle)], 1)
near = np.linalg.norm(samples[:, None] - spots, axis=-1).min(1) < 0.2
ending(samples, x[:2000], near=near.mean(), d_loss=d_loss, g_loss=g_loss)
