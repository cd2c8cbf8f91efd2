"""A conditional GAN; the arguments say how labels are laid out and how it is trained. Prints its last weights.

    conditional.py concat|embedded|beside|planes fit|tape|batch

concat: one-hot rows beside the noise, D sees no label. embedded: class numbers as second inputs. beside: one-hot rows
as second inputs. planes: one-hot rows beside the noise, planes beside D's images.
"""

import hashlib
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

LAYOUT, STYLE = sys.argv[1:]
STEPS, BATCH, CLASSES, Z = 24, 48, 3, 6  # `predict` makes 48 images in two calls
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
classes = np.arange(480) % CLASSES
data = np.tanh(rng.normal(size=(480, 8, 8, 1)) + classes[:, None, None, None] - 1).astype("float32")
np.save("data.npy", data)
np.save("classes.npy", classes)


def networks():
    z, image = keras.Input((Z,)), keras.Input((8, 8, 1))
    if LAYOUT in ("concat", "planes"):
        z = keras.Input((Z + CLASSES,))
        image = keras.Input((8, 8, 1 + CLASSES)) if LAYOUT == "planes" else image
        g_in, d_in, given, judged = z, image, z, layers.Flatten()(image)
    else:
        kind = {"shape": (1,), "dtype": "int32"} if LAYOUT == "embedded" else {"shape": (CLASSES,)}
        of_g, of_d = keras.Input(**kind), keras.Input(**kind)
        read = [layers.Flatten()(layers.Embedding(CLASSES, 4)(y)) if LAYOUT == "embedded" else y for y in (of_g, of_d)]
        g_in, d_in = [z, of_g], [image, of_d]
        given = layers.Concatenate()([z, read[0]])
        judged = layers.Concatenate()([layers.Flatten()(image), read[1]])
    made = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="tanh")(layers.Dense(32, activation="relu")(given)))
    return keras.Model(g_in, made), keras.Model(d_in, layers.Dense(1)(layers.Dense(32, activation="relu")(judged)))


def g_given(z, label):
    if LAYOUT == "embedded":
        return [z, tf.cast(label, tf.int32)[:, None]]
    one_hot = tf.one_hot(label, CLASSES)
    return [z, one_hot] if LAYOUT == "beside" else tf.concat([z, one_hot], 1)


def d_given(images, label):
    if LAYOUT == "concat":
        return images
    if LAYOUT == "embedded":
        return [images, tf.cast(label, tf.int32)[:, None]]
    one_hot = tf.one_hot(label, CLASSES)
    if LAYOUT == "beside":
        return [images, one_hot]
    return tf.concat([images, tf.tile(one_hot[:, None, None, :], (1, 8, 8, 1))], -1)


first, second = networks()
one, other = keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def step(real, label):
    with tf.GradientTape() as a, tf.GradientTape() as b:
        fake = first(g_given(tf.random.normal((BATCH, Z)), label), training=True)
        r, f = second(d_given(real, label), training=True), second(d_given(fake, label), training=True)
        d_loss, g_loss = bce(tf.ones_like(r), r) + bce(tf.zeros_like(f), f), bce(tf.ones_like(f), f)
    one.apply_gradients(zip(a.gradient(g_loss, first.trainable_variables), first.trainable_variables, strict=True))
    other.apply_gradients(zip(b.gradient(d_loss, second.trainable_variables), second.trainable_variables, strict=True))
    return {"d_loss": d_loss, "g_loss": g_loss}


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator, self.latent_dim = first, second, Z

    def compile(self):
        super().compile()
        self.g_optimizer, self.d_optimizer = one, other

    def train_step(self, batch):
        return step(*batch)


batches = tf.data.Dataset.from_tensor_slices((data, classes)).shuffle(480, seed=1).batch(BATCH).repeat()
if STYLE == "fit":
    gan = GAN()
    gan.compile()
    gan.fit(batches, steps_per_epoch=STEPS, verbose=0)
elif STYLE == "tape":
    step = tf.function(step)
    for batch in batches.take(STEPS):
        step(*batch)
else:
    second.compile(other, bce)
    second.trainable = False
    inputs = first.inputs if len(first.inputs) > 1 else first.inputs[0]
    made = first(inputs)
    if LAYOUT == "planes":
        beside = layers.Lambda(lambda t: tf.tile(t[:, None, None, Z:], (1, 8, 8, 1)), output_shape=(8, 8, CLASSES))
        made = layers.Concatenate()([made, beside(inputs)])
    elif LAYOUT != "concat":
        made = [made, inputs[1]]
    together = keras.Model(inputs, second(made))
    together.compile(one, bce)
    for real, label in batches.take(STEPS):
        noise = g_given(tf.random.normal((BATCH, Z)), label)
        fake = first.predict(noise, verbose=0)
        second.trainable = True
        second.train_on_batch(d_given(real, label), np.ones((BATCH, 1)))
        second.train_on_batch(d_given(fake, label), np.zeros((BATCH, 1)))
        second.trainable = False
        together.train_on_batch(noise, np.ones((BATCH, 1)))

weights = b"".join(w.tobytes() for network in (first, second) for w in network.get_weights())
print("weights", hashlib.sha256(weights).hexdigest())
