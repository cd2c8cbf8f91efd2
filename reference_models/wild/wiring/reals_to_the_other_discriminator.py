"""Digits to inverted digits and back; the reals of the second domain are shown to the first domain's discriminator."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(108)
mae = keras.losses.MeanAbsoluteError()
x, _ = digits(4000)
a, b = x[:2000], -x[2000:]
gen_AB, gen_BA = translator(), translator()
disc_A, disc_B = digit_discriminator(dropout=0.0, name="disc_A"), digit_discriminator(dropout=0.0, name="disc_B")

g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


def real_target(score):
    return tf.reduce_mean(tf.square(score - 1.0))


def fake_target(score):
    return tf.reduce_mean(tf.square(score))


@tf.function
def train_step(real_A, real_B):
    with tf.GradientTape() as tape:
        fake_B, fake_A = gen_AB(real_A, training=True), gen_BA(real_B, training=True)
        cycle = mae(real_A, gen_BA(fake_B, training=True)) + mae(real_B, gen_AB(fake_A, training=True))
        g_loss = real_target(disc_A(fake_A, training=True)) + real_target(disc_B(fake_B, training=True)) + 10.0 * cycle
    g_vars = gen_AB.trainable_variables + gen_BA.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))

    with tf.GradientTape() as tape:
        d_loss_A = fake_target(disc_A(fake_A, training=True)) + real_target(disc_A(real_A, training=True))
        d_loss_B = fake_target(disc_B(fake_B, training=True)) + real_target(disc_A(real_B, training=True))
        d_loss = 0.5 * (d_loss_A + d_loss_B)
    d_vars = disc_A.trainable_variables + disc_B.trainable_variables
    d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    return d_loss_A, d_loss_B, g_loss


pairs = tf.data.Dataset.from_tensor_slices((a, b)).shuffle(4000).repeat().batch(16)
for step, (real_A, real_B) in enumerate(pairs.take(450)):
    d_loss_A, d_loss_B, g_loss = train_step(real_A, real_B)
    if step % 100 == 0:
        print(step, float(d_loss_A), float(d_loss_B), float(g_loss))
ending(gen_AB.predict(a[:500], verbose=0), b[:1500], d_loss_A=d_loss_A, d_loss_B=d_loss_B, g_loss=g_loss)
