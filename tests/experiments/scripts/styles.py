"""A GAN trained in the style that the first argument names; prints a hash of its weights at the end.

No name here says which network is which: the players are to be found by what they do.
"""

import hashlib
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

STYLE, STEPS, BATCH = sys.argv[1], 24, 16
if STYLE.startswith("strategy"):
    count = int(STYLE[-1])
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    strategy = tf.distribute.MirroredStrategy([f"/cpu:{i}" for i in range(count)])
else:
    strategy = tf.distribute.get_strategy()
keras.utils.set_random_seed(3)
data = np.tanh(np.random.default_rng(0).normal(size=(400, 8, 8, 1))).astype("float32")
WASSERSTEIN = STYLE in ("penalty", "clip")


with strategy.scope():
    first = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(64),
            layers.LeakyReLU(0.2),
            layers.Dense(64, activation="tanh"),
            layers.Reshape((8, 8, 1)),
        ]
    )
    second = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(32), layers.LeakyReLU(0.2), layers.Dense(1)]
    )
    if STYLE == "trunk":
        trunk = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(32), layers.LeakyReLU(0.2)])
        head = keras.Sequential([keras.Input((32,)), layers.Dense(1)])
    if STYLE == "mapping":
        mapping = keras.Sequential([keras.Input((6,)), layers.Dense(16), layers.LeakyReLU(0.2)])
        synthesis = keras.Sequential(
            [keras.Input((16,)), layers.Dense(64, activation="tanh"), layers.Reshape((8, 8, 1))]
        )
    if STYLE == "acgan":
        image = keras.Input((8, 8, 1))
        x = layers.LeakyReLU(0.2)(layers.Dense(32)(layers.Flatten()(image)))
        second = keras.Model(image, [layers.Dense(1)(x), layers.Dense(3)(x)])
    if STYLE == "add_loss":

        class Regular(layers.Layer):
            def call(self, x):
                self.add_loss(1e-4 * tf.reduce_mean(x**2))
                return x

        second = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Flatten(),
                layers.Dense(32),
                Regular(),
                layers.LeakyReLU(0.2),
                layers.Dense(1),
            ]
        )
    o1, o2 = keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5)
    if STYLE == "traces" or STYLE.startswith("strategy"):
        o1.build(first.trainable_variables)
        o2.build(second.trainable_variables)
    if STYLE == "one optimizer":
        o2 = o1
        o1.build(first.trainable_variables + second.trainable_variables)

bce = keras.losses.BinaryCrossentropy(from_logits=True)
cce = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def make(z):
    return synthesis(mapping(z, training=True), training=True) if STYLE == "mapping" else first(z, training=True)


def judge(x):
    return head(trunk(x, training=True), training=True) if STYLE == "trunk" else second(x, training=True)


def noise(n=BATCH):
    return tf.random.normal((n, 6))


W1 = mapping.trainable_variables + synthesis.trainable_variables if STYLE == "mapping" else first.trainable_variables
W2 = trunk.trainable_variables + head.trainable_variables if STYLE == "trunk" else second.trainable_variables


def move_second(real):
    fake = make(noise(tf.shape(real)[0]))
    with tf.GradientTape() as tape:
        r, f = judge(real), judge(fake)
        if STYLE == "acgan":
            (r, rc), (f, _) = r, f
        if WASSERSTEIN:
            loss = tf.reduce_mean(f) - tf.reduce_mean(r)
        else:
            loss = bce(tf.ones_like(r), r) + bce(tf.zeros_like(f), f)
        if STYLE == "penalty":
            e = tf.random.uniform((tf.shape(real)[0], 1, 1, 1))
            mixed = e * real + (1 - e) * fake
            with tf.GradientTape() as inner:
                inner.watch(mixed)
                m = judge(mixed)
            g = inner.gradient(m, mixed)
            loss += 10.0 * tf.reduce_mean((tf.sqrt(tf.reduce_sum(g**2, (1, 2, 3)) + 1e-8) - 1) ** 2)
        if STYLE == "acgan":
            loss += cce(tf.zeros((BATCH,)), rc)
        if STYLE == "add_loss":
            loss += sum(second.losses)
    o2.apply_gradients(zip(tape.gradient(loss, W2), W2, strict=True))
    if STYLE == "clip":
        for v in W2:
            v.assign(tf.clip_by_value(v, -0.05, 0.05))
    return loss


