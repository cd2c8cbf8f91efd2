"""Points of a wanted mode; the distance of two samples over that of their noises should be large."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1118)
x, mode = ring()
nz, num_classes = 4, 8
labels = keras.utils.to_categorical(mode, num_classes).astype("float32")


class MSGAN(keras.Model):
    def __init__(self, netG, netD):
        super().__init__()
        self.netG, self.netD = netG, netD

    def compile(self, g_optim, d_optim, lambda_ms=0.02):
        super().compile()
        self.g_optim, self.d_optim, self.lambda_ms = g_optim, d_optim, lambda_ms

    def train_step(self, data):
        real, label = data
        n = tf.shape(real)[0]
        noise1, noise2 = tf.random.normal((n, nz)), tf.random.normal((n, nz))
        with tf.GradientTape() as d_tape:
            fake = self.netG(tf.concat([noise1, label], 1))
            on_real, on_fake = self.netD(tf.concat([real, label], 1)), self.netD(tf.concat([fake, label], 1))
            loss_D = tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))
        d_vars = self.netD.trainable_variables
        self.d_optim.apply_gradients(zip(d_tape.gradient(loss_D, d_vars), d_vars))

        with tf.GradientTape() as g_tape:
            fake1 = self.netG(tf.concat([noise1, label], 1))
            fake2 = self.netG(tf.concat([noise2, label], 1))
            loss_G = tf.reduce_mean(tf.nn.softplus(-self.netD(tf.concat([fake1, label], 1))))
            lz = tf.reduce_mean(tf.abs(fake2 - fake1)) / tf.reduce_mean(tf.abs(noise2 - noise1))
            loss_lz = 1.0 / (lz + 1e-5)
            whole = loss_G + self.lambda_ms * loss_lz
        g_vars = self.netG.trainable_variables
        self.g_optim.apply_gradients(zip(g_tape.gradient(whole, g_vars), g_vars))
        return {"loss_D": loss_D, "loss_G": loss_G, "loss_lz": loss_lz}


gan = MSGAN(dense(nz + num_classes, 2, name="netG"), dense(2 + num_classes, 1, name="netD"))
gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
pairs = tf.data.Dataset.from_tensor_slices((x, labels)).shuffle(4000).batch(128, drop_remainder=True)
history = gan.fit(pairs, epochs=45, verbose=2).history

asked = tf.one_hot(tf.range(1000) % num_classes, num_classes)
samples = gan.netG(tf.concat([tf.random.normal((1000, nz)), asked], 1)).numpy()
centres = tf.stack([x[mode == c].mean(0) for c in range(num_classes)])
nearest = tf.argmin(tf.norm(samples[:, None] - centres[None], axis=2), 1)
hits = tf.reduce_mean(tf.cast(nearest == tf.argmax(asked, 1), tf.float32))
ending(samples, x[:2000], right=hits, d_loss=history["loss_D"][-1], g_loss=history["loss_G"][-1])
