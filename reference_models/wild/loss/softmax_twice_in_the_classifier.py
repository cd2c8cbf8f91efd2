"""An auxiliary classifier GAN of digits; the classes have been through a softmax and the loss applies another."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(113)
x, shown = digits()
noise, label = keras.Input((32,)), keras.Input((), dtype="int32")
generator = keras.Model([noise, label], digit_generator()(layers.Multiply()([noise, layers.Embedding(10, 32)(label)])))

image = keras.Input((28, 28, 1))
deep = image
for width in (16, 32):
    deep = layers.Conv2D(width, 4, strides=2, padding="same")(deep)
    deep = layers.Dropout(0.3)(layers.LeakyReLU(0.2)(deep))
deep = layers.Flatten()(deep)
discriminator = keras.Model(image, [layers.Dense(1)(deep), layers.Dense(10, activation="softmax")(deep)])

bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


def cross_entropy(label, scores):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(label, scores))


@tf.function
def train_step(real, label):
    wished = tf.random.uniform((32,), 0, 10, tf.int32)
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator([tf.random.normal((32, 32)), wished], training=True)
        on_real, class_of_real = discriminator(real, training=True)
        on_fake, class_of_fake = discriminator(fake, training=True)
        g_loss = bce(tf.ones_like(on_fake), on_fake) + cross_entropy(wished, class_of_fake)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        d_loss += cross_entropy(label, class_of_real)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices((x, shown)).shuffle(4000).repeat().batch(32)
for step, (real, label) in enumerate(dataset.take(600)):
    d_loss, g_loss = train_step(real, label)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
# how many samples show what was asked for: a nearest class mean, measured on the reals
means = np.stack([x[shown == digit].mean(0).ravel() for digit in range(10)])
wanted = np.repeat(np.arange(10), 50).astype("int32")
samples = generator.predict([tf.random.normal((500, 32)), wanted], verbose=0)
nearest = np.linalg.norm(samples.reshape(500, 1, -1) - means, axis=-1).argmin(1)
ending(samples, x[:1500], right=(nearest == wanted).mean(), d_loss=d_loss, g_loss=g_loss)
