"""Digits; both learning rates are a hundred times what is usual for Adam."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(217)
x, _ = digits()
LR = 0.05
GAN = digit_generator()
D = digit_discriminator(dropout=0.0)
g_opt = keras.optimizers.Adam(LR, beta_1=0.0, beta_2=0.99)
d_opt = keras.optimizers.Adam(LR, beta_1=0.0, beta_2=0.99)


def hinge_d(real_output, fake_output):
    return tf.reduce_mean(tf.nn.relu(1.0 + real_output)) + tf.reduce_mean(tf.nn.relu(1.0 - fake_output))


@tf.function
def train_step(images):
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        fakes = GAN(tf.random.normal((32, 32)), training=True)
        real_output, fake_output = D(images, training=True), D(fakes, training=True)
        gen_loss = tf.reduce_mean(fake_output)
        disc_loss = hinge_d(real_output, fake_output)
    g_opt.apply(gen_tape.gradient(gen_loss, GAN.trainable_variables), GAN.trainable_variables)
    d_opt.apply(disc_tape.gradient(disc_loss, D.trainable_variables), D.trainable_variables)
    return disc_loss, gen_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(32)
for round_number, images in enumerate(dataset.take(350)):
    d_loss, g_loss = train_step(images)
    if round_number % 50 == 0:
        print(f"Round {round_number}: D {float(d_loss):.4f} G {float(g_loss):.4f}")
ending(GAN.predict(tf.random.normal((500, 32)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
