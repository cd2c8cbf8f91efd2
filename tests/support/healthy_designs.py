"""GANs of good repute, built in Keras as their papers or tutorials build them, at a fraction of their width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from reference_models.dcgan import build_discriminator, build_generator
from reference_models.settings import load_settings

layers = keras.layers
bce = keras.losses.BinaryCrossentropy


@dataclass(frozen=True)
class Design:
    """A GAN, not trained.

    Attributes:
        gan: Holds the players, their optimizers and perhaps a loss.
        family: Of the loss.
        images: Real images in the range it is made for.
        remarks: Rules that mention something about it.
    """

    gan: Any
    family: str
    images: np.ndarray
    remarks: frozenset[str] = frozenset()


class GAN(keras.Model):
    def __init__(self, generator: Any, discriminator: Any, g_optimizer: Any, d_optimizer: Any, **fields: Any) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        for name, value in fields.items():
            setattr(self, name, value)


def images(low: float, high: float, side: int = 16, channels: int = 1) -> np.ndarray:
    """Mostly the lowest value, as digits are."""
    rng = np.random.default_rng(0)
    unit = np.clip(rng.normal(-0.5, 0.6, (64, side, side, channels)), 0, 1)
    return (low + (high - low) * unit).astype(np.float32)


def adam(rate: float = 2e-4, beta_1: float = 0.5) -> Any:
    return keras.optimizers.Adam(rate, beta_1=beta_1)


def article(preset: str) -> Design:
    """R. Atienza, GAN by Example using Keras, 2017: the reference model."""
    settings = load_settings(preset)
    players = build_generator(settings, (28, 28, 1)), build_discriminator(settings, (28, 28, 1))
    optimizers = (keras.optimizers.RMSprop(rate, clipvalue=1.0) for rate in (4e-4, 8e-4))
    return Design(GAN(*players, *optimizers, cross_entropy=bce()), "non_saturating", images(0, 1, 28))


def keras_io() -> Design:
    """keras.io, DCGAN to generate face images."""
    generator = [keras.Input((32,)), layers.Dense(4 * 4 * 8), layers.Reshape((4, 4, 8))]
    for filters in (16, 32):
        generator += [layers.Conv2DTranspose(filters, 4, strides=2, padding="same"), layers.LeakyReLU(0.2)]
    generator += [layers.Conv2D(3, 5, padding="same", activation="sigmoid")]
    judge = [keras.Input((16, 16, 3))]
    for filters in (8, 16):
        judge += [layers.Conv2D(filters, 4, strides=2, padding="same"), layers.LeakyReLU(0.2)]
    judge += [layers.Flatten(), layers.Dropout(0.2), layers.Dense(1)]
    players = keras.Sequential(generator), keras.Sequential(judge)
    return Design(
        GAN(*players, adam(1e-4, 0.9), adam(1e-4, 0.9), loss_fn=bce(from_logits=True)),
        "non_saturating",
        images(0, 1, channels=3),
    )


def radford() -> Design:
    """Radford et al. 2016: batch normalisation in both players, real and fake batches apart, 5 x 5 with stride 2."""
    generator = [keras.Input((32,)), layers.Dense(4 * 4 * 16, use_bias=False), layers.Reshape((4, 4, 16))]
    generator += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    generator += [layers.Conv2DTranspose(8, 5, strides=2, padding="same", use_bias=False)]
    generator += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    generator += [layers.Conv2DTranspose(3, 5, strides=2, padding="same", activation="tanh")]
    judge = [keras.Input((16, 16, 3)), layers.Conv2D(8, 5, strides=2, padding="same"), layers.LeakyReLU(0.2)]
    judge += [layers.Conv2D(16, 5, strides=2, padding="same", use_bias=False), layers.BatchNormalization(momentum=0.9)]
    judge += [layers.LeakyReLU(0.2), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    players = keras.Sequential(generator), keras.Sequential(judge)
    return Design(
        GAN(*players, adam(), adam(), loss_fn=bce()), "non_saturating", images(-1, 1, channels=3), frozenset({"GD108"})
    )


def tensorflow_tutorial() -> Design:
    """tensorflow.org, Deep Convolutional Generative Adversarial Network."""
    generator = [keras.Input((100,)), layers.Dense(7 * 7 * 16, use_bias=False)]
    generator += [layers.BatchNormalization(), layers.LeakyReLU(), layers.Reshape((7, 7, 16))]
    for filters, strides in ((8, 1), (4, 2)):
        generator += [layers.Conv2DTranspose(filters, 5, strides=strides, padding="same", use_bias=False)]
        generator += [layers.BatchNormalization(), layers.LeakyReLU()]
    generator += [layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh")]
    judge = [keras.Input((28, 28, 1))]
    for filters in (4, 8):
        judge += [layers.Conv2D(filters, 5, strides=2, padding="same"), layers.LeakyReLU(), layers.Dropout(0.3)]
    judge += [layers.Flatten(), layers.Dense(1)]
    players = keras.Sequential(generator), keras.Sequential(judge)
    gan = GAN(*players, adam(1e-4, 0.9), adam(1e-4, 0.9), cross_entropy=bce(from_logits=True))
    return Design(gan, "non_saturating", images(-1, 1, 28), frozenset({"GD108"}))


def convolutional(norm: Callable[[], list[Any]], wrap: Callable[[Any], Any]) -> tuple[Any, Any]:
    """A generator of resize-convolutions with tanh, a discriminator of strided ones without activation at its end."""
    generator = [keras.Input((32,)), layers.Dense(4 * 4 * 8), layers.BatchNormalization(), layers.ReLU()]
    generator += [layers.Reshape((4, 4, 8))]
    for filters in (8, 4):
        generator += [layers.UpSampling2D(), layers.Conv2D(filters, 3, padding="same")]
        generator += [layers.BatchNormalization(), layers.ReLU()]
    generator += [layers.Conv2D(1, 3, padding="same"), layers.Activation("tanh")]
    judge = [keras.Input((16, 16, 1))]
    for filters in (8, 16):
        judge += [wrap(layers.Conv2D(filters, 4, strides=2, padding="same")), *norm(), layers.LeakyReLU(0.2)]
    return keras.Sequential(generator), keras.Sequential([*judge, layers.Flatten(), wrap(layers.Dense(1))])


def least_squares() -> Design:
    """Mao et al. 2017."""
    players = convolutional(lambda: [layers.BatchNormalization()], lambda layer: layer)
    return Design(GAN(*players, adam(), adam()), "least_squares", images(-1, 1))


def hinge() -> Design:
    """Miyato et al. 2018: spectral normalisation, hinge loss, the discriminator's rate four times the other's."""
    players = convolutional(list, layers.SpectralNormalization)
    return Design(GAN(*players, adam(1e-4, 0.0), adam(4e-4, 0.0)), "hinge", images(-1, 1))


def wasserstein() -> Design:
    """Gulrajani et al. 2017: layer normalisation in the critic, gradient penalty."""
    players = convolutional(lambda: [layers.LayerNormalization()], lambda layer: layer)
    return Design(GAN(*players, adam(1e-4, 0.0), adam(1e-4, 0.0)), "wasserstein", images(-1, 1))


def clipped_wasserstein() -> Design:
    """Arjovsky et al. 2017: a generator without bounds on its output, RMSprop."""
    generator, critic = convolutional(list, lambda layer: layer)
    generator.pop()
    rates = (keras.optimizers.RMSprop(5e-5) for _ in range(2))
    return Design(GAN(generator, critic, *rates), "wasserstein", images(-1, 1), frozenset({"GD006"}))


def dense() -> Design:
    """Goodfellow et al. 2014 in the form of eriklindernoren/Keras-GAN: batch normalisation behind the activation."""
    generator = [keras.Input((100,))]
    for units in (32, 64):
        generator += [layers.Dense(units), layers.LeakyReLU(0.2), layers.BatchNormalization(momentum=0.8)]
    generator += [layers.Dense(28 * 28, activation="tanh"), layers.Reshape((28, 28, 1))]
    judge = [keras.Input((28, 28, 1)), layers.Flatten()]
    for units in (64, 32):
        judge += [layers.Dense(units), layers.LeakyReLU(0.2)]
    discriminator = keras.Sequential([*judge, layers.Dense(1, activation="sigmoid")])
    discriminator.compile(loss="binary_crossentropy")
    gan = GAN(keras.Sequential(generator), discriminator, adam(), adam())
    return Design(gan, "non_saturating", images(-1, 1, 28), frozenset({"GD102"}))


def conditional() -> Design:
    """keras.io, Conditional GAN: one-hot labels beside latents and as further channels."""
    latent, label = keras.Input((32,)), keras.Input((10,))
    x = layers.Concatenate()([latent, label])
    x = layers.Reshape((7, 7, 42))(layers.LeakyReLU(0.2)(layers.Dense(7 * 7 * 42)(x)))
    for filters in (8, 8):
        x = layers.LeakyReLU(0.2)(layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x))
    generator = keras.Model([latent, label], layers.Conv2D(1, 7, padding="same", activation="sigmoid")(x))
    image, shown = keras.Input((28, 28, 1)), keras.Input((28, 28, 10))
    x = layers.Concatenate()([image, shown])
    for filters in (8, 16):
        x = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 3, strides=2, padding="same")(x))
    discriminator = keras.Model([image, shown], layers.Dense(1)(layers.GlobalMaxPooling2D()(x)))
    gan = GAN(generator, discriminator, adam(3e-4, 0.9), adam(3e-4, 0.9), loss_fn=bce(from_logits=True))
    return Design(gan, "non_saturating", images(0, 1, 28), frozenset({"GD107"}))


def adaptive_augmentation() -> Design:
    """keras.io, Data-efficient GANs with Adaptive Discriminator Augmentation."""
    noise = keras.Input((16,))
    x = layers.BatchNormalization(scale=False)(layers.Dense(4 * 4 * 8, use_bias=False)(noise))
    x = layers.Reshape((4, 4, 8))(layers.ReLU()(x))
    x = layers.Conv2DTranspose(8, 4, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(scale=False)(x))
    x = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid")(x)
    generator = keras.Model(noise, x)
    image = x = keras.Input((16, 16, 3))
    for _ in range(2):
        x = layers.Conv2D(8, 4, strides=2, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(0.2)(layers.BatchNormalization(scale=False)(x))
    discriminator = keras.Model(image, layers.Dense(1)(layers.Dropout(0.4)(layers.Flatten()(x))))
    return Design(GAN(generator, discriminator, adam(), adam()), "non_saturating", images(0, 1, channels=3))


class Up(layers.Layer):
    """A residual block as in Gulrajani et al. 2017: normalisation and ReLU before each convolution."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.norms = [layers.BatchNormalization(), layers.BatchNormalization()]
        self.convolutions = [layers.Conv2D(filters, 3, padding="same") for _ in range(2)]
        self.shortcut = layers.Conv2D(filters, 1)
        self.double = layers.UpSampling2D()

    def call(self, x: Any, training: bool | None = None) -> Any:
        y = self.double(tf.nn.relu(self.norms[0](x, training=training)))
        y = tf.nn.relu(self.norms[1](self.convolutions[0](y), training=training))
        return self.convolutions[1](y) + self.shortcut(self.double(x))


