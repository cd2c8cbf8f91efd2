"""The slope of the discriminator at its input is that of a tape, and leaves nothing behind in the training."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.store import load_run

pytestmark = pytest.mark.training
N, STEPS = 16, 8
SIGNALS = ("d_input_gradient_real", "d_input_gradient_fake", "d_input_gradient_between")


def recorded(path: Path, penalise: bool, layer: Any = None, no_tape: bool = False) -> tuple[Any, Any, np.ndarray]:
    """Train a critic of rows for a few steps; return the run, the critic and the reals."""
    import keras
    import tensorflow as tf
    from keras import layers

    from gandoctor import GANMonitor

    keras.utils.set_random_seed(1)
    g = keras.Sequential([keras.Input((4,)), layers.Dense(6)])
    d = keras.Sequential(
        [keras.Input((6,)), *([] if layer is None else [layer]), layers.Dense(8, "tanh"), layers.Dense(1)]
    )
    g_opt, d_opt = keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2)
    reals = np.random.default_rng(0).normal(0.5, 0.3, (64, 6)).astype(np.float32)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    paused = tf.init_scope if no_tape else nullcontext
    with ExitStack() as stack:
        with paused():
            monitor = stack.enter_context(GANMonitor(path, probe_data=reals, **players))
        for i in range(STEPS):
            real = tf.constant(reals[i * 8 : i * 8 + 8])
            with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
                fake = g(tf.random.normal((8, 4)), training=True)
                on_real, on_fake = d(real, training=True), d(fake, training=True)
                d_loss, g_loss = tf.reduce_mean(on_fake) - tf.reduce_mean(on_real), -tf.reduce_mean(on_fake)
                if penalise:
                    with tf.GradientTape() as tape:
                        tape.watch(real)
                        scores = d(real, training=True)
                    norm = tf.norm(tape.gradient(scores, real), axis=1)
                    d_loss += 10.0 * tf.reduce_mean((norm - 1.0) ** 2)
            dv, gv = d.trainable_variables, g.trainable_variables
            d_opt.apply_gradients(zip(d_tape.gradient(d_loss, dv), dv, strict=True))
            if layer is None:  # else no gradient reaches the generator, and Keras says so
                g_opt.apply_gradients(zip(g_tape.gradient(g_loss, gv), gv, strict=True))
            with paused():
                monitor.step(d_loss=d_loss, g_loss=g_loss)
    return load_run(path), d, reals


def test_it_is_the_slope_of_a_tape(tmp_path: Path) -> None:
    import tensorflow as tf

    run, critic, reals = recorded(tmp_path / "run", penalise=False)
    x = tf.constant(reals[:N])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(critic(x, training=False))
    expected = float(tf.reduce_mean(tf.norm(tape.gradient(total, x), axis=1)))
    assert run[SIGNALS[0]].iloc[-1] == pytest.approx(expected, rel=1e-5), "the last probe is of the trained critic"
    assert all(run[name].dropna().gt(0).all() for name in SIGNALS)


def test_it_is_had_where_no_tape_records(tmp_path: Path) -> None:
    """A hand-written loop without a monitor of its own is probed at such a place."""
    run, *_ = recorded(tmp_path / "run", penalise=False, no_tape=True)
    assert all(run[name].dropna().gt(0).all() for name in SIGNALS)


def test_the_monitor_s_own_gradients_are_no_penalty(tmp_path: Path) -> None:
    without, _, _ = recorded(tmp_path / "without", penalise=False)
    assert (without.manifest.loss_family, without.manifest.objective.penalised) == ("wasserstein", False)
    penalised, _, _ = recorded(tmp_path / "with", penalise=True)
    assert penalised.manifest.objective.penalised


@pytest.mark.filterwarnings("ignore:gandoctor")
def test_a_discriminator_that_cannot_be_differentiated_is_named(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    class Rounded(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return tf.cast(tf.cast(x * 8, tf.int32), tf.float32)

    run, _, _ = recorded(tmp_path / "run", penalise=False, layer=Rounded())
    assert SIGNALS[0] not in run
    assert run.manifest.missing[SIGNALS[0]].code == "cannot_run"
