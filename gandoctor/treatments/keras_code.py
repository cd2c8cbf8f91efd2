"""Keras 3 code of the treatments, to copy; every piece compiles, and names no variable it does not explain."""

TWO_TAPE_STEP = """\
import keras
import tensorflow as tf

bce = keras.losses.BinaryCrossentropy()  # from_logits=True if the discriminator has no sigmoid


class GAN(keras.Model):
    def __init__(self, generator, discriminator, latent_dim, d_optimizer, g_optimizer):
        super().__init__()
        self.generator, self.discriminator, self.latent_dim = generator, discriminator, latent_dim
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.built = True

    def train_step(self, real):
        n = tf.shape(real)[0]
        fake = self.generator(keras.random.uniform((n, self.latent_dim), -1, 1), training=True)
        with tf.GradientTape() as tape:
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(fake, training=True)
            d_loss = 0.5 * (bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake))
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)

        with tf.GradientTape() as tape:
            fake = self.generator(keras.random.uniform((n, self.latent_dim), -1, 1), training=True)
            on_fake = self.discriminator(fake, training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
        weights = self.generator.trainable_variables  # the generator's only: the discriminator stays put
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}
"""

TRAINABLE_PER_PHASE = """\
# discriminator_model and adversarial_model are the two compiled models; discriminator is the network inside both.
def train_on_batch(discriminator, discriminator_model, adversarial_model, x, y, latents, labels):
    discriminator.trainable = True  # before every call of a phase, the first one above all
    d_loss = discriminator_model.train_on_batch(x, y)
    discriminator.trainable = False
    g_loss = adversarial_model.train_on_batch(latents, labels)
    discriminator.trainable = True
    return d_loss, g_loss
"""

GENERATOR_LEARNING_RATE = """\
import keras

g_optimizer = keras.optimizers.RMSprop(learning_rate=8e-4)  # was 4e-4; one factor of two at a time
"""

DISCRIMINATOR_LEARNING_RATE = """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)  # was 8e-4; one factor of two at a time
"""

NO_PRETRAINING = """\
def train(gan, dataset, steps):
    # No loop over the discriminator alone before this line.
    gan.fit(dataset, steps_per_epoch=steps, epochs=1)
"""

R1 = '''\
import tensorflow as tf


def r1_penalty(discriminator, real, gamma=10.0):
    """Add this to d_loss, inside its gradient tape. The discriminator must return logits (no sigmoid)."""
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = tf.reduce_sum(discriminator(real, training=True))
    gradient = tape.gradient(logits, real)
    return 0.5 * gamma * tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]))
'''

SPECTRAL_NORMALISATION = """\
import keras
from keras import layers
from keras.layers import SpectralNormalization

discriminator = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        SpectralNormalization(layers.Conv2D(64, 5, strides=2, padding="same")),
        layers.LeakyReLU(negative_slope=0.2),
        SpectralNormalization(layers.Conv2D(128, 5, strides=2, padding="same")),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Flatten(),
        SpectralNormalization(layers.Dense(1)),
    ]
)
"""

INSTANCE_NOISE = '''\
import keras


def noisy(images, step, steps, sigma=0.1):
    """Call it on real and on generated images alike, right before the discriminator; it fades to nothing."""
    fade = 1.0 - keras.ops.minimum(1.0, keras.ops.cast(step, "float32") / steps)
    return images + fade * sigma * keras.random.normal(keras.ops.shape(images))
'''

LABEL_SMOOTHING = """\
import keras

bce = keras.losses.BinaryCrossentropy()


def d_loss(on_real, on_fake):
    real = bce(0.9 * keras.ops.ones_like(on_real), on_real)  # smoothed
    fake = bce(keras.ops.zeros_like(on_fake), on_fake)  # not smoothed
    return 0.5 * (real + fake)
"""

OUTPUT_RANGE = '''\
import numpy as np
from keras import layers


def to_unit_range(images):
    """Bring 8-bit images to 0..1, what a sigmoid reaches."""
    return np.asarray(images, "float32") / 255.0


last_layer = layers.Activation("sigmoid")  # for data in 0..1; "tanh" for data in -1..1
'''

