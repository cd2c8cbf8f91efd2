"""R1 that is added to the gradients of a Keras discriminator whose program has no penalty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor
from gandoctor.errors import GandoctorError
from gandoctor.store import load_run
from support.r1_by_hand import r1_gradients
from support.rarely import rarely

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.training

BATCH, RATE, GAMMA = 6, 0.5, 3.0
LATENTS = np.random.default_rng(4).normal(size=(BATCH, 3)).astype(np.float32)
IMAGES = np.random.default_rng(5).random((BATCH, 8, 8, 1)).astype(np.float32)


def discriminator(channels: int = 1, last: Any = None) -> Any:
    """out . tanh(kernel x + bias) of images of 64 pixels."""
    layers = [
        keras.Input((8, 8, channels)),
        keras.layers.Flatten(),
        keras.layers.Dense(5, activation="tanh"),
        keras.layers.Dense(1, use_bias=False, activation=last),
    ]
    return keras.Sequential(layers)


def generator() -> Any:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(64, "tanh"), keras.layers.Reshape((8, 8, 1))])


class GAN(keras.Model):
    """Trains as its `style` says."""

    def __init__(self, style: str, judge: Any = None, optimizer: Any = None) -> None:
        super().__init__()
        self.style, self.latent_dim = style, 3
        self.generator, self.discriminator = generator(), discriminator() if judge is None else judge
        self.d_optimizer = keras.optimizers.SGD(RATE) if optimizer is None else optimizer
        self.g_optimizer = keras.optimizers.SGD(RATE)

    def train_step(self, real: Any) -> dict[str, Any]:
        z = tf.constant(LATENTS)
        with tf.GradientTape() as tape:
            d_loss = self.d_loss(real, z)
        self.move(tape, d_loss, self.discriminator, self.d_optimizer)
        with tf.GradientTape() as tape:
            fake = self.generator(z, training=True)
            if self.style == "channels":
                fake = tf.concat([self.condition(real), fake], -1)
            g_loss = -tf.reduce_mean(self.discriminator(fake, training=True))
        self.move(tape, g_loss, self.generator, self.g_optimizer)
        return {"d_loss": d_loss, "g_loss": g_loss}

    @staticmethod
    def move(tape: Any, loss: Any, network: Any, optimizer: Any) -> None:
        weights = network.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    @staticmethod
    def condition(real: Any) -> Any:
        return tf.reshape(tf.linspace(0.0, 1.0, tf.size(real)), tf.shape(real))

    def d_loss(self, real: Any, z: Any) -> Any:
        d, fake = self.discriminator, self.generator(z, training=True)
        if self.style in ("one batch", "one batch with noise"):
            both = tf.concat([fake, real], 0)
            if self.style == "one batch with noise":
                both += 0.0 * tf.random.stateless_normal(tf.shape(both), [1, 2])
            scores = d(both, training=True)
            return tf.reduce_mean(scores[:BATCH]) - tf.reduce_mean(scores[BATCH:])
        if self.style == "shuffled":
            order = tf.random.shuffle(tf.range(2 * BATCH))
            return tf.reduce_mean(d(tf.gather(tf.concat([fake, real], 0), order), training=True) ** 2)
        if self.style == "channels":
            real, fake = (tf.concat([self.condition(real), images], -1) for images in (real, fake))
        if self.style == "changed alike":
            real, fake = tf.reverse(real, [2]), tf.reverse(fake, [2])
        loss = tf.reduce_mean(d(fake, training=True)) - tf.reduce_mean(d(real, training=True))
        if self.style == "penalty between":
            between = 0.5 * real + 0.5 * fake
            with tf.GradientTape() as tape:
                tape.watch(between)
                score = d(between, training=True)
            loss += tf.reduce_mean(tape.gradient(score, between) ** 2)
        if self.style == "penalty of its own":
            with tf.GradientTape() as tape:
                tape.watch(real)
                score = d(real, training=True)
            loss = tf.reduce_mean(d(fake)) - tf.reduce_mean(score) + tf.reduce_mean(tape.gradient(score, real) ** 2)
        return loss


def trained(run_dir: Path, gan: Any, gamma: float | None, steps: int = 1, reals: Any = IMAGES, **options: Any) -> Any:
    """Fit for some steps; return the GAN."""
    gan.compile(**options)
    monitor = GANMonitor(run_dir)
    if gamma is not None:
        monitor.options = replace(monitor.options, changes={"discriminator.r1": gamma})
    data = tf.data.Dataset.from_tensor_slices(reals).batch(BATCH, drop_remainder=True).repeat()
    gan.fit(data, steps_per_epoch=steps, callbacks=[monitor], verbose=0, shuffle=False)
    gan.monitor = monitor
    return gan


def both(tmp_path: Path, make: Callable[[], Any], **options: Any) -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """Train one update with and without; return the GAN, its discriminator's first weights, and what was added."""
    found = []
    for gamma in (GAMMA, None):
        keras.utils.set_random_seed(1)
        gan = make()
        before = gan.discriminator.get_weights()
        trained(tmp_path / str(gamma), gan, gamma, **options)
        found.append(gan.discriminator.get_weights())
    return gan, before, [(b - a) / RATE for a, b in zip(*found, strict=True)]


