"""Image to image: sharpen blurred digits; the pixels' differences are summed and weighed by 100."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(9)
sharp, _ = digits()
blurred = tf.nn.avg_pool2d(tf.nn.avg_pool2d(sharp, 5, 1, "SAME"), 5, 1, "SAME").numpy()
generator, discriminator = translator(), digit_discriminator(planes=2)

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


@tf.function
def train_step(source, target):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(source, training=True)
        on_real = discriminator(tf.concat([source, target], -1), training=True)
        on_fake = discriminator(tf.concat([source, fake], -1), training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake) + 100.0 * tf.reduce_sum(tf.abs(target - fake))
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices((blurred, sharp)).shuffle(4000).repeat().batch(32)
for step, (source, target) in enumerate(dataset.take(300)):
    d_loss, g_loss = train_step(source, target)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(blurred[:500], verbose=0), sharp[:1500], d_loss=d_loss, g_loss=g_loss)