BATCH_NORM_PLACEMENT = """\
from keras import layers

hidden_block = [
    layers.Conv2DTranspose(64, 5, padding="same"),
    layers.BatchNormalization(momentum=0.9),
    layers.Activation("relu"),
]
output_block = [  # nothing between the last weights and the output activation
    layers.Conv2DTranspose(1, 5, padding="same"),
    layers.Activation("sigmoid"),
]
"""

BATCH_NORM_MOMENTUM = """\
from keras import layers

normalisation = layers.BatchNormalization(momentum=0.9)  # remembers about 10 steps; Keras defaults to 0.99
"""

DROPOUT = """\
from keras import layers

dropout = layers.Dropout(0.3)  # the article suggests 0.3 to 0.6; try 0 as well
"""

NOISE_LAYERS = """\
import keras


def noise_layers(generator):
    # Leave these out when you build it; then look for noise in the code that draws samples.
    return [layer.name for layer in generator.layers if isinstance(layer, keras.layers.GaussianNoise)]
"""

INFERENCE_MODE = """\
import keras


def sample(generator, count, latent_dim=100):
    latents = keras.random.uniform((count, latent_dim), -1, 1)
    return generator(latents, training=False)
"""

WEIGHT_AVERAGE = '''\
import keras


class AverageGenerator(keras.callbacks.Callback):
    """Keeps `self.average`, a copy of the generator with averaged weights: sample from that one."""

    def __init__(self, momentum=0.99):
        super().__init__()
        self.momentum = momentum

    def on_train_begin(self, logs=None):
        self.average = keras.models.clone_model(self.model.generator)
        self.average.set_weights(self.model.generator.get_weights())

    def on_train_batch_end(self, batch, logs=None):
        for kept, current in zip(self.average.variables, self.model.generator.variables):
            if "float" in str(kept.dtype):
                kept.assign(self.momentum * kept + (1.0 - self.momentum) * current)
'''

TRAIN_LONGER = """\
def train(gan, dataset, steps=4000):  # was 2000
    gan.fit(dataset, steps_per_epoch=steps, epochs=1)
"""

LATENTS = """\
import numpy as np

rng = np.random.default_rng()  # once, outside the loop


def latents(count, latent_dim=100):
    return rng.uniform(-1.0, 1.0, (count, latent_dim)).astype("float32")
"""

MINIBATCH_STDDEV = '''\
import keras
from keras import layers, ops


class MinibatchStandardDeviation(layers.Layer):
    """Appends one channel: the mean standard deviation over the batch. Place it before the last convolution."""

    def call(self, x):
        spread = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, spread * ops.ones_like(x[..., :1])], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)
'''

CLIP = """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=2e-4, global_clipnorm=1.0)
g_optimizer = keras.optimizers.RMSprop(learning_rate=1e-4, global_clipnorm=1.0)
"""

FROM_LOGITS = """\
import keras
from keras import layers

bce = keras.losses.BinaryCrossentropy(from_logits=True)
last_layer = layers.Dense(1)  # and no sigmoid behind it
"""

CHECK_DATA = """\
import numpy as np


def check_images(images):
    bad = np.flatnonzero(~np.isfinite(images).reshape(len(images), -1).all(axis=1))
    print(f"{len(bad)} of {len(images)} images hold NaN or infinity: {bad[:20]}")
    print(f"range {np.nanmin(images)} .. {np.nanmax(images)}, mean {np.nanmean(images):.3f}")
    return np.delete(images, bad, axis=0)
"""

LEARNING_RATE_FLOOR = """\
import keras

schedule = keras.optimizers.schedules.CosineDecay(2e-4, decay_steps=20_000, alpha=0.1)  # ends at 2e-5, not at 0
d_optimizer = keras.optimizers.Adam(schedule, beta_1=0.5)
"""

GENERATE_INSIDE_TAPE = """\
import tensorflow as tf


def generator_step(generator, discriminator, g_optimizer, loss, latents):
    with tf.GradientTape() as tape:
        fake = generator(latents, training=True)  # called inside the tape; predict() cuts the way back
        on_fake = discriminator(fake, training=True)
        g_loss = loss(tf.ones_like(on_fake), on_fake)
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return g_loss
"""

