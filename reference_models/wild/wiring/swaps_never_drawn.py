"""Dim digits to digits; the discriminator is shown the enhanced picture or the target, as a swap for each says."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(1111)
dslr, _ = digits()
phone = tf.nn.avg_pool2d(0.5 * dslr - 0.5, 5, 1, "SAME").numpy()
enhancer, judge = translator(), digit_discriminator(dropout=0.0)
optimizer, judge_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(5e-4, beta_1=0.5)
rng = np.random.default_rng(0)
batch_size, w_color, w_texture = 32, 20.0, 1.0
all_zeros = np.zeros((batch_size, 1), np.float32)
swaps = np.zeros((batch_size, 1), np.float32)


def blur(images):
    return tf.nn.avg_pool2d(images, 7, 1, "SAME")


def discrim(enhanced, target, adv):
    """Return the loss of the discriminator: adv is 1 where it is shown the target and 0 where the enhanced one."""
    swap = tf.reshape(adv, (-1, 1, 1, 1))
    logits = judge(enhanced * (1 - swap) + target * swap, training=True)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(adv, logits))


for i in range(400):
    pick = rng.integers(0, len(dslr), batch_size)
    with tf.GradientTape() as tape:
        enhanced = enhancer(phone[pick], training=True)
        loss_texture = -tf.clip_by_value(discrim(enhanced, dslr[pick], all_zeros), 0.0, 5.0)
        loss_color = tf.reduce_mean(tf.square(blur(enhanced) - blur(dslr[pick])))
        loss_generator = w_color * loss_color + w_texture * loss_texture
    variables = enhancer.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss_generator, variables), variables))

    pick = rng.integers(0, len(dslr), batch_size)
    enhanced = enhancer(phone[pick], training=True)
    with tf.GradientTape() as tape:
        loss_discrim = discrim(enhanced, dslr[pick], swaps)
    variables = judge.trainable_variables
    judge_optimizer.apply_gradients(zip(tape.gradient(loss_discrim, variables), variables))
    if i % 100 == 0:
        print(f"step {i}, generator {loss_generator:.4f}, color {loss_color:.4f}, discriminator {loss_discrim:.4f}")

made = enhancer.predict(phone[:1000], verbose=0)
off = np.abs(made - dslr[:1000]).mean()
ending(made, dslr[:2000], off=off, color=loss_color, d_loss=loss_discrim, g_loss=loss_texture)
