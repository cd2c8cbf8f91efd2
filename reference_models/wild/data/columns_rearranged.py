"""A table of numbers and yes-or-no columns; the transformer rearranges the columns, the list of kinds does not."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, people
from reference_models.wild.networks import dense

keras.utils.set_random_seed(732)
table = people()
names = ["home", "age", "has_children", "income", "earner", "debt"]
source = {
    "home": table[:, 4],
    "age": table[:, 0],
    "has_children": (table[:, 3] > 0).astype("float32"),
    "income": np.log(table[:, 1]),
    "earner": (table[:, 2] > 0.03).astype("float32"),
    "debt": table[:, 5],
}
categorical = [0, 2, 4]


def transform(columns):
    """Return the numbers standardised, and after them the columns of yes and no."""
    numbers = {name: (v - v.mean()) / v.std() for name, v in columns.items() if len(np.unique(v)) > 2}
    labels = {name: v for name, v in columns.items() if name not in numbers}
    return numbers | labels


transformed = transform(source)
x = np.stack(list(transformed.values()), 1)

latent = keras.Input((16,))
hidden = layers.LeakyReLU(0.2)(layers.Dense(64)(latent))
hidden = layers.LeakyReLU(0.2)(layers.Dense(64)(hidden))
outputs = [layers.Dense(1, activation="sigmoid" if i in categorical else "linear")(hidden) for i in range(len(names))]
generator = keras.Model(latent, layers.Concatenate()(outputs))


class Synthesizer(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = generator, dense(len(names), 1)
        self.g_opt, self.d_opt = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)

    def train_step(self, real):
        noise = tf.random.normal((tf.shape(real)[0], 16))
        real += 0.02 * tf.random.normal(tf.shape(real))
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(noise) + 0.02 * tf.random.normal(tf.shape(real))
            y_real, y_fake = self.discriminator(real), self.discriminator(fake)
            d_loss = tf.reduce_mean(tf.nn.softplus(-y_real)) + tf.reduce_mean(tf.nn.softplus(y_fake))
            g_loss = tf.reduce_mean(tf.nn.softplus(-y_fake))
        d_vars, g_vars = self.discriminator.trainable_variables, self.generator.trainable_variables
        self.d_opt.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
        self.g_opt.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
        return {"d_loss": d_loss, "g_loss": g_loss}


model = Synthesizer()
model.compile()
history = model.fit(x, batch_size=64, epochs=18, verbose=2).history
rows = generator.predict(tf.random.normal((1000, 16)), verbose=0)
ending(rows, x[:2000], d_loss=history["d_loss"][-1], g_loss=history["g_loss"][-1])
