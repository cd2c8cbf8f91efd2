"""What the Keras backend hands over is what Keras itself computes, and asking for it leaves the GAN as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor.backends.tensorflow.backend import KerasBackend  # noqa: E402 - TensorFlow may be missing
from gandoctor.message import Absent  # noqa: E402
from gandoctor.recording.session.options import Options  # noqa: E402


@pytest.fixture
def gan(make_gan: Any) -> Any:
    return make_gan()


@pytest.fixture
def backend(gan: Any, tmp_path: Path) -> KerasBackend:
    return KerasBackend(Options(tmp_path / "run"), gan)


def state(gan: Any) -> list[np.ndarray]:
    return [v.numpy() for network in (gan.generator, gan.discriminator) for v in network.variables]


def test_every_weight_has_its_owner(backend: KerasBackend, gan: Any) -> None:
    for player, network in (("d", gan.discriminator), ("g", gan.generator)):
        assert [id(v) for v in backend.variables(player)] == [id(v) for v in network.trainable_variables]
        assert {backend.owner(v) for v in network.variables} == {player}
    assert backend.owner(tf.Variable(0.0)) is None


def test_movement_is_that_of_the_weights(backend: KerasBackend, gan: Any) -> None:
    before, old = backend.snapshot("d"), [v.numpy() for v in gan.discriminator.trainable_variables]
    slot = backend.slot("d")
    slot.keep()
    for v in gan.discriminator.trainable_variables:
        v.assign_add(tf.fill(v.shape, 0.5))
    for copy in (before, slot.read()):
        movement = backend.moved(copy, "d")
        size = np.sqrt(sum((w**2).sum() for w in old))
        distance = 0.5 * np.sqrt(sum(w.size for w in old))
        assert backend.number(movement.distance) == pytest.approx(distance, rel=1e-5)
        assert backend.number(movement.ratio) == pytest.approx(distance / size, rel=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_a_pass_leaves_no_trace_and_uses_the_weights_it_is_given(
    training: bool, backend: KerasBackend, gan: Any, reals: np.ndarray
) -> None:
    before, weights = state(gan), backend.snapshot("d")
    images = backend.on_device(reals[:8])
    said = backend.forward("d", [images, images], training, weights)
    assert all(np.array_equal(a, b) for a, b in zip(before, state(gan), strict=True))
    if not training:
        expected = gan.discriminator(np.concatenate([reals[:8], reals[:8]]), training=False).numpy().ravel()
        np.testing.assert_allclose(backend.to_numpy(said.output), expected, rtol=1e-5)
    gan.discriminator.layers[-1].bias.assign_add([100.0])
    again = backend.forward("d", [images, images], False, weights)
    assert float(np.abs(backend.to_numpy(again.output)).max()) < 50


def test_the_input_gradient_is_that_of_a_tape(backend: KerasBackend, gan: Any, reals: np.ndarray) -> None:
    before, images = state(gan), tf.constant(reals[:4])
    found = backend.input_gradient(reals[:4])
    assert all(np.array_equal(a, b) for a, b in zip(before, state(gan), strict=True))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(gan.discriminator(images, training=False))
    np.testing.assert_allclose(found, tape.gradient(total, images).numpy(), rtol=1e-5)
    assert np.abs(found).max() > 0


def test_weights_are_saved_and_fit_is_stopped(backend: KerasBackend, gan: Any, tmp_path: Path) -> None:
    kept = [v.numpy() for v in gan.generator.variables]
    backend.save_weights("g", tmp_path / "kept.weights.h5")
    for v in gan.generator.variables:
        v.assign(v * 2)
    gan.generator.load_weights(tmp_path / "kept.weights.h5")
    for then, now in zip(kept, gan.generator.variables, strict=True):
        np.testing.assert_array_equal(then, now.numpy())
    assert backend.stop()
    assert gan.stop_training
    options = Options(tmp_path / "loop", generator=gan.generator, discriminator=gan.discriminator)
    alone = KerasBackend(options, None)
    assert not alone.stop()
    assert alone.players.absent["g_optimizer"].code == Absent.NO_OPTIMIZER


def test_learning_rates_and_cards(backend: KerasBackend) -> None:
    assert backend.learning_rate("d") == pytest.approx(1e-3)
    card = backend.card("g")
    assert (card.order, card.optimizer["type"]) == ("called", "Adam")
    assert [layer.type for layer in card.layers][:2] == ["Dense", "BatchNormalization"]
    assert backend.normalises_batches("g")
    assert not backend.normalises_batches("d")