class Down(layers.Layer):
    """Its counterpart in the critic, spectrally normalised."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.convolutions = [layers.SpectralNormalization(layers.Conv2D(filters, 3, padding="same")) for _ in range(2)]
        self.shortcut = layers.SpectralNormalization(layers.Conv2D(filters, 1))
        self.halve = layers.AveragePooling2D(2)

    def call(self, x: Any) -> Any:
        y = self.convolutions[1](tf.nn.relu(self.convolutions[0](tf.nn.relu(x))))
        return self.halve(y) + self.halve(self.shortcut(x))


class ResidualGenerator(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.start, self.blocks = layers.Dense(4 * 4 * 8), [Up(8), Up(8)]
        self.norm, self.end = layers.BatchNormalization(), layers.Conv2D(1, 3, padding="same")

    def call(self, z: Any, training: bool | None = None) -> Any:
        x = tf.reshape(self.start(z), (-1, 4, 4, 8))
        for block in self.blocks:
            x = block(x, training=training)
        return tf.nn.tanh(self.end(tf.nn.relu(self.norm(x, training=training))))


def residual() -> Design:
    """Miyato et al. 2018, the residual networks: ReLU in the discriminator, sums, Python in the call."""
    generator = ResidualGenerator()
    generator(np.zeros((2, 32), np.float32))
    image = x = keras.Input((16, 16, 1))
    for block in (Down(8), Down(8)):
        x = block(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    discriminator = keras.Model(image, layers.SpectralNormalization(layers.Dense(1))(x))
    gan = GAN(generator, discriminator, adam(2e-4, 0.0), adam(2e-4, 0.0), latent_dim=32)
    return Design(gan, "hinge", images(-1, 1), frozenset({"GD107"}))


def image_to_image() -> Design:
    """tensorflow.org, pix2pix: a generator with skips and dropout of 0.5, a discriminator of patches."""
    given = keras.Input((16, 16, 3))
    down = [given]
    for filters in (8, 8, 8):
        x = layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=False)(down[-1])
        x = x if len(down) == 1 else layers.BatchNormalization()(x)
        down.append(layers.LeakyReLU()(x))
    x = down[-1]
    for skip in (down[2], down[1]):
        x = layers.Conv2DTranspose(8, 4, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.Dropout(0.5)(layers.BatchNormalization()(x)))
        x = layers.Concatenate()([x, skip])
    generator = keras.Model(given, layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh")(x))
    first, second = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    x = layers.Concatenate()([first, second])
    x = layers.LeakyReLU()(layers.Conv2D(8, 4, strides=2, padding="same")(x))
    x = layers.LeakyReLU()(layers.BatchNormalization()(layers.Conv2D(8, 4, use_bias=False)(layers.ZeroPadding2D()(x))))
    discriminator = keras.Model([first, second], layers.Conv2D(1, 4)(layers.ZeroPadding2D()(x)))
    gan = GAN(generator, discriminator, adam(), adam(), loss_object=bce(from_logits=True))
    return Design(gan, "non_saturating", images(-1, 1, channels=3))


DESIGNS: dict[str, Callable[[], Design]] = {
    "article, full": lambda: article("reference"),
    "article, quick": lambda: article("quick"),
    "keras.io DCGAN": keras_io,
    "DCGAN paper": radford,
    "tensorflow.org DCGAN": tensorflow_tutorial,
    "LSGAN": least_squares,
    "hinge, spectral normalisation": hinge,
    "WGAN-GP, layer normalisation": wasserstein,
    "WGAN, linear generator": clipped_wasserstein,
    "dense layers": dense,
    "conditional": conditional,
    "adaptive augmentation": adaptive_augmentation,
    "residual": residual,
    "pix2pix": image_to_image,
}