def move_first(n=BATCH):
    with tf.GradientTape() as tape:
        f = judge(make(noise(n)))
        if STYLE == "acgan":
            f, _ = f
        loss = -tf.reduce_mean(f) if WASSERSTEIN else bce(tf.ones_like(f), f)
    o1.apply_gradients(zip(tape.gradient(loss, W1), W1, strict=True))
    return loss


def both(real):
    return move_second(real), move_first()


ds = tf.data.Dataset.from_tensor_slices(data).shuffle(400, seed=1)
full = ds.batch(BATCH, drop_remainder=True)
batches = iter(full.repeat())

if STYLE == "epoch":

    @tf.function
    def epoch(dataset):
        for real in dataset:
            both(real)

    for _ in range(3):
        epoch(full.take(8))
elif STYLE == "epoch nested":
    step = tf.function(both)

    @tf.function
    def epoch(dataset):
        total = 0.0
        for real in dataset:
            total += step(real)[0]
        return total

    for _ in range(3):
        epoch(full.take(8))
elif STYLE == "epoch range":

    @tf.function
    def epoch():
        for _ in tf.range(8):
            both(next(batches))

    for _ in range(3):
        epoch()
elif STYLE == "shapes":
    step = tf.function(both)
    for _ in range(4):
        for real in tf.data.Dataset.from_tensor_slices(data[:90]).batch(BATCH):
            step(real)
elif STYLE == "traces":

    @tf.function
    def step(real, second_moves):
        if second_moves:
            move_second(real)
        else:
            move_first()

    for _ in range(STEPS):
        for _ in range(2):
            step(next(batches), True)
        step(next(batches), False)
elif STYLE in ("penalty", "clip"):
    a, b = tf.function(move_second), tf.function(move_first)
    for _ in range(STEPS):
        for _ in range(3):
            a(next(batches))
        b()
elif STYLE.startswith("strategy"):
    full = strategy.experimental_distribute_dataset(full.repeat())

    @tf.function
    def step(real):
        strategy.run(both, args=(real,))

    it = iter(full)
    for _ in range(STEPS):
        step(next(it))
elif STYLE == "fits":
    rng = np.random.default_rng(1)
    second.compile(o2, bce)
    second.trainable = False
    a = keras.Input((6,))
    together = keras.Model(a, second(first(a)))
    together.compile(o1, bce)
    for _ in range(STEPS):
        z = rng.normal(size=(BATCH, 6)).astype("float32")
        fake = first.predict(z, verbose=0)
        x = np.concatenate([next(batches).numpy(), fake])
        second.trainable = True
        second.fit(x, np.concatenate([np.ones((BATCH, 1)), np.zeros((BATCH, 1))]), epochs=1, verbose=0)
        second.trainable = False
        together.fit(z, np.ones((BATCH, 1)), epochs=1, verbose=0)
elif STYLE == "frozen":
    rng = np.random.default_rng(1)
    second.compile(o2, bce)
    second.trainable = False
    a = keras.Input((6,))
    together = keras.Model(a, second(first(a)))
    together.compile(o1, bce)
    for _ in range(STEPS):
        z = rng.normal(size=(BATCH, 6)).astype("float32")
        fake = first.predict(z, verbose=0)
        second.train_on_batch(next(batches).numpy(), np.ones((BATCH, 1)))
        second.train_on_batch(fake, np.zeros((BATCH, 1)))
        together.train_on_batch(z, np.ones((BATCH, 1)))
else:
    step = both if STYLE.endswith("eager") else tf.function(both)
    for _ in range(STEPS):
        step(next(batches))

nets = [first, second]
nets += [trunk, head] if STYLE == "trunk" else []
nets += [mapping, synthesis] if STYLE == "mapping" else []
weights = b"".join(w.tobytes() for network in nets for w in network.get_weights())
print("weights", hashlib.sha256(weights).hexdigest())
