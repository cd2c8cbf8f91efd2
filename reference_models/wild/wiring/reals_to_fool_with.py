"""Digits to inverted digits and back; the generators' adversarial loss looks at the reals, not at what they made."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(209)
mse, mae = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()
x, _ = digits(4000)
a, b = x[:2000], -x[2000:]
gen_AB, gen_BA = translator(), translator()
disc_A, disc_B = digit_discriminator(dropout=0.0, name="disc_A"), digit_discriminator(dropout=0.0, name="disc_B")
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


def generator_loss(first, rebuilt, judge, image):
    score = judge(image, training=True)
    return mse(tf.ones_like(score), score) + 10.0 * mae(first, rebuilt)


def discriminator_loss(judge, real, fake):
    on_real, on_fake = judge(real, training=True), judge(fake, training=True)
    return 0.5 * (mse(tf.ones_like(on_real), on_real) + mse(tf.zeros_like(on_fake), on_fake))


@tf.function
def train_step(real_A, real_B):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake_B, fake_A = gen_AB(real_A, training=True), gen_BA(real_B, training=True)
        back_A, back_B = gen_BA(fake_B, training=True), gen_AB(fake_A, training=True)
        g_loss = generator_loss(real_A, back_A, disc_B, real_B) + generator_loss(real_B, back_B, disc_A, real_A)
        d_loss = discriminator_loss(disc_A, real_A, fake_A) + discriminator_loss(disc_B, real_B, fake_B)
    g_vars = gen_AB.trainable_variables + gen_BA.trainable_variables
    d_vars = disc_A.trainable_variables + disc_B.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


pairs = tf.data.Dataset.from_tensor_slices((a, b)).shuffle(4000).repeat().batch(16)
for step, (real_A, real_B) in enumerate(pairs.take(300)):
    d_loss, g_loss = train_step(real_A, real_B)
    if step % 50 == 0:
        print(f"step {step}: d_loss {float(d_loss):.3f}, g_loss {float(g_loss):.3f}")
ending(gen_AB.predict(a[:500], verbose=0), b[:1500], d_loss=d_loss, g_loss=g_loss)