STOP_GRADIENT = """\
import tensorflow as tf


def discriminator_step(generator, discriminator, d_optimizer, loss, real, latents):
    fake = tf.stop_gradient(generator(latents, training=True))  # and made outside the tape
    with tf.GradientTape() as tape:
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = 0.5 * (loss(tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake))
    weights = discriminator.trainable_variables  # the discriminator's only
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    return d_loss
"""

CONSISTENT_LABELS = """\
import keras

REAL, FAKE = 1.0, 0.0  # said once; the other way round would do as well
bce = keras.losses.BinaryCrossentropy()


def d_loss(on_real, on_fake):
    real = bce(REAL * keras.ops.ones_like(on_real), on_real)
    fake = bce(FAKE * keras.ops.ones_like(on_fake), on_fake)
    return 0.5 * (real + fake)


def g_loss(on_fake):
    return bce(REAL * keras.ops.ones_like(on_fake), on_fake)  # the label of reals
"""

TRAINING_MODE_FAKES = """\
def fakes_for_the_discriminator(generator, latents):
    return generator(latents, training=True)  # as in the generator's own step; predict() is inference mode
"""

VARIED_BATCHES = '''\
import numpy as np


def batches(images, batch_size):
    """Endless batches: every image once an epoch, in a new order each time."""
    rng = np.random.default_rng()  # once, outside the loop
    while True:
        order = rng.permutation(len(images))
        for start in range(0, len(images) - batch_size + 1, batch_size):
            yield images[order[start : start + batch_size]]
'''

SEPARATE_BATCHES = """\
import tensorflow as tf


def discriminator_step(discriminator, d_optimizer, loss, real, fake):
    with tf.GradientTape() as tape:
        on_real = discriminator(real, training=True)  # a batch of real images only
        on_fake = discriminator(fake, training=True)  # a batch of generated ones only
        d_loss = 0.5 * (loss(tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake))
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    return d_loss
"""

ONE_OUTPUT_ACTIVATION = """\
from keras import layers

generator_end = [layers.Conv2DTranspose(1, 5, padding="same", activation="sigmoid")]  # nothing else behind it
discriminator_end = [layers.Flatten(), layers.Dense(1)]  # logits: the loss has from_logits=True
"""

BLOCK_ORDER = """\
from keras import layers


def block(filters, dropout=0.3):
    return [
        layers.Conv2DTranspose(filters, 5, padding="same"),
        layers.BatchNormalization(momentum=0.9),
        layers.Activation("relu"),
        layers.Dropout(dropout),
    ]
"""

LINEAR_CRITIC = """\
import keras
from keras import layers

last_layer = layers.Dense(1)  # no activation
bce = keras.losses.BinaryCrossentropy(from_logits=True)  # if the loss is a cross-entropy
"""

LEAKY_DISCRIMINATOR = """\
from keras import layers


def block(filters):
    return [
        layers.Conv2D(filters, 5, strides=2, padding="same"),  # the stride takes the place of pooling
        layers.LeakyReLU(negative_slope=0.2),
    ]
"""

NON_SATURATING_LOSS = """\
import keras

bce = keras.losses.BinaryCrossentropy(from_logits=True)  # the discriminator ends without a sigmoid


def g_loss(on_fake):
    return bce(keras.ops.ones_like(on_fake), on_fake)  # -log D; not -bce(zeros_like(on_fake), on_fake), log(1 - D)
"""

AVERAGED_LOSS = """\
import keras

bce = keras.losses.BinaryCrossentropy(reduction="sum_over_batch_size")  # a mean, whatever the batch; not "sum"


def d_loss(on_real, on_fake):
    return 0.5 * (bce(keras.ops.ones_like(on_real), on_real) + bce(keras.ops.zeros_like(on_fake), on_fake))
"""

USUAL_LEARNING_RATES = """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=2e-4)
g_optimizer = keras.optimizers.RMSprop(learning_rate=1e-4)
"""

EVEN_UPSAMPLING = """\
from keras import layers

resized = [layers.UpSampling2D(), layers.Conv2D(64, 5, padding="same")]
transposed = [layers.Conv2DTranspose(64, 4, strides=2, padding="same")]  # 4 is a multiple of 2
"""