def by_hand(weights: list[np.ndarray], images: np.ndarray) -> list[np.ndarray]:
    kernel, bias, out = weights
    found = r1_gradients(kernel.T, bias, out[:, 0], images.reshape(len(images), -1))
    return [GAMMA * found["kernel"].T, GAMMA * found["bias"], GAMMA * found["out"][:, None]]


def agree(added: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for mine, wanted in zip(added, expected, strict=True):
        assert np.abs(wanted).max() > 1e-3
        np.testing.assert_allclose(mine, wanted, rtol=2e-3, atol=2e-6)


@pytest.mark.parametrize("style", [rarely("separate"), rarely("one batch"), "one batch with noise", "penalty between"])
def test_the_gradient_that_is_added_is_that_of_the_penalty(style: str, tmp_path: Path) -> None:
    _, before, added = both(tmp_path, lambda: GAN(style))
    agree(added, by_hand(before, IMAGES))


def test_images_that_are_changed_alike(tmp_path: Path) -> None:
    _, before, added = both(tmp_path, lambda: GAN("changed alike"))
    agree(added, by_hand(before, IMAGES[:, :, ::-1]))


@pytest.mark.slow
def test_a_compiled_step(tmp_path: Path) -> None:
    _, before, added = both(tmp_path, lambda: GAN("separate"), jit_compile=True)
    agree(added, by_hand(before, IMAGES))


@pytest.mark.filterwarnings("ignore::gandoctor.recording.warning.MonitorWarning")  # of images without their condition
def test_a_condition_in_further_channels_is_no_part_of_the_image(tmp_path: Path) -> None:
    _, (kernel, bias, out), added = both(tmp_path, lambda: GAN("channels", discriminator(channels=2)))
    given = np.stack([np.linspace(0, 1, IMAGES.size).reshape(BATCH, -1), IMAGES.reshape(BATCH, -1)], -1)
    s = 1 - np.tanh(given.reshape(BATCH, -1) @ kernel + bias) ** 2
    of_image = kernel.reshape(64, 2, 5)[:, 1]
    expected = GAMMA * (((s * out[:, 0]) @ of_image.T @ of_image) * s).mean(0)
    np.testing.assert_allclose(added[2][:, 0], expected, rtol=2e-3, atol=2e-6)


def test_the_logit_is_penalised_and_not_what_a_sigmoid_makes_of_it(tmp_path: Path) -> None:
    _, before, added = both(tmp_path, lambda: GAN("separate", discriminator(last="sigmoid")))
    agree(added, by_hand(before, IMAGES))


def test_the_scale_of_an_optimizer_is_heeded(tmp_path: Path) -> None:
    def make() -> Any:
        return GAN("separate", optimizer=keras.optimizers.SGD(RATE, loss_scale_factor=8.0))

    _, before, added = both(tmp_path, make)
    agree(added, by_hand(before, IMAGES))


def test_it_is_added_before_the_optimizer_clips(tmp_path: Path) -> None:
    def make() -> Any:
        return GAN("separate", optimizer=keras.optimizers.SGD(RATE, clipvalue=0.001))

    _, _, added = both(tmp_path, make)
    assert max(np.abs(a).max() for a in added) <= 0.002 + 1e-6


def stateful() -> Any:
    """Draws numbers, keeps averages, and has a kernel that is normalised as it is called."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.SpectralNormalization(layers.Conv2D(4, 3)),
            layers.BatchNormalization(momentum=0.5),
            layers.Dropout(1e-9, seed=3),  # draws as any other
            layers.Flatten(),
            layers.Lambda(lambda x: x + 0.1 * tf.random.normal(tf.shape(x))),
            layers.Dense(4, activation="tanh"),
            layers.Dense(1),
        ]
    )


def test_nothing_else_of_the_training_changes(tmp_path: Path) -> None:
    """With a weight of 0 all of it is computed, and no bit of the training is another one."""

    def weights(gamma: float | None) -> list[np.ndarray]:
        keras.utils.set_random_seed(1)
        gan = GAN("one batch", stateful(), keras.optimizers.SGD(0.01))
        trained(tmp_path / str(gamma), gan, gamma, steps=4, jit_compile=False)
        numbers = [keras.random.normal((2,)), tf.random.normal((2,)), np.random.rand(2)]
        return [np.asarray(v) for v in (*gan.discriminator.variables, *gan.generator.variables, *numbers)]

    plain = weights(None)
    assert all(np.array_equal(a, b) for a, b in zip(weights(0.0), plain, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(weights(GAMMA), plain, strict=True))


class OfOnePlayer(GAN):
    """Trains the discriminator alone, whose kernels are then those that its update has left."""

    def train_step(self, real: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            d_loss = self.d_loss(real, tf.constant(LATENTS))
        self.move(tape, d_loss, self.discriminator, self.d_optimizer)
        return {"d_loss": d_loss}


def test_a_normalised_kernel_is_taken_as_it_stands(tmp_path: Path) -> None:
    """The slope of a linear judge is its kernel, whose square is differentiated by what the kernel was written to."""

    def make() -> Any:
        layers = [keras.Input((8, 8, 1)), keras.layers.Flatten()]
        judge = keras.Sequential([*layers, keras.layers.SpectralNormalization(keras.layers.Dense(1, use_bias=False))])
        return OfOnePlayer("separate", judge)

    _, _, added = both(tmp_path, make)
    assert np.linalg.norm(added[0]) == pytest.approx(GAMMA, rel=1e-2), "the slope has length 1, as the kernel has"


def test_it_is_recorded_with_what_the_optimizer_is_given(tmp_path: Path) -> None:
    gan, before, _ = both(tmp_path, lambda: GAN("separate"))
    run, plain = load_run(tmp_path / str(GAMMA)), load_run(tmp_path / "None")
    wanted = trained_gradient(before) + np.concatenate([g.ravel() for g in by_hand(before, IMAGES)])
    assert run["d_grad_norm"].iloc[0] == pytest.approx(np.linalg.norm(wanted), rel=1e-3)
    assert plain["d_grad_norm"].iloc[0] == pytest.approx(np.linalg.norm(trained_gradient(before)), rel=1e-3)
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.r1", 0.0, GAMMA)
    assert not [event for event in run.events if event.kind == "monitor_error"]
    assert gan.monitor.session is not None


def trained_gradient(before: list[np.ndarray]) -> np.ndarray:
    """The gradient of the program's own loss at its first step, as the same seeds make it."""
    keras.utils.set_random_seed(1)
    gan = GAN("separate")
    gan.discriminator.set_weights(before)
    with tf.GradientTape() as tape:
        loss = gan.d_loss(tf.constant(IMAGES), tf.constant(LATENTS))
    return np.concatenate([np.ravel(g) for g in tape.gradient(loss, gan.discriminator.trainable_variables)])


@pytest.mark.slow
def test_the_discriminator_becomes_less_steep(tmp_path: Path) -> None:
    slopes = []
    for gamma in (None, 10.0):
        keras.utils.set_random_seed(1)
        gan = trained(tmp_path / str(gamma), GAN("separate", optimizer=keras.optimizers.SGD(0.05)), gamma, steps=60)
        images = tf.constant(IMAGES)
        with tf.GradientTape() as tape:
            tape.watch(images)
            score = gan.discriminator(images)
        slopes.append(float(tf.reduce_mean(tf.norm(tf.reshape(tape.gradient(score, images), (BATCH, -1)), axis=1))))
    assert slopes[1] < 0.5 * slopes[0]


@pytest.mark.parametrize("style", [rarely("separate"), "one batch", rarely("penalty between")])
def test_steps_that_run_eagerly(style: str, tmp_path: Path) -> None:
    """The first update is left alone; the second is made with the penalty."""
    keras.utils.set_random_seed(1)
    once = trained(tmp_path / "once", GAN(style), None, steps=1, run_eagerly=True)
    _, _, added = both(tmp_path, lambda: GAN(style), steps=2, run_eagerly=True)
    agree(added, by_hand(once.discriminator.get_weights(), IMAGES))


@pytest.mark.slow
def test_eager_steps_are_left_as_they_are(tmp_path: Path) -> None:
    def weights(gamma: float | None) -> list[np.ndarray]:
        keras.utils.set_random_seed(1)
        gan = GAN("separate", stateful(), keras.optimizers.SGD(0.01))
        trained(tmp_path / str(gamma), gan, gamma, steps=3, run_eagerly=True)
        numbers = [keras.random.normal((2,)), tf.random.normal((2,)), np.random.rand(2)]
        return [np.asarray(v) for v in (*gan.discriminator.variables, *gan.generator.variables, *numbers)]

    plain = weights(None)
    assert all(np.array_equal(a, b) for a, b in zip(weights(0.0), plain, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(weights(GAMMA), plain, strict=True))


@pytest.mark.parametrize(
    ("style", "why"),
    [
        ("changed alike", "12 images are not known to be the generator's and 6 are"),
        ("penalty of its own", "a gradient penalty of its own at its real images"),
    ],
)
def test_eager_steps_whose_real_images_are_not_told_are_refused(style: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=why):
        trained(tmp_path / "r1", GAN(style), GAMMA, steps=3, run_eagerly=True)


@pytest.mark.slow
def test_a_loop_of_its_own_that_is_traced(tmp_path: Path) -> None:
    found = []
    for gamma in (GAMMA, None):
        keras.utils.set_random_seed(1)
        gan = GAN("separate")
        before = gan.discriminator.get_weights()
        monitor = GANMonitor(
            tmp_path / str(gamma),
            generator=gan.generator,
            discriminator=gan.discriminator,
            g_optimizer=gan.g_optimizer,
            d_optimizer=gan.d_optimizer,
        )
        changes = {} if gamma is None else {"discriminator.r1": gamma}
        monitor.options = replace(monitor.options, observe_loop=True, changes=changes)
        with monitor:
            tf.function(gan.train_step)(tf.constant(IMAGES))
            monitor.step()
        found.append(gan.discriminator.get_weights())
    agree([(b - a) / RATE for a, b in zip(*found, strict=True)], by_hand(before, IMAGES))


# What is refused. -------------------------------------------------------------------------------------------------


def several_scores() -> Any:
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    return keras.Sequential(layers)


def once() -> Any:
    @tf.custom_gradient
    def doubled(x: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            return tf.numpy_function(lambda v: 2 * v, [upstream], tf.float32)

        return 2 * x, gradient

    image = keras.Input((8, 8, 1))
    return keras.Model(image, discriminator()(keras.layers.Lambda(doubled, output_shape=(8, 8, 1))(image)))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: GAN("shuffled"), "no batch of real ones alone is seen"),
        (lambda: GAN("penalty of its own"), "a gradient penalty of its own at its real images"),
        (lambda: GAN("separate", several_scores()), "which is one score an image is not known"),
        (lambda: GAN("separate", once()), "it cannot be differentiated twice: PyFunc has no gradient"),
    ],
)
def test_what_cannot_be_had_is_refused(make: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=why) as refused:
        trained(tmp_path / "r1", make(), GAMMA)
    assert str(refused.value).startswith("r1 of the discriminator cannot be set: ")
    assert str(refused.value).endswith("; write the penalty into the script's own loss instead.")


