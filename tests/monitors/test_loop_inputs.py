"""What a hand-written loop is seen to feed its players: the real batch of each step, and the latents of each call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import Run, load_run
from support.rarely import rarely

pytestmark = pytest.mark.training
STEPS, ROWS = 24, 16
REALS = np.random.default_rng(0).normal(0.5, 0.3, (STEPS * ROWS, 6)).astype(np.float32)
Style = Literal["eager", "traced"]


def recorded(
    path: Path,
    style: Style,
    *,
    to_discriminator: Callable[[Any], Any] = lambda x: x,
    fakes_to_discriminator: Callable[[Any], Any] = lambda x: x,
    d_latents: Literal["normal", "uniform"] = "normal",
    to_look_at: bool = False,
    as_one_batch: bool = False,
) -> Run:
    """Train on rows for a few steps, the discriminator first; return the run."""
    import keras
    import tensorflow as tf
    from keras import layers

    from gandoctor import GANMonitor

    keras.utils.set_random_seed(1)
    g = keras.Sequential([keras.Input((32,)), layers.Dense(6)])
    d = keras.Sequential([keras.Input((6,)), layers.Dense(8, "tanh"), layers.Dense(1)])
    g_opt, d_opt = keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    draw = tf.random.normal if d_latents == "normal" else tf.random.uniform

    def step(real: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            real = to_discriminator(real)
            fake = fakes_to_discriminator(g(draw((ROWS, 32)), training=True))
            if as_one_batch:
                on_real, on_fake = tf.split(d(tf.concat([real, fake], 0), training=True), 2)
            else:
                on_real, on_fake = d(real, training=True), d(fake, training=True)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        weights = d.trainable_variables
        d_opt.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            on_fake = d(g(tf.random.normal((ROWS, 32)), training=True), training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
        weights = g.trainable_variables
        g_opt.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return d_loss, g_loss

    if style == "traced":
        step = tf.function(step, autograph=False)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    with GANMonitor(path, **players) as monitor:
        for real in np.split(REALS, STEPS):
            d_loss, g_loss = step(tf.constant(real))
            monitor.step(d_loss=d_loss, g_loss=g_loss)
            if to_look_at:
                g(0.1 * tf.random.normal((ROWS, 32)), training=False)
    return load_run(path)


STYLES = pytest.mark.parametrize("style", ["eager", "traced"])
TRACED = pytest.mark.parametrize("style", [rarely("eager"), "traced"])
MEANS = REALS.reshape(STEPS, -1).mean(1)


@STYLES
def test_the_real_batch_is_the_one_that_the_generator_has_not_made(tmp_path: Path, style: Style) -> None:
    run = recorded(tmp_path / "run", style)
    assert run["real_mean"].to_numpy() == pytest.approx(MEANS, abs=1e-6)
    assert "real_mean" not in run.manifest.missing


@TRACED
def test_it_is_what_the_step_makes_of_the_real_batch(tmp_path: Path, style: Style) -> None:
    run = recorded(tmp_path / "run", style, to_discriminator=lambda x: 2.0 * x)
    assert run["real_mean"].to_numpy() == pytest.approx(2.0 * MEANS, abs=1e-6)


@pytest.mark.parametrize("both_in_one", [rarely(True), False])
def test_where_it_is_not_told_apart_nothing_is_recorded(tmp_path: Path, both_in_one: bool) -> None:
    """Eagerly, what was made of generated rows is known by identity only."""
    run = recorded(tmp_path / "run", "eager", fakes_to_discriminator=lambda x: x + 0.1, as_one_batch=both_in_one)
    assert "real_mean" not in run
    assert run.manifest.missing["real_mean"].code == "not_seen"


def test_a_batch_of_both_is_no_real_batch(tmp_path: Path) -> None:
    assert "real_mean" not in recorded(tmp_path / "run", "traced", as_one_batch=True)


@STYLES
def test_each_call_of_the_generator_has_its_latents(tmp_path: Path, style: Style) -> None:
    run = recorded(tmp_path / "run", style, d_latents="uniform")
    one, other = run.manifest.latent_laws
    assert (one.mean, one.std) == pytest.approx((0.5, 12**-0.5), abs=0.03)
    assert (other.mean, other.std) == pytest.approx((0.0, 1.0), abs=0.05)
    assert find_rule("GD013").evaluate(run).status is Status.DETECTED


@TRACED
def test_latents_of_one_law_are_no_finding(tmp_path: Path, style: Style) -> None:
    run = recorded(tmp_path / "run", style, to_look_at=True)
    assert len(run.manifest.latent_laws) == 2, "what is generated to look at is no part of a step"
    assert find_rule("GD013").evaluate(run).status is Status.NOT_DETECTED


def _tf() -> Any:
    import tensorflow as tf

    return tf


CHANGES: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda x: x,
    "noise": lambda x: x + 0.1 * _tf().random.normal(_tf().shape(x)),
    "sign": lambda x: x * _tf().sign(_tf().random.uniform((ROWS, 1), -1.0, 1.0)),
    "scale": lambda x: 2.0 * x - 1.0,
    "rows at random": lambda x: _tf().gather(x, _tf().random.uniform((ROWS,), 0, ROWS, _tf().int32)),
    "hidden": lambda x: _tf().function(lambda y: y + _tf().random.normal(_tf().shape(y)))(x),
}


@pytest.mark.parametrize(
    ("real", "fake", "sides"),
    [
        rarely("nothing", "nothing", "none"),
        rarely("noise", "nothing", "real"),
        rarely("sign", "nothing", "real"),
        rarely("nothing", "noise", "fake"),
        ("noise", "sign", "both"),
        rarely("scale", "nothing", "none"),
        ("rows at random", "nothing", "none"),
        rarely("hidden", "nothing", None),
    ],
)
def test_random_changes_of_either_side_are_seen_in_a_traced_step(
    tmp_path: Path, real: str, fake: str, sides: str | None
) -> None:
    run = recorded(tmp_path / "run", "traced", to_discriminator=CHANGES[real], fakes_to_discriminator=CHANGES[fake])
    assert run.manifest.objective is not None
    assert run.manifest.objective.changed_at_random == sides


def test_an_eager_step_does_not_show_them(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", "eager", to_discriminator=CHANGES["noise"])
    assert run.manifest.objective is not None
    assert run.manifest.objective.changed_at_random is None