EVEN_STRIDES = """\
from keras import layers


def block(filters):
    return [
        layers.Conv2D(filters, 4, strides=2, padding="same"),  # 4 is a multiple of 2
        layers.LeakyReLU(negative_slope=0.2),
    ]
"""

PIXEL_LOSS_WEIGHT = """\
import keras

bce = keras.losses.BinaryCrossentropy()


def g_loss(on_fake, fake, target, weight=0.01):  # was 1.0; 0 leaves the game alone
    return bce(keras.ops.ones_like(on_fake), on_fake) + weight * keras.ops.mean(keras.ops.abs(fake - target))
"""

CONVOLUTION_LAST = """\
from keras import layers

generator_end = [
    layers.UpSampling2D(interpolation="nearest"),
    layers.Conv2D(1, 5, padding="same", activation="sigmoid"),  # weights last: they can sharpen what was enlarged
]
"""

STRONGER_DISCRIMINATOR = """\
from keras import layers

first_blocks = [
    layers.Conv2D(64, 5, padding="same"),  # no stride yet: single pixels count here
    layers.LeakyReLU(negative_slope=0.2),
    layers.Conv2D(128, 5, strides=2, padding="same"),
    layers.LeakyReLU(negative_slope=0.2),
]
"""

RAISED_DISCRIMINATOR_LEARNING_RATE = """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=1.6e-3)  # was 8e-4; one factor of two at a time
"""

HALVED_LEARNING_RATES = """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)  # was 8e-4
g_optimizer = keras.optimizers.RMSprop(learning_rate=2e-4)  # was 4e-4: the ratio stays
"""

LITTLE_MOMENTUM = """\
import keras

d_optimizer = keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)  # Keras defaults to 0.9; 0.0 is used as well
g_optimizer = keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)
"""

DISCRIMINATOR_WIDTH = '''\
import keras
from keras import layers


def build_discriminator(width=1.0, dropout=0.4):
    """Build it twice as wide with width=2.0, half as wide with width=0.5; change nothing else."""
    network = [keras.Input((28, 28, 1))]
    for filters in (64, 128, 256):
        network += [
            layers.Conv2D(int(width * filters), 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(dropout),
        ]
    return keras.Sequential([*network, layers.Flatten(), layers.Dense(1)])
'''

AUGMENT_FOR_THE_DISCRIMINATOR = '''\
import keras
from keras import layers

# Every image is shifted by its own 3 pixels at most. Do not mirror digits: what is generated would be mirrored as well.
# fill_value: the darkest value of your data.
shift = layers.RandomTranslation(3 / 28, 3 / 28, fill_mode="constant", fill_value=0.0, interpolation="bilinear")


def scores(discriminator, images):
    """Call this in place of the discriminator: on reals and on fakes, in its own step and in the generator's."""
    return discriminator(shift(images, training=True), training=True)
'''

ALL_IMAGES = """\
import keras


def images():
    (digits, _), _ = keras.datasets.mnist.load_data()
    return digits[..., None].astype("float32") / 255.0  # all 60,000, not a part left over from a trial
"""

PACKED = '''\
from keras import ops


def packed(images):
    """Pair up a batch of an even number of images: (2n, h, w, c) becomes (n, h, w, 2c)."""
    first, second = ops.split(images, 2)
    return ops.concatenate([first, second], axis=-1)


def scores(discriminator, images):
    """Call this in place of the discriminator, for reals and for fakes, in both steps."""
    return discriminator(packed(images), training=True)
'''

KEEP_BEST = """\
from gandoctor import GANMonitor
from gandoctor.monitors import BestGenerator


def train(gan, dataset, reals, steps):
    monitor = GANMonitor("runs/a", probe_data=reals[:1024])
    gan.fit(dataset, steps_per_epoch=steps, epochs=1, callbacks=[monitor, BestGenerator(monitor)])
    gan.generator.load_weights("runs/a/best_generator.weights.h5")  # as it was at the best probe
"""

DECAY = """\
import keras


def falling(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate, decay_steps=steps, end_learning_rate=0.05 * rate)


d_optimizer = keras.optimizers.Adam(falling(2e-4, steps=20_000), beta_1=0.5)
g_optimizer = keras.optimizers.Adam(falling(1e-4, steps=20_000), beta_1=0.5)
"""
