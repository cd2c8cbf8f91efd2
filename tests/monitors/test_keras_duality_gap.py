"""The duality gap of Keras's `fit` and loops: larger for a frozen generator, and no bit of the training is another."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor import GANMonitor, load_run  # noqa: E402 - TensorFlow may be missing
from gandoctor.backends.tensorflow.backend import KerasBackend  # noqa: E402
from gandoctor.recording.objective.best_response import BestResponses  # noqa: E402
from gandoctor.recording.objective.game import Game  # noqa: E402
from gandoctor.recording.session.options import Options  # noqa: E402
from support.rarely import rarely  # noqa: E402

pytestmark = pytest.mark.training


def test_fit_is_the_same_bit_for_bit(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    """Weights, batch-norm statistics, optimizer slots, dropout's seed and the global random states."""

    def train(callbacks: list[Any]) -> tuple[list[np.ndarray], tuple[Any, ...]]:
        gan = make_gan()
        np.random.seed(11)
        random.seed(12)
        fit(gan, reals, callbacks, steps=12)
        state = [v.numpy() for m in (gan.generator, gan.discriminator) for v in m.variables]
        state += [v.numpy() for o in (gan.g_optimizer, gan.d_optimizer) for v in o.variables]
        return state, (np.random.rand(3).tolist(), random.random(), tf.random.normal((3,)).numpy().tolist())

    bare, drawn = train([])
    monitor = GANMonitor(tmp_path / "run", probe_data=reals, strict=True, duality_gap_at=(8,))
    measured, drawn_beside = train([monitor])
    run = load_run(tmp_path / "run")
    assert run["duality_gap"].index.tolist() == [8, 12], "where it was asked for, and at the end"
    assert run["duality_gap"].ge(0).all()
    assert all(np.array_equal(a, b) for a, b in zip(bare, measured, strict=True))
    assert drawn == drawn_beside


@pytest.mark.parametrize("player", ["d", "g"])
@pytest.mark.parametrize("sigmoid", [rarely(False), True])
def test_the_gradient_is_that_of_a_tape(player: Any, sigmoid: bool) -> None:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    g = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.BatchNormalization(), layers.Dense(3)])
    d = keras.Sequential([keras.Input((3,)), layers.Dense(6, "tanh"), layers.Dense(1, "sigmoid" if sigmoid else None)])
    backend = KerasBackend(Options(Path("unused"), generator=g, discriminator=d), None)
    z, x = tf.random.normal((16, 4)), tf.random.normal((16, 3))
    weights = {name: backend.snapshot(name) for name in ("d", "g")}
    value, gradient = backend.game_gradient(Game("minimax", reads_logit=sigmoid), player, weights, z, x)
    variables = (d if player == "d" else g).trainable_variables
    with tf.GradientTape() as tape:
        real, fake = d(x), d(g(z))
        bce = keras.losses.BinaryCrossentropy(from_logits=not sigmoid)
        expected = -(bce(tf.ones_like(real), real) + bce(tf.zeros_like(fake), fake))
        loss = -expected if player == "d" else bce(tf.ones_like(fake), fake)
    by_hand = tf.concat([tf.reshape(slope, (-1,)) for slope in tape.gradient(loss, variables)], 0)
    assert float(value) == pytest.approx(float(expected), rel=1e-4)
    np.testing.assert_allclose(gradient, by_hand, rtol=2e-3, atol=1e-5)


@pytest.mark.slow
def test_a_frozen_generator_has_the_larger_gap() -> None:
    """Points of one Gaussian; a generator that learns comes near them, one that stands still does not."""
    data = np.random.default_rng(0).normal(3.0, 0.5, (256, 2)).astype(np.float32)
    latents = np.random.default_rng(4).standard_normal((256, 2)).astype(np.float32)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def gap(rate: float) -> float:
        keras.utils.set_random_seed(2)
        layers = keras.layers
        g = keras.Sequential([keras.Input((2,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), layers.Dense(2)])
        d = keras.Sequential([keras.Input((2,)), layers.Dense(32, "relu"), layers.Dense(1)])
        g_opt, d_opt = keras.optimizers.Adam(rate, beta_1=0.5), keras.optimizers.Adam(1e-2, beta_1=0.5)

        @tf.function
        def step(real: Any) -> None:
            with tf.GradientTape(persistent=True) as tape:
                fake = g(tf.random.normal((64, 2)))
                on_real, on_fake = d(real), d(fake)
                d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
                g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_opt.apply_gradients(zip(tape.gradient(d_loss, d.trainable_variables), d.trainable_variables, strict=True))
            g_opt.apply_gradients(zip(tape.gradient(g_loss, g.trainable_variables), g.trainable_variables, strict=True))

        for i in range(100):
            step(tf.constant(data[64 * (i % 4) :][:64]))
        backend = KerasBackend(Options(Path("unused"), generator=g, discriminator=d), None)
        halves = ((latents[:128], data[:128]), (latents[128:], data[128:]))
        play = BestResponses(backend, Game("non_saturating"), *halves, 64)
        return play.value_after("d", 50) - play.value_after("g", 50)

    assert gap(0.0) > 3 * gap(5e-3)


def test_labels_beside_the_data_leave_it_out(reals: np.ndarray, tmp_path: Path) -> None:
    layers = keras.layers
    keras.utils.set_random_seed(3)
    latent, label = keras.Input((4,)), keras.Input((1,))
    g = keras.Model([latent, label], layers.Dense(3)(layers.Concatenate()([latent, label])))
    point, of = keras.Input((3,)), keras.Input((1,))
    d = keras.Model([point, of], layers.Dense(1)(layers.Concatenate()([point, of])))
    g_opt, d_opt = keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2)
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=(64, 3)).astype(np.float32), np.ones((64, 1), np.float32)
    x, y = tf.constant(points), tf.constant(labels)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    given = {"latent_sampler": lambda n: (rng.normal(size=(n, 4)).astype(np.float32), np.ones((n, 1), np.float32))}
    with GANMonitor(tmp_path / "run", **players, **given, probe_data=(points, labels), duality_gap_at=(8,)) as monitor:
        for _ in range(8):
            with tf.GradientTape(persistent=True) as tape:
                fake = g([tf.random.normal((64, 4)), y])
                on_real, on_fake = d([x, y]), d([fake, y])
                d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
                g_loss = bce(tf.ones_like(on_fake), on_fake)
            d_opt.apply_gradients(zip(tape.gradient(d_loss, d.trainable_variables), d.trainable_variables, strict=True))
            g_opt.apply_gradients(zip(tape.gradient(g_loss, g.trainable_variables), g.trainable_variables, strict=True))
            monitor.step(d_loss=d_loss, g_loss=g_loss)
    missing = load_run(tmp_path / "run").manifest.missing["duality_gap"]
    assert "such as labels" in str(missing.message)
