"""Digits from transposed convolutions with a kernel of three and a stride of two, and nothing after them."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator

keras.utils.set_random_seed(721)
KERNEL = 3
x, _ = digits()
generator = keras.Sequential(
    [
        keras.Input((32,)),
        layers.Dense(7 * 7 * 16, use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Reshape((7, 7, 16)),
        layers.Conv2DTranspose(16, KERNEL, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv2DTranspose(1, KERNEL, strides=2, padding="same", activation="tanh"),
    ]
)


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.netG, self.netD = generator, digit_discriminator(dropout=0.0)
        self.optimizer_G = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.optimizer_D = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.mse = keras.losses.MeanSquaredError()

    def train_step(self, real):
        with tf.GradientTape() as tape_G, tf.GradientTape() as tape_D:
            fake = self.netG(tf.random.normal((tf.shape(real)[0], 32)), training=True)
            pred_real, pred_fake = self.netD(real, training=True), self.netD(fake, training=True)
            loss_D = self.mse(tf.ones_like(pred_real), pred_real) + self.mse(tf.zeros_like(pred_fake), pred_fake)
            loss_G = self.mse(tf.ones_like(pred_fake), pred_fake)
        weights_D, weights_G = self.netD.trainable_variables, self.netG.trainable_variables
        self.optimizer_D.apply_gradients(zip(tape_D.gradient(loss_D, weights_D), weights_D))
        self.optimizer_G.apply_gradients(zip(tape_G.gradient(loss_G, weights_G), weights_G))
        return {"d_loss": loss_D, "g_loss": loss_G}


gan = GAN()
gan.compile()
history = gan.fit(x, batch_size=32, epochs=6, verbose=2).history
samples = generator.predict(tf.random.normal((500, 32)), verbose=0)


def chequered(images):
    """Return how much of the images' steps from pixel to pixel goes to and fro."""
    line = images[:, 1:-1, :, 0] - (images[:, :-2, :, 0] + images[:, 2:, :, 0]) / 2
    return float(abs(line).mean() / abs(images[:, 1:, :, 0] - images[:, :-1, :, 0]).mean())


print("chequered", chequered(samples), "where the data are", chequered(x))
d_loss, g_loss = history["d_loss"][-1], history["g_loss"][-1]
ending(samples, x[:1500], chequered=chequered(samples), d_loss=d_loss, g_loss=g_loss)
