"""Points on a ring, a WGAN-GP; the norm in the penalty is taken over the whole batch instead of for each point."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(756)
BATCH_SIZE, TRAINING_RATIO, GRADIENT_PENALTY_WEIGHT = 64, 5, 10.0
X_train, _ = ring()
generator, discriminator = dense(8, 2, width=128), dense(2, 1, width=128)
generator_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9)
discriminator_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9)


def gradient_penalty_loss(averaged_samples):
    with tf.GradientTape() as tape:
        tape.watch(averaged_samples)
        y_pred = tf.reduce_sum(discriminator(averaged_samples))
    gradients = tape.gradient(y_pred, averaged_samples)
    gradient_l2_norm = tf.sqrt(tf.reduce_sum(tf.square(gradients)))
    return GRADIENT_PENALTY_WEIGHT * tf.square(1 - gradient_l2_norm)


@tf.function
def train_discriminator(real):
    generated = generator(tf.random.normal((BATCH_SIZE, 8)))
    weights = tf.random.uniform((BATCH_SIZE, 1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(discriminator(generated)) - tf.reduce_mean(discriminator(real))
        loss += gradient_penalty_loss(weights * real + (1 - weights) * generated)
    variables = discriminator.trainable_variables
    discriminator_optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


@tf.function
def train_generator():
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(discriminator(generator(tf.random.normal((BATCH_SIZE, 8)))))
    variables = generator.trainable_variables
    generator_optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


minibatches = iter(tf.data.Dataset.from_tensor_slices(X_train).shuffle(4000).repeat().batch(BATCH_SIZE))
for i in range(800):
    for _ in range(TRAINING_RATIO):
        discriminator_loss = train_discriminator(next(minibatches))
    generator_loss = train_generator()
    if i % 100 == 0:
        print(i, float(discriminator_loss), float(generator_loss))
samples = generator.predict(tf.random.normal((1000, 8)), verbose=0)
ending(samples, X_train[:2000], d_loss=discriminator_loss, g_loss=generator_loss)