class FromOutside(GAN):
    """Is given its generated images, as `train_on_batch` is."""

    def train_step(self, images: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.discriminator(images, training=True))
        self.move(tape, loss, self.discriminator, self.d_optimizer)
        return {"d_loss": loss}


def test_images_that_are_generated_outside_of_the_graph_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="nothing that it is given in the graph of its update"):
        trained(tmp_path / "r1", FromOutside("separate"), GAMMA)


class Inside(GAN):
    """Generates in a function of its own."""

    def d_loss(self, real: Any, z: Any) -> Any:
        fake = tf.function(lambda: self.generator(z, training=True))()
        return tf.reduce_mean(self.discriminator(fake)) - tf.reduce_mean(self.discriminator(real))


def test_images_that_are_generated_in_a_function_inside_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="made in a function inside its step or around it"):
        trained(tmp_path / "r1", Inside("separate"), GAMMA)


def test_half_precision_is_refused() -> None:
    from gandoctor.backends.tensorflow.backend import KerasBackend
    from gandoctor.recording.session.options import Options

    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        judge = discriminator()
    finally:
        keras.config.set_dtype_policy(policy)
    backend = KerasBackend(Options(run_dir=Path("unused"), generator=generator(), discriminator=judge), None)
    with pytest.raises(GandoctorError, match="it computes in half precision"):
        backend.set_value("d", "r1", GAMMA)


def test_several_replicas_are_refused() -> None:
    from gandoctor.backends.tensorflow.players.handles import check_one_replica

    class Mirrored:
        num_replicas_in_sync = 2

    class Network:
        distribute_strategy = Mirrored()

    with pytest.raises(GandoctorError, match="several replicas train"):
        check_one_replica(Network(), "d", "r1")
