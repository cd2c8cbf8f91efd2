"""One-sided label smoothing that is set in a Keras training: the discriminator's own labels of real images alone."""

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
from support.labels_by_hand import loss_gradients
from support.rarely import rarely

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.training

BATCH, RATE, LABEL = 6, 0.5, 0.9
LATENTS = np.random.default_rng(4).normal(size=(BATCH, 3)).astype(np.float32)
IMAGES = np.random.default_rng(5).random((BATCH, 8, 8, 1)).astype(np.float32)
ENTROPY = keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator(last: Any = None) -> Any:
    """out . tanh(kernel x + bias) of images of 64 pixels."""
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(5, activation="tanh"),
        keras.layers.Dense(1, use_bias=False, activation=last),
    ]
    return keras.Sequential(layers)


def generator() -> Any:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(64, "tanh"), keras.layers.Reshape((8, 8, 1))])


Loss = Callable[[Any, Any], Any]


def separate(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    on_real, on_fake = d(real, training=True), d(fake, training=True)
    return loss(tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake)


def one_batch(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    scores = d(tf.concat([fake, real], 0), training=True)
    labels = tf.concat([tf.zeros((tf.shape(fake)[0], 1)), tf.ones((tf.shape(real)[0], 1))], 0)
    return 2.0 * loss(labels, scores)


def taken_apart(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    on_real, on_fake = tf.split(d(tf.concat([real, fake], 0), training=True), 2)
    return loss(keras.ops.ones((BATCH, 1)), on_real) + loss(keras.ops.zeros((BATCH, 1)), on_fake)


def scores_together(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    scores = tf.concat([d(real, training=True), d(fake, training=True)], 0)
    return 2.0 * loss(tf.constant([[1.0]] * BATCH + [[0.0]] * BATCH), scores)


def by_function(labels: Any, scores: Any) -> Any:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=scores))


class GAN(keras.Model):
    """Its generator's labels are ones, too, and its step comes first."""

    def __init__(self, d_loss: Any, loss: Loss, judge: Any = None) -> None:
        super().__init__()
        self.of_batch, self.loss_of, self.latent_dim = d_loss, loss, 3
        self.generator, self.discriminator = generator(), discriminator() if judge is None else judge
        self.d_optimizer, self.g_optimizer = keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE)

    def g_loss(self, real: Any, fake: Any) -> Any:
        score = self.discriminator(fake, training=True)
        return self.loss_of(tf.ones_like(score), score)

    def train_step(self, real: Any) -> dict[str, Any]:
        z = tf.constant(LATENTS)
        with tf.GradientTape() as tape:
            g_loss = self.g_loss(real, self.generator(z, training=True))
        weights = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            d_loss = self.of_batch(self.discriminator, real, self.generator(z, training=True), self.loss_of)
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def trained(run_dir: Path, make: Callable[[], Any], label: float | None, steps: int = 1, **options: Any) -> Any:
    """Fit for some steps from seed 1; return the GAN, with the discriminator's first weights."""
    keras.utils.set_random_seed(1)
    gan = make()
    gan.before = gan.discriminator.get_weights()
    gan.compile(**options)
    monitor = GANMonitor(run_dir)
    if label is not None:
        monitor.options = replace(monitor.options, changes={"discriminator.real_label": label})
    data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(BATCH, drop_remainder=True).repeat()
    gan.fit(data, steps_per_epoch=steps, callbacks=[monitor], verbose=0, shuffle=False)
    gan.numbers = np.concatenate([keras.random.normal((2,)), tf.random.normal((2,))])
    return gan


def check(gan: Any, label: float, formula: str = "entropy") -> None:
    """Compare the first update with the gradient by hand, at the images that the moved generator makes."""
    kernel, bias, out = gan.before
    fakes = gan.generator(LATENTS).numpy()
    parts = [
        loss_gradients(kernel.T, bias, out[:, 0], images.reshape(BATCH, -1), np.full(BATCH, of), formula)
        for images, of in ((IMAGES, label), (fakes, 0.0))
    ]
    expected = [sum(part[name] for part in parts) for name in ("kernel", "bias", "out")]
    after = gan.discriminator.get_weights()
    for mine, wanted in zip(
        [(a - b) / RATE for a, b in zip(gan.before, after, strict=True)],
        (expected[0].T, expected[1], expected[2][:, None]),
        strict=True,
    ):
        np.testing.assert_allclose(mine, wanted, rtol=2e-3, atol=2e-6)


@pytest.mark.parametrize(
    ("d_loss", "loss", "last", "formula"),
    [
        rarely(separate, ENTROPY, None, "entropy"),
        rarely(one_batch, ENTROPY, None, "entropy"),
        rarely(taken_apart, by_function, None, "entropy"),
        rarely(scores_together, ENTROPY, None, "entropy"),
        rarely(separate, keras.losses.BinaryCrossentropy(), "sigmoid", "entropy"),
        rarely(one_batch, keras.losses.BinaryCrossentropy(), "sigmoid", "entropy"),
        (one_batch, keras.losses.MeanSquaredError(), None, "squares"),
    ],
)
def test_the_first_update_is_that_of_the_smoothed_label(
    d_loss: Any, loss: Any, last: Any, formula: str, tmp_path: Path
) -> None:
    check(trained(tmp_path / "run", lambda: GAN(d_loss, loss, discriminator(last)), LABEL), LABEL, formula)


def weights_of(gan: Any) -> list[np.ndarray]:
    return [np.asarray(v) for v in (*gan.generator.variables, *gan.discriminator.variables, gan.numbers)]


def test_a_label_of_1_changes_no_bit(tmp_path: Path) -> None:
    plain, ones = (
        trained(tmp_path / str(label), lambda: GAN(one_batch, ENTROPY), label, steps=3) for label in (None, 1.0)
    )
    assert all(np.array_equal(a, b) for a, b in zip(weights_of(plain), weights_of(ones), strict=True))


@pytest.mark.slow
def test_the_generators_step_is_left_alone_and_the_change_is_recorded(tmp_path: Path) -> None:
    """Its first update is made with the discriminator's first weights."""
    plain, smoothed = (
        trained(tmp_path / str(label), lambda: GAN(one_batch, ENTROPY), label) for label in (None, LABEL)
    )
    for a, b in zip(plain.generator.get_weights(), smoothed.generator.get_weights(), strict=True):
        assert np.array_equal(a, b)
    run = load_run(tmp_path / str(LABEL))
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.real_label", 1.0, LABEL)
    assert run.manifest.declared.real_label == LABEL
    assert not [event for event in run.events if event.kind == "monitor_error"]


@pytest.mark.slow
def test_a_traced_loop_of_the_programs_own(tmp_path: Path) -> None:
    gan = GAN(separate, ENTROPY)
    gan.before = gan.discriminator.get_weights()
    monitor = GANMonitor(
        tmp_path / "run",
        generator=gan.generator,
        discriminator=gan.discriminator,
        g_optimizer=gan.g_optimizer,
        d_optimizer=gan.d_optimizer,
    )
    monitor.options = replace(monitor.options, observe_loop=True, changes={"discriminator.real_label": LABEL})
    step = tf.function(gan.train_step)
    with monitor:
        step(tf.constant(IMAGES))
        monitor.step()
    check(gan, LABEL)


# What is refused. -------------------------------------------------------------------------------------------------


def wasserstein(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    return tf.reduce_mean(d(fake, training=True)) - tf.reduce_mean(d(real, training=True))


def smoothed(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    on_real, on_fake = d(real, training=True), d(fake, training=True)
    return loss(0.75 * tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake)


def noisy(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    on_real, on_fake = d(real, training=True), d(fake, training=True)
    labels = tf.ones_like(on_real) - 0.05 * tf.random.uniform(tf.shape(on_real))
    return loss(labels, on_real) + loss(tf.zeros_like(on_fake), on_fake)


def relativistic(d: Any, real: Any, fake: Any, loss: Loss) -> Any:
    scores = d(real, training=True) - d(fake, training=True)
    return loss(tf.ones_like(scores), scores)


class InTheGeneratorsStep(GAN):
    def g_loss(self, real: Any, fake: Any) -> Any:
        score = self.discriminator(tf.concat([real, fake], 0), training=True)
        return self.loss_of(tf.ones_like(score), score)


REFUSED = {
    "its loss on real images is given no labels that are seen": lambda: GAN(wasserstein, ENTROPY),
    "its real images are smoothed already, their largest label is 0.75": lambda: GAN(smoothed, ENTROPY),
    r"the labels of its real images are not known before the step \(RandomUniform\)": lambda: GAN(noisy, ENTROPY),
    r"what becomes of its scores on their way into the loss is not followed \(Sub\)": lambda: GAN(
        relativistic, ENTROPY
    ),
    "the labels of real images are part of the loss that moves the generator": lambda: InTheGeneratorsStep(
        separate, ENTROPY
    ),
}


@pytest.mark.parametrize("why", [why if n in (1, 4) else rarely(why) for n, why in enumerate(REFUSED)])
def test_what_has_no_label_of_1_for_real_images_alone_is_refused(why: str, tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=why) as refused:
        trained(tmp_path / "run", REFUSED[why], LABEL)
    assert str(refused.value).startswith("real_label of the discriminator cannot be set: ")


def test_steps_that_run_eagerly_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="its steps run eagerly"):
        trained(tmp_path / "run", lambda: GAN(separate, ENTROPY), LABEL, run_eagerly=True)
