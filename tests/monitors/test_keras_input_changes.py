"""Noise before a Keras discriminator: where it is trained, from numbers of its own, and nowhere else."""

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

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.training

Make = Callable[..., Any]


def _functional() -> Any:
    image = keras.Input((10, 10, 1))
    return keras.Model(image, keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(image)))


def _sequential() -> Any:
    layers = [keras.Input((10, 10, 1)), keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)]
    return keras.Sequential(layers)


class Subclassed(keras.Model):
    """Takes a label beside its image, and no `training`."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)

    def call(self, given: Any) -> Any:
        return self.dense(self.flatten(given[1])) + given[0]


KINDS = {"functional": _functional, "sequential": _sequential, "subclassed": Subclassed}


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    """A network, one with the same weights and noise of 0.5 before it, and what both are given."""
    from gandoctor.backends.tensorflow.players.handles import set_value

    images = tf.ones((400, 10, 10, 1))
    given = [tf.zeros((400, 1)), images] if request.param == "subclassed" else images
    plain, noisy = KINDS[request.param](), KINDS[request.param]()
    plain(given)
    noisy(given)
    noisy.set_weights(plain.get_weights())
    assert set_value(noisy, None, "d", "instance_noise", 0.5) == 0.0
    return plain, noisy, given


def test_it_is_added_where_the_network_is_trained(pair: Any) -> None:
    plain, noisy, given = pair
    expected = plain(given)
    weight = float(np.linalg.norm(plain.get_weights()[0]))
    if not isinstance(noisy, Subclassed):
        change = noisy(given, training=True) - expected
        assert float(tf.math.reduce_std(change)) == pytest.approx(0.5 * weight, rel=0.2)
    with tf.GradientTape():
        first = noisy(given) - expected
        second = noisy(given) - expected
    assert float(tf.math.reduce_std(first)) == pytest.approx(0.5 * weight, rel=0.2)
    assert not np.allclose(first, second), "each call draws anew"
    assert np.array_equal(noisy(given), expected), "no noise in inference"


def test_it_is_added_in_a_graph(pair: Any) -> None:
    plain, noisy, given = pair
    expected = plain(given)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            score = noisy(given)
        return score, tape.gradient(score, noisy.trainable_variables)

    (first, _), (second, gradients) = step(), step()
    assert not np.allclose(first, expected)
    assert not np.allclose(first, second)
    assert np.all(np.isfinite(gradients[0]))


def test_monitors_see_the_network_without_it(pair: Any) -> None:
    from gandoctor.backends.tensorflow.in_graph.train_step import unobserved

    plain, noisy, given = pair
    with unobserved(), tf.GradientTape():
        assert np.array_equal(noisy(given), plain(given))


def test_the_programs_own_numbers_stay_as_they_are(pair: Any) -> None:
    _, noisy, given = pair

    def drawn(call: bool) -> list[Any]:
        keras.utils.set_random_seed(3)
        generator = tf.random.Generator.from_seed(1)
        with tf.GradientTape():
            if call:
                noisy(given)
        return [tf.random.normal((2,)), keras.random.normal((2,)), generator.normal((2,)), np.random.rand(2)]

    assert all(np.array_equal(a, b) for a, b in zip(drawn(True), drawn(False), strict=True))
    assert [w.path for w in noisy.weights] == [w.path for w in pair[1].trainable_variables], "no weight is added"


def _trained(gan: Any, fit: Make, reals: np.ndarray, run_dir: Path, **changes: float) -> Any:
    monitor = GANMonitor(run_dir, probe_data=reals)
    named = {f"discriminator.{name}": value for name, value in changes.items()}
    monitor.options = replace(monitor.options, changes=named)
    fit(gan, reals, [monitor], steps=6)
    return load_run(run_dir), gan.discriminator.get_weights()


@pytest.mark.slow
def test_a_gan_is_trained_with_it_and_it_is_recorded(
    make_gan: Make, fit: Make, reals: np.ndarray, tmp_path: Path
) -> None:
    _, plain = _trained(make_gan(), fit, reals, tmp_path / "plain")
    _, silent = _trained(make_gan(), fit, reals, tmp_path / "silent", instance_noise=0.0)
    run, noisy = _trained(make_gan(), fit, reals, tmp_path / "noisy", instance_noise=0.5)
    _, again = _trained(make_gan(), fit, reals, tmp_path / "again", instance_noise=0.5)
    assert all(np.array_equal(a, b) for a, b in zip(silent, plain, strict=True)), "nothing else moves"
    assert not all(np.array_equal(a, b) for a, b in zip(noisy, plain, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(noisy, again, strict=True)), "every run draws the same noise"
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.instance_noise", 0.0, 0.5)


@pytest.mark.parametrize(("what", "value"), [("instance_noise", 1.0), ("translation", 0.5), ("spectral_norm", 1.0)])
def test_a_loop_is_refused_whose_steps_are_traced(what: str, value: float) -> None:
    """A rehearsal, in which the monitors look at a network, is thrown away: it does not count."""
    from gandoctor.backends.tensorflow.backend import KerasBackend
    from gandoctor.backends.tensorflow.in_graph.input_changes import note_traced_call
    from gandoctor.backends.tensorflow.in_graph.train_step import unobserved
    from gandoctor.recording.session.options import Options

    def backend(note: Callable[[Any], Any]) -> Any:
        generator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(100), keras.layers.Reshape((10, 10, 1))])
        discriminator = _sequential()
        note(discriminator)
        options = Options(run_dir=Path("unused"), generator=generator, discriminator=discriminator)
        return KerasBackend(options, None)

    def rehearsed(network: Any) -> None:
        with unobserved():
            tf.function(note_traced_call).get_concrete_function(network)

    for harmless in (note_traced_call, rehearsed):
        assert backend(harmless).set_value("d", what, value) == 0.0
    with pytest.raises(GandoctorError, match="its steps are traced already"):
        backend(lambda network: tf.function(note_traced_call).get_concrete_function(network)).set_value(
            "d", what, value
        )
    with pytest.raises(GandoctorError, match="A learning rate can be"):
        backend(rehearsed).set_value("d", "dropout", 0.5)


def test_several_replicas_are_refused() -> None:
    from gandoctor.backends.tensorflow.players.handles import set_value

    class Mirrored:
        num_replicas_in_sync = 2

    class Network:
        distribute_strategy = Mirrored()

    with pytest.raises(GandoctorError, match="several replicas train"):
        set_value(Network(), None, "d", "instance_noise", 0.1)
