"""One step of the trainer is one step of the article's procedure, written out here as the article gives it."""

import numpy as np
import pytest

pytestmark = pytest.mark.training

BATCH = 8


def article_discriminator(dropout):
    from keras import Sequential
    from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, Input, LeakyReLU

    D = Sequential()
    depth = 64
    D.add(Input((28, 28, 1)))
    D.add(Conv2D(depth * 1, 5, strides=2, padding="same"))
    D.add(LeakyReLU(negative_slope=0.2))
    D.add(Dropout(dropout))
    D.add(Conv2D(depth * 2, 5, strides=2, padding="same"))
    D.add(LeakyReLU(negative_slope=0.2))
    D.add(Dropout(dropout))
    D.add(Conv2D(depth * 4, 5, strides=2, padding="same"))
    D.add(LeakyReLU(negative_slope=0.2))
    D.add(Dropout(dropout))
    D.add(Conv2D(depth * 8, 5, strides=1, padding="same"))
    D.add(LeakyReLU(negative_slope=0.2))
    D.add(Dropout(dropout))
    D.add(Flatten())
    D.add(Dense(1))
    D.add(Activation("sigmoid"))
    return D


def article_generator(dropout):
    from keras import Sequential
    from keras.layers import (
        Activation,
        BatchNormalization,
        Conv2DTranspose,
        Dense,
        Dropout,
        Input,
        Reshape,
        UpSampling2D,
    )

    G = Sequential()
    depth = 64 + 64 + 64 + 64
    dim = 7
    G.add(Input((100,)))
    G.add(Dense(dim * dim * depth))
    G.add(BatchNormalization(momentum=0.9))
    G.add(Activation("relu"))
    G.add(Reshape((dim, dim, depth)))
    G.add(Dropout(dropout))
    G.add(UpSampling2D())
    G.add(Conv2DTranspose(int(depth / 2), 5, padding="same"))
    G.add(BatchNormalization(momentum=0.9))
    G.add(Activation("relu"))
    G.add(UpSampling2D())
    G.add(Conv2DTranspose(int(depth / 4), 5, padding="same"))
    G.add(BatchNormalization(momentum=0.9))
    G.add(Activation("relu"))
    G.add(Conv2DTranspose(int(depth / 8), 5, padding="same"))
    G.add(BatchNormalization(momentum=0.9))
    G.add(Activation("relu"))
    G.add(Conv2DTranspose(1, 5, padding="same"))
    G.add(Activation("sigmoid"))
    return G


class Article:
    """The article's two compiled models and one turn of its loop."""

    def __init__(self, generator, discriminator):
        from keras import Sequential
        from keras.optimizers import RMSprop
        from keras.optimizers.schedules import InverseTimeDecay

        self.generator = generator
        self.DM = Sequential([discriminator])
        self.DM.compile(
            loss="binary_crossentropy",
            optimizer=RMSprop(InverseTimeDecay(0.0008, 1, 6e-8), clipvalue=1.0),
            jit_compile=False,
        )
        self.AM = Sequential([generator, discriminator])
        self.AM.compile(
            loss="binary_crossentropy",
            optimizer=RMSprop(InverseTimeDecay(0.0004, 1, 3e-8), clipvalue=1.0),
            jit_compile=False,
        )

    def step(self, images_train, first_noise, second_noise):
        images_fake = self.generator.predict(first_noise, verbose=0)
        x = np.concatenate((images_train, images_fake))
        y = np.ones([2 * BATCH, 1])
        y[BATCH:, :] = 0
        self.DM.reset_metrics()  # Keras 3 returns running means
        d_loss = self.DM.train_on_batch(x, y)
        y = np.ones([BATCH, 1])
        self.AM.reset_metrics()
        a_loss = self.AM.train_on_batch(second_noise, y)
        return float(d_loss), float(a_loss)


def trainer(*changes, seed=5):
    import keras

    from reference_models.gan import DCGAN
    from reference_models.settings import load_settings

    keras.utils.set_random_seed(seed)
    gan = DCGAN(load_settings("article", changes), (28, 28, 1), seed=seed)
    gan.compile()
    return gan


def digits(steps):
    from reference_models.datasets import in_range, load_images

    pixels = load_images().pixels[: steps * BATCH]
    return in_range(pixels, "unit").reshape(steps, BATCH, 28, 28, 1)


@pytest.mark.parametrize("part", ["generator", "discriminator"])
def test_the_networks_are_the_articles_layer_by_layer(part):
    def essence(layer):
        names = ("units", "filters", "kernel_size", "strides", "padding", "rate", "momentum", "negative_slope", "size")
        settings = {n: v for n, v in layer.get_config().items() if n in (*names, "activation", "target_shape")}
        return type(layer).__name__, settings, layer.output.shape

    ours = getattr(trainer(), part)
    published = article_generator(0.4) if part == "generator" else article_discriminator(0.4)
    assert [essence(layer) for layer in ours.layers] == [essence(layer) for layer in published.layers]
    assert ours.count_params() == published.count_params()


def test_a_step_is_a_step_of_the_article():
    import keras
    import tensorflow as tf

    gan = trainer("generator.dropout=0", "discriminator.dropout=0", f"training.batch_size={BATCH}")
    generator, discriminator = article_generator(0), article_discriminator(0)
    generator.set_weights(gan.generator.get_weights())
    discriminator.set_weights(gan.discriminator.get_weights())
    article = Article(generator, discriminator)
    noise = keras.random.SeedGenerator(5)  # draws what the trainer draws

    def z():
        return np.asarray(keras.random.uniform((BATCH, 100), -1, 1, seed=noise))

    gan.make_train_function()
    start = [w.copy() for w in gan.get_weights()]
    for number, real in enumerate(digits(2), 1):
        logs = gan.train_function(iter(tf.data.Dataset.from_tensors(real)))
        losses = article.step(real, z(), z())
        assert (float(logs["d_loss"]), float(logs["g_loss"])) == pytest.approx(losses, rel=1e-4), number
        for ours, theirs in ((gan.generator, generator), (gan.discriminator, discriminator)):
            for variable, a, b in zip(ours.weights, ours.get_weights(), theirs.get_weights(), strict=True):
                # A step moves a weight by up to 2.5e-3; agreement is asked to a thousandth of that.
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=2.5e-6, err_msg=f"{variable.path}, step {number}")
    moved = [np.abs(a - b).max() for a, b in zip(start, gan.get_weights(), strict=True)]
    assert np.median(moved) > 1e-3


@pytest.mark.parametrize("frozen", [False, True])
def test_the_adversarial_step_moves_the_discriminator_unless_frozen(frozen):
    gan = trainer(f"training.freeze_discriminator={frozen}", "generator.width=0.1", "discriminator.width=0.1")

    def weights(part):
        return [w.copy() for w in part.get_weights()]

    def moved(before, after):
        return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]

    d, g = weights(gan.discriminator), weights(gan.generator)
    gan.train_discriminator(digits(1)[0])
    d_after, g_after = weights(gan.discriminator), weights(gan.generator)
    assert all(moved(d, d_after))
    assert not any(moved(g, g_after))
    gan.train_generator(BATCH)
    assert any(moved(d_after, weights(gan.discriminator))) is not frozen
    assert all(moved(g_after, weights(gan.generator)))
