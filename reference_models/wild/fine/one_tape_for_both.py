"""Blurred digits to sharp ones; one persistent tape records both losses, and neither network is frozen."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(856)
hr_all, _ = digits()
lr_all = tf.nn.avg_pool2d(hr_all, 5, 1, "SAME").numpy()
cfg = {"w_pixel": 10.0, "w_gan": 0.5}
generator, discriminator = translator(), digit_discriminator(dropout=0.0)
optimizer_G, optimizer_D = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(2e-4, beta_1=0.5)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


@tf.function
def train_step(lr, hr):
    with tf.GradientTape(persistent=True) as tape:
        sr = generator(lr, training=True)
        hr_output = discriminator(hr, training=True)
        sr_output = discriminator(sr, training=True)
        losses_G = {
            "pixel": cfg["w_pixel"] * tf.reduce_mean(tf.abs(hr - sr)),
            "gan": cfg["w_gan"] * bce(tf.ones_like(sr_output), sr_output),
        }
        losses_D = {"gan": bce(tf.ones_like(hr_output), hr_output) + bce(tf.zeros_like(sr_output), sr_output)}
        total_loss_G, total_loss_D = tf.add_n(list(losses_G.values())), tf.add_n(list(losses_D.values()))
    grads_G = tape.gradient(total_loss_G, generator.trainable_variables)
    grads_D = tape.gradient(total_loss_D, discriminator.trainable_variables)
    optimizer_G.apply_gradients(zip(grads_G, generator.trainable_variables))
    optimizer_D.apply_gradients(zip(grads_D, discriminator.trainable_variables))
    return losses_G, losses_D


rng = np.random.default_rng(0)
for step in range(500):
    index = rng.integers(0, len(hr_all), 32)
    losses_G, losses_D = train_step(lr_all[index], hr_all[index])
    if step % 100 == 0:
        print(step, {name: float(loss) for name, loss in losses_G.items()}, float(losses_D["gan"]))

made = generator.predict(lr_all[:500], verbose=0)
off = np.abs(made - hr_all[:500]).mean()
ending(made, hr_all[:1500], off=off, d_loss=losses_D["gan"], g_loss=losses_G["gan"], l1=losses_G["pixel"])
