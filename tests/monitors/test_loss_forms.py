"""How the losses read the discriminator's outputs is told from numbers, in loops of every style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import load_run
from support.rarely import rarely

pytestmark = pytest.mark.training
N, STEPS = 16, 6


def networks(end: str | None = None) -> tuple[Any, Any]:
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(6, activation="tanh")])
    discriminator = keras.Sequential([keras.Input((6,)), layers.Dense(8, "tanh"), layers.Dense(1, activation=end)])
    return generator, discriminator


def reals(step: int) -> np.ndarray:
    return np.random.default_rng(step).normal(0.5, 0.3, (N, 6)).astype(np.float32)


def squares(output: Any, labels: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(tf.square(output - labels))


def by_hand(output: Any, labels: Any) -> Any:
    import tensorflow as tf

    p = tf.clip_by_value(tf.sigmoid(output), 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(labels * tf.math.log(p) + (1 - labels) * tf.math.log(1 - p))


def hinge(output: Any, labels: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.relu(1.0 - (2 * labels - 1) * output))


def wasserstein(output: Any, labels: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_mean((1 - 2 * labels) * output)


def of_probabilities(output: Any, labels: Any) -> Any:
    import keras

    return keras.losses.BinaryCrossentropy()(labels, output)


def of_logits(output: Any, labels: Any) -> Any:
    import keras

    return keras.losses.BinaryCrossentropy(from_logits=True)(labels, output)


def without_keras(output: Any, labels: Any) -> Any:
    """A sigmoid that Keras could look through is not looked through by TensorFlow's own loss."""
    import tensorflow as tf

    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, output))


def summed(output: Any, labels: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels, output))


def recorded(
    path: Path,
    formula: Any,
    shape: tuple[int, ...],
    *,
    end: str | None = None,
    traced: bool = False,
    joint: bool = True,
    fitted: bool = False,
    more: Any = None,
    **given: Any,
) -> Any:
    """Train for a few steps, with one batch of reals and fakes, or one of each, and labels of a shape."""
    import keras
    import tensorflow as tf

    from gandoctor import GANMonitor

    g, d = networks(end)
    g_opt, d_opt = keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2)
    for optimizer, network in ((g_opt, g), (d_opt, d)):
        optimizer.build(network.trainable_variables)  # so that a step is traced once, not twice

    def step(real: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = g(tf.random.normal((N, 4)), training=True)
            if joint:
                out = d(tf.concat([real, fake], 0), training=True)
                d_loss = formula(out, tf.concat([tf.ones((N, *shape)), tf.zeros((N, *shape))], 0))
            else:
                d_loss = formula(d(real, training=True), tf.ones((N, *shape)))
                d_loss += formula(d(fake, training=True), tf.zeros((N, *shape)))
            g_loss = formula(d(fake, training=True), tf.ones((N, *shape)))
            if more is not None:
                g_loss += more(fake, real)
        d_opt.apply_gradients(zip(d_tape.gradient(d_loss, d.trainable_variables), d.trainable_variables, strict=True))
        g_opt.apply_gradients(zip(g_tape.gradient(g_loss, g.trainable_variables), g.trainable_variables, strict=True))
        return d_loss, g_loss

    if fitted:

        class Gan(keras.Model):  # type: ignore[misc]
            def train_step(self, real: Any) -> Any:
                return dict(zip(("d_loss", "g_loss"), step(real), strict=True))

        gan = Gan()
        gan.generator, gan.discriminator, gan.g_optimizer, gan.d_optimizer, gan.latent_dim = g, d, g_opt, d_opt, 4
        gan.compile(run_eagerly=not traced)
        data = tf.data.Dataset.from_tensor_slices(np.concatenate([reals(i) for i in range(STEPS)])).batch(N)
        gan.fit(data, verbose=0, shuffle=False, callbacks=[GANMonitor(path, probe_data=reals(99), **given)])
        return load_run(path)
    run_step = tf.function(step) if traced else step
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    with GANMonitor(path, probe_data=reals(99), **players, **given) as monitor:
        for i in range(STEPS):
            d_loss, g_loss = run_step(tf.constant(reals(i)))
            monitor.step(d_loss=d_loss, g_loss=g_loss)
    return load_run(path)


# GD011. ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "style"),
    [
        (squares, {"traced": True}),
        rarely(squares, {"fitted": True}),
        rarely(squares, {}),
        (by_hand, {"fitted": True}),
        (hinge, {}),
        rarely(wasserstein, {}),
    ],
)
def test_labels_that_meet_every_output(tmp_path: Path, loss: Any, style: dict[str, bool]) -> None:
    finding = find_rule("GD011").evaluate(recorded(tmp_path / "run", loss, (), **style))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("loss", "joint"),
    [
        (squares, True),
        rarely(squares, False),
        rarely(by_hand, True),
        (hinge, True),
        rarely(hinge, False),
        rarely(of_logits, False),
        rarely(wasserstein, True),
        (wasserstein, False),
    ],
)
def test_look_alike_labels_of_the_output_s_shape(tmp_path: Path, loss: Any, joint: bool) -> None:
    run = recorded(tmp_path / "run", loss, (1,), joint=joint)
    assert find_rule("GD011").evaluate(run).status is Status.NOT_DETECTED
    assert find_rule("GD105").evaluate(run).status is Status.NOT_DETECTED


