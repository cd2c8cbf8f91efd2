"""Blurred negatives to pictures; in the generator's loss the discriminator gets the fake beside the sharp picture."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(706)
sharp, _ = digits()
blur = -tf.nn.avg_pool2d(sharp, 5, 1, "SAME").numpy()
G, D = translator(), digit_discriminator(dropout=0.0, planes=2)
bce = keras.losses.BinaryCrossentropy(from_logits=True)
G_optim, D_optim = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)


@tf.function
def train(blur_img, real_img):
    with tf.GradientTape() as tape:
        gen_img = G(blur_img, training=True)
        real = D(tf.concat([real_img, blur_img], 3), training=True)
        fake = D(tf.concat([gen_img, blur_img], 3), training=True)
        D_loss = bce(tf.ones_like(real), real) + bce(tf.zeros_like(fake), fake)
    variables = D.trainable_variables
    D_optim.apply_gradients(zip(tape.gradient(D_loss, variables), variables))
    with tf.GradientTape() as tape:
        gen_img = G(blur_img, training=True)
        score = D(tf.concat([gen_img, real_img], 3), training=True)
        G_loss = bce(tf.ones_like(score), score)
    variables = G.trainable_variables
    G_optim.apply_gradients(zip(tape.gradient(G_loss, variables), variables))
    return D_loss, G_loss


rng = np.random.default_rng(0)
for step in range(500):
    index = rng.integers(0, len(sharp), 32)
    D_loss, G_loss = train(blur[index], sharp[index])
    if step % 100 == 0:
        print("step", step, "D", float(D_loss), "G", float(G_loss))

made = G.predict(blur[:500], verbose=0)
off = np.abs(made - sharp[:500]).mean()
ending(made, sharp[:1500], off=off, d_loss=D_loss, g_loss=G_loss)
