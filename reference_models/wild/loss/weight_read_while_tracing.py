"""Points on a ring; a number that should fall to 0 weighs how far apart samples are pushed, in a traced function."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(804)
x, _ = ring()
STEPS, DS_STEPS, INITIAL_DS_WEIGHT = 1500, 500, 4.0


class Trainer:
    def __init__(self):
        self.G, self.D = dense(8, 2, width=96), dense(2, 1, width=96)
        self.g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.ds_weight = INITIAL_DS_WEIGHT

    @tf.function
    def d_train(self, real):
        with tf.GradientTape() as tape:
            on_real, on_fake = self.D(real), self.D(self.G(tf.random.normal((64, 8))))
            loss = tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))
        variables = self.D.trainable_variables
        self.d_optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    @tf.function
    def g_train(self):
        with tf.GradientTape() as tape:
            one, other = self.G(tf.random.normal((64, 8))), self.G(tf.random.normal((64, 8)))
            adv_loss = tf.reduce_mean(tf.nn.softplus(-self.D(one)))
            ds_loss = tf.reduce_mean(tf.abs(one - other))
            loss = adv_loss - self.ds_weight * ds_loss
        variables = self.G.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return adv_loss, ds_loss

    def train(self, dataset):
        for idx, real in enumerate(dataset.take(STEPS)):
            d_loss = self.d_train(real)
            g_loss, ds_loss = self.g_train()
            self.ds_weight = max(0.0, self.ds_weight - INITIAL_DS_WEIGHT / DS_STEPS)
            if idx % 150 == 0:
                print(f"iter: {idx} d: {d_loss:.3f} g: {g_loss:.3f} ds: {ds_loss:.3f} weight: {self.ds_weight:.3f}")
        return d_loss, g_loss


trainer = Trainer()
d_loss, g_loss = trainer.train(tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64))
samples = trainer.G.predict(tf.random.normal((1000, 8)), verbose=0)
ending(samples, x[:2000], d_loss=d_loss, g_loss=g_loss)
