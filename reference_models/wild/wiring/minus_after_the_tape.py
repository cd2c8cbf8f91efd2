"""Rows of a table by a Wasserstein autoencoder whose critic compares codes with draws from a normal law."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1207)
x_train = standardised(people())
n_z, batch_size, lamb, gp_weight = 4, 100, 1.0, 10.0


class WAE(keras.Model):
    def __init__(self):
        super().__init__()
        self.enc, self.dec, self.disc = dense(6, n_z), dense(n_z, 6), dense(n_z, 1)
        self.vae_opt = keras.optimizers.Adam(1e-3)
        self.enc_opt = keras.optimizers.Adam(5e-4, beta_1=0.5)
        self.disc_opt = keras.optimizers.Adam(1e-3, beta_1=0.5)

    def gradient_penalty(self, z, z_gen):
        share = tf.random.uniform((batch_size, 1))
        between = share * z + (1.0 - share) * z_gen
        with tf.GradientTape() as tape:
            tape.watch(between)
            score = self.disc(between)
        slope = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(score, between)), 1) + 1e-12)
        return tf.reduce_mean((slope - 1.0) ** 2)

    def compute_losses(self, x):
        z_gen, z = self.enc(x), tf.random.normal((batch_size, n_z))
        vae_loss = tf.reduce_mean(tf.square(x - self.dec(z_gen)))
        logits_z, logits_z_gen = self.disc(z), self.disc(z_gen)
        apart = tf.reduce_mean(logits_z) - tf.reduce_mean(logits_z_gen)
        latent_loss = apart - gp_weight * self.gradient_penalty(z, z_gen)
        return vae_loss, latent_loss, -lamb * tf.reduce_mean(logits_z_gen)

    @tf.function
    def train(self, x):
        with tf.GradientTape() as vae_tape, tf.GradientTape() as disc_tape, tf.GradientTape() as enc_tape:
            vae_loss, latent_loss, enc_loss = self.compute_losses(x)
        vae_vars = self.enc.trainable_variables + self.dec.trainable_variables
        enc_vars, disc_vars = self.enc.trainable_variables, self.disc.trainable_variables
        vae_gradients = vae_tape.gradient(vae_loss, vae_vars)
        enc_gradients = enc_tape.gradient(enc_loss, enc_vars)
        disc_gradients = disc_tape.gradient(-latent_loss, disc_vars)
        disc_gradients = [tf.zeros(v.shape) if g is None else g for g, v in zip(disc_gradients, disc_vars)]
        self.vae_opt.apply_gradients(zip(vae_gradients, vae_vars))
        self.enc_opt.apply_gradients(zip(enc_gradients, enc_vars))
        self.disc_opt.apply_gradients(zip(disc_gradients, disc_vars))
        return vae_loss, latent_loss, enc_loss


model = WAE()
train_dataset = tf.data.Dataset.from_tensor_slices(x_train).shuffle(4000).repeat().batch(batch_size)
for step, x in enumerate(train_dataset.take(1200)):
    vae_loss, latent_loss, enc_loss = model.train(x)
    if step % 200 == 0:
        print(f"{step}: rec {float(vae_loss):.4f} latent {float(latent_loss):.4f} enc {float(enc_loss):.4f}")

samples = model.dec(tf.random.normal((1000, n_z))).numpy()
ending(samples, x_train[:2000], rec=vae_loss, d_loss=-latent_loss, g_loss=enc_loss)