def test_look_alike_flat_labels_of_one_kind_a_call(tmp_path: Path) -> None:
    """(n,) against (n, 1) broadcasts here as well, and the mean is the same."""
    run = recorded(tmp_path / "run", squares, (), joint=False)
    assert find_rule("GD011").evaluate(run).status is Status.NOT_DETECTED


def test_look_alike_keras_brings_both_to_one_shape(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", of_logits, ())
    assert find_rule("GD011").evaluate(run).status is Status.NOT_DETECTED


def test_a_loss_of_another_kind_is_not_judged(tmp_path: Path) -> None:
    import tensorflow as tf

    run = recorded(tmp_path / "run", lambda o, y: tf.reduce_mean(tf.abs(o - y) ** 1.5), (1,))
    assert find_rule("GD011").evaluate(run).status is Status.NOT_EVALUATED


# GD105. ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", [{"traced": True}, rarely({}), rarely({"fitted": True})])
def test_a_logit_taken_for_a_probability(tmp_path: Path, style: dict[str, bool]) -> None:
    finding = find_rule("GD105").evaluate(recorded(tmp_path / "run", of_probabilities, (1,), joint=False, **style))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)


def test_it_is_found_where_the_loss_is_given(tmp_path: Path) -> None:
    given = {"loss": "non_saturating", "real_is_high": True}
    finding = find_rule("GD105").evaluate(recorded(tmp_path / "run", of_probabilities, (1,), joint=False, **given))
    assert finding.status is Status.DETECTED


def test_it_is_found_where_the_generator_s_loss_holds_more(tmp_path: Path) -> None:
    import tensorflow as tf

    def pixels(fake: Any, real: Any) -> Any:
        return 10.0 * tf.reduce_mean(tf.abs(fake - real))

    run = recorded(tmp_path / "run", of_probabilities, (1,), joint=False, more=pixels)
    assert run.manifest.loss_family is None
    assert find_rule("GD105").evaluate(run).severity is Severity.CRITICAL


@pytest.mark.parametrize("style", [rarely({"traced": True}), rarely({}), {"fitted": True}])
def test_a_probability_taken_for_a_logit(tmp_path: Path, style: dict[str, bool]) -> None:
    run = recorded(tmp_path / "run", without_keras, (1,), end="sigmoid", joint=False, **style)
    finding = find_rule("GD105").evaluate(run)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)


@pytest.mark.filterwarnings("ignore:.*produced by a Sigmoid")
@pytest.mark.parametrize(("loss", "end"), [(of_probabilities, "sigmoid"), (of_logits, None), (of_logits, "sigmoid")])
def test_look_alike_what_is_read_rightly(tmp_path: Path, loss: Any, end: str | None) -> None:
    """Keras looks through the sigmoid in the last case."""
    run = recorded(tmp_path / "run", loss, (1,), end=end, joint=False)
    assert run.manifest.objective.reads == ("either" if end else "logits")
    assert find_rule("GD105").evaluate(run).status is Status.NOT_DETECTED


# Sums. ----------------------------------------------------------------------------------------------------------


def test_a_sum_over_the_batch_is_told_and_its_family_recognised(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", summed, (1,), joint=False)
    assert run.manifest.objective.is_sum is True
    assert (run.manifest.loss_family, run.manifest.real_is_high) == ("non_saturating", True)
    assert "loss_family" not in run.manifest.missing
    mean = recorded(tmp_path / "mean", of_logits, (1,), joint=False)
    assert mean.manifest.objective.is_sum is False


# GD013. ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_a_sampler_of_another_law_than_training(tmp_path: Path, fitted: bool, law: str) -> None:
    rng = np.random.default_rng(0)
    draws = {"normal": rng.standard_normal, "uniform": lambda shape: rng.uniform(-1, 1, shape)}

    def sampler(n: int) -> np.ndarray:
        return np.asarray(draws[law]((n, 4)), np.float32)

    run = recorded(tmp_path / "run", of_logits, (1,), joint=False, fitted=fitted, latent_sampler=sampler)
    expected = Status.NOT_DETECTED if law == "normal" else Status.DETECTED
    assert find_rule("GD013").evaluate(run).status is expected
