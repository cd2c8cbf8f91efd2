"""What changes while training goes on: `trainable` flags, a model compiled anew, labels the wrong way round."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import load_run
from gandoctor.message import Absent
from support.rarely import rarely

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor.monitors import GANMonitor, MonitorWarning  # noqa: E402 - TensorFlow may be missing


def weights_of(network: Any) -> list[np.ndarray]:
    """All weights that were created to be trained, whatever their flags say now."""
    return [v.numpy() for layer in network.layers for v in getattr(layer, "_trainable_variables", ())]


def distance(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return float(np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(one, other, strict=True))))


def compiled_players() -> tuple[Any, Any, Any]:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(64, activation="sigmoid"), layers.Reshape((8, 8, 1))])
    discriminator = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(8), layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    discriminator.compile(keras.optimizers.Adam(1e-2), loss)
    combined = keras.Sequential([generator, discriminator])
    combined.compile(keras.optimizers.Adam(1e-2), loss)
    return generator, discriminator, combined


def phases(
    discriminator: Any, combined: Any, generator: Any, reals: np.ndarray, set_flags: Any, steps: int, monitor: Any
) -> list[dict[str, float]]:
    """Train by `train_on_batch`; returns how far each player really moved in each phase of each step."""
    moved = []
    rng = np.random.default_rng(0)
    ones, zeros = np.ones((16, 1), np.float32), np.zeros((16, 1), np.float32)
    for step in range(steps):
        z = rng.standard_normal((16, 4)).astype(np.float32)
        images = np.concatenate([reals[:16], generator.predict_on_batch(z)])
        row = {}
        for phase in "dg":
            set_flags(phase, step)
            before = {"d": weights_of(discriminator), "g": weights_of(generator)}
            if phase == "d":
                d_loss = discriminator.train_on_batch(images, np.concatenate([ones, zeros]))
            else:
                g_loss = combined.train_on_batch(z, ones)
            for player, network in (("d", discriminator), ("g", generator)):
                row[f"{player}_update_in_{phase}_step"] = distance(before[player], weights_of(network))
        monitor.step(d_loss=d_loss, g_loss=g_loss)
        moved.append(row)
    return moved


def test_flags_set_before_each_phase_are_seen_in_what_moves(reals: np.ndarray, tmp_path: Path) -> None:
    generator, discriminator, combined = compiled_players()

    def set_flags(phase: str, step: int) -> None:
        discriminator.trainable = phase == "d"

    players = {"generator": generator, "discriminator": discriminator, "g_optimizer": combined.optimizer}
    with GANMonitor(tmp_path / "run", probe_data=reals, real_is_high=True, strict=True, **players) as monitor:
        moved = phases(discriminator, combined, generator, reals, set_flags, 30, monitor)
    run = load_run(tmp_path / "run")
    for name in moved[0]:
        assert {1, 2} < set(run[name].index)
        expected = [moved[step - 1][name] for step in run[name].index]
        np.testing.assert_allclose(run[name], expected, rtol=1e-3, err_msg=name)
    assert (run["d_update_in_g_step"] == 0).all()
    assert (run["d_update_in_d_step"] > 0).all()
    assert run["d_grad_norm"].size == run["g_grad_norm"].size == 30
    assert (run["d_movement"] > 0).all(), "the flag is down whenever a probe looks"


def test_a_flag_that_comes_too_late_freezes_nothing_and_the_run_says_so(reals: np.ndarray, tmp_path: Path) -> None:
    """Keras 3 reads `trainable` when it traces a step: a discriminator frozen after that goes on training."""
    generator, discriminator, combined = compiled_players()

    def set_flags(phase: str, step: int) -> None:
        discriminator.trainable = step < 3

    players = {"generator": generator, "discriminator": discriminator, "g_optimizer": combined.optimizer}
    with GANMonitor(tmp_path / "run", probe_data=reals, real_is_high=True, strict=True, **players) as monitor:
        moved = phases(discriminator, combined, generator, reals, set_flags, 60, monitor)
    run = load_run(tmp_path / "run")
    later = [step for step in run["d_update_in_d_step"].index if step > 3]
    assert later
    for name in ("d_update_in_d_step", "d_update_in_g_step"):
        assert all(moved[step - 1][name] > 0 for step in later)
        np.testing.assert_allclose(run[name][later], [moved[step - 1][name] for step in later], rtol=1e-3)
    assert run["d_grad_norm"].size == 60
    assert (run["d_movement"] > 0).all()


@pytest.mark.slow
def test_a_model_compiled_anew_between_two_fits_is_recorded_on(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    def train(callbacks: list[Any]) -> list[np.ndarray]:
        gan = make_gan()
        fit(gan, reals, callbacks, steps=10)
        gan.d_optimizer, gan.g_optimizer = keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.02)
        gan.compile()
        fit(gan, reals, callbacks, steps=10)
        return [v.numpy() for v in (*gan.variables, *gan.d_optimizer.variables, *gan.g_optimizer.variables)]

    plain = train([])
    watched = train([GANMonitor(tmp_path / "run", probe_data=reals, strict=True)])
    assert all(np.array_equal(a, b) for a, b in zip(plain, watched, strict=True))
    run = load_run(tmp_path / "run")
    for name in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert run[name].index.tolist() == list(range(1, 21)), name
    rates = run["d_learning_rate"]
    assert set(np.round(rates[rates.index <= 10], 6)) == {0.001}
    assert set(np.round(rates[rates.index > 10], 6)) == {0.05}
    late = run["d_update_in_d_step"].index
    late = late[late > 11]
    # Plain SGD moves the weights by the rate times the gradient.
    np.testing.assert_allclose(run["d_update_in_d_step"][late], 0.05 * run["d_grad_norm"][late], rtol=1e-3)
    assert run.manifest.discriminator is not None
    assert run.manifest.discriminator.optimizer["type"] == "SGD"


def test_another_gan_is_not_recorded_as_if_it_were_the_first(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    monitor = GANMonitor(tmp_path / "run", probe_data=reals)
    fit(make_gan(), reals, [monitor], steps=3)
    with pytest.warns(MonitorWarning, match="a monitor of its own"):
        fit(make_gan(), reals, [monitor], steps=5)
    run = load_run(tmp_path / "run")
    assert run["d_loss"].index.tolist() == run["d_grad_norm"].index.tolist() == [1, 2, 3]
    assert [e.kind for e in run.events] == ["started", "ended"]


@pytest.mark.parametrize("reals_high", [rarely(False), True])
def test_a_polarity_that_was_assumed_wrongly_is_said(
    reals_high: bool, make_gan: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    gan = make_gan()
    optimizer = keras.optimizers.Adam(1e-2)
    labels = tf.repeat([float(reals_high), float(not reals_high)], 16)[:, None]

    @tf.function
    def step(real: Any) -> Any:
        images = tf.concat([real, gan.generator(tf.random.normal((16, 4)), training=True)], 0)
        with tf.GradientTape() as tape:
            loss = gan.loss_of(labels, gan.discriminator(images, training=True))
        weights = gan.discriminator.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with GANMonitor(
            tmp_path / "run",
            generator=gan.generator,
            discriminator=gan.discriminator,
            d_optimizer=optimizer,
            loss="non_saturating",
            probe_data=reals,
            overhead_budget=1e6,  # probes 25 steps apart, however busy the machine is
            strict=True,
        ) as monitor:
            for _ in range(250):
                monitor.step(d_loss=step(tf.constant(reals[:16])))
    told = [str(w.message) for w in caught if w.category is MonitorWarning and "real_is_high=False" in str(w.message)]
    run = load_run(tmp_path / "run")
    assert run.manifest.real_is_high is True
    assert run.manifest.real_is_high_source == "assumed"
    separation = run["d_prime"].iloc[-5:]
    if reals_high:
        assert (separation > 1).all()
        assert told == []
        assert "real_is_high" not in run.manifest.missing
    else:
        assert (separation < -1).all()
        assert len(told) == 1
        assert run.manifest.missing["real_is_high"].code == Absent.ASSUMED


@pytest.mark.slow
def test_a_second_model_of_a_class_whose_step_is_a_function(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    """Each model has a `tf.function` of its own, which creates its own optimizers' variables."""
    parent = type(make_gan())

    class Decorated(parent):  # type: ignore[misc, valid-type]
        @tf.function
        def train_step(self, real: Any) -> Any:
            return super().train_step(real)

    for name in ("first", "second"):
        gan = Decorated()
        gan.compile()
        fit(gan, reals, [GANMonitor(tmp_path / name, probe_data=reals, strict=True)], steps=4)
        assert len(load_run(tmp_path / name)["g_grad_norm"]) == 4
