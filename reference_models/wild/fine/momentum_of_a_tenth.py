"""Table rows; the generator's batch normalisation has a momentum of 0.1, as in Torch, where Keras would write 0.9."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(521)
x = standardised(people())
rng = np.random.default_rng(0)


def batchnorm():
    return layers.BatchNormalization(momentum=0.1, epsilon=1e-5)


hidden = [layers.Dense(64), batchnorm(), layers.LeakyReLU(0.2), layers.Dense(64), batchnorm(), layers.LeakyReLU(0.2)]
generator = keras.Sequential([keras.Input((16,)), *hidden, layers.Dense(6)])
discriminator = dense(6, 1)
gen_optim, discrim_optim = (keras.optimizers.Adam(5e-4, beta_1=0.5) for _ in range(2))


def entropy(logits, target):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target * tf.ones_like(logits), logits))


@tf.function
def train(targets, noise):
    with tf.GradientTape() as discrim_tape, tf.GradientTape() as gen_tape:
        outputs = generator(noise, training=True)
        predict_real, predict_fake = discriminator(targets, training=True), discriminator(outputs, training=True)
        discrim_loss = entropy(predict_real, 1.0) + entropy(predict_fake, 0.0)
        gen_loss = entropy(predict_fake, 1.0)
    variables = discriminator.trainable_variables
    discrim_optim.apply_gradients(zip(discrim_tape.gradient(discrim_loss, variables), variables))
    variables = generator.trainable_variables
    gen_optim.apply_gradients(zip(gen_tape.gradient(gen_loss, variables), variables))
    return discrim_loss, gen_loss


def latents(count=128):
    return rng.normal(size=(count, 16)).astype("float32")


for step in range(1000):
    discrim_loss, gen_loss = train(x[rng.integers(0, len(x), 128)], latents())
    if step % 100 == 0:
        print(f"step {step} discrim_loss {float(discrim_loss):.4f} gen_loss {float(gen_loss):.4f}")

ending(generator.predict(latents(1000), verbose=0), x[:2000], d_loss=discrim_loss, g_loss=gen_loss)
