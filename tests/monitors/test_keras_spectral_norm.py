"""Spectral normalisation that is put into a Keras discriminator which was built without it."""

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
LAYERS = {
    "dense": ((6,), lambda: keras.layers.Dense(4)),
    "convolution": ((6, 6, 2), lambda: keras.layers.Conv2D(4, 3)),
    "transposed": ((6, 6, 2), lambda: keras.layers.Conv2DTranspose(4, 3)),
}


def set_norm(network: Any, value: float = 1.0) -> float | None:
    from gandoctor.backends.tensorflow.players.handles import set_value

    return set_value(network, None, "d", "spectral_norm", value)


def _network(kind: str, wrapped: bool = False) -> Any:
    shape, make = LAYERS[kind]
    layer = make()
    layer = keras.layers.SpectralNormalization(layer) if wrapped else layer
    return keras.Sequential([keras.Input(shape), layer, keras.layers.Flatten(), keras.layers.Dense(1)])


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("traced", [True, False])
def test_it_trains_as_with_the_wrapper_of_keras(kind: str, traced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power iterations of all begin with one vector; the last layer is normalised later in both."""
    build = keras.layers.SpectralNormalization.build

    def begun_alike(self: Any, input_shape: Any) -> None:
        build(self, input_shape)
        self.vector_u.assign(np.linspace(0.1, 1.0, self.vector_u.shape[1])[None])

    monkeypatch.setattr(keras.layers.SpectralNormalization, "build", begun_alike)
    keras.utils.set_random_seed(1)
    wrapped, later = _network(kind, wrapped=True), _network(kind)
    inner = wrapped.layers[0].layer
    later.layers[0].set_weights(inner.get_weights())
    later.layers[2].set_weights(wrapped.layers[2].get_weights())
    names = [w.path for w in later.weights]
    assert set_norm(later) == 0.0
    set_norm(wrapped)
    given = tf.random.stateless_normal((8, *LAYERS[kind][0]), [1, 2])
    for network in (wrapped, later):
        optimizer = keras.optimizers.SGD(0.05)

        def step(network: Any = network, optimizer: Any = optimizer) -> None:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(network(given, training=True) ** 2)
            weights = network.trainable_weights
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

        step = tf.function(step) if traced else step
        for _ in range(4):
            step()
    assert [w.path for w in later.weights] == names, "no weight is added"
    for one, other in zip(inner.weights, later.layers[0].weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(wrapped.layers[2].kernel, later.layers[2].kernel, rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what TensorFlow says of NumPy when weights are saved
def test_only_training_moves_a_kernel(tmp_path: Path) -> None:
    from gandoctor.backends.tensorflow.in_graph.train_step import unobserved

    network, given = _network("dense"), tf.ones((2, 6))
    before = network.get_weights()
    set_norm(network)
    network(given)
    with unobserved(), tf.GradientTape():
        network(given, training=True)
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), before, strict=True))
    with tf.GradientTape():
        for _ in range(30):
            network(given)
    assert np.linalg.norm(network.layers[0].kernel, 2) == pytest.approx(1, rel=1e-3)
    network.save_weights(tmp_path / "a.weights.h5")
    plain = _network("dense")
    plain.load_weights(tmp_path / "a.weights.h5")
    assert np.array_equal(plain.layers[0].kernel, network.layers[0].kernel)


def test_the_programs_own_numbers_stay_as_they_are() -> None:
    def drawn(value: float | None) -> list[Any]:
        network = _network("dense")
        keras.utils.set_random_seed(3)
        if value is not None:
            set_norm(network, value)
        later = keras.layers.Dense(1)
        later.build((None, 3))
        return [tf.random.normal((2,)), keras.random.normal((2,)), later.kernel.numpy(), np.random.rand(2)]

    assert all(np.array_equal(a, b) for a, b in zip(drawn(1.0), drawn(None), strict=True))


def test_what_cannot_be_normalised_is_refused() -> None:
    with pytest.raises(GandoctorError, match="it is 1 where it is set, and not 2"):
        set_norm(_network("dense"), 2.0)
    with pytest.raises(GandoctorError, match="no convolution or dense layer without it"):
        set_norm(keras.Sequential([keras.Input((2,)), keras.layers.Flatten()]))
    with pytest.raises(GandoctorError, match="no weights yet"):
        set_norm(keras.Sequential([keras.layers.Dense(1)]))


@pytest.mark.slow
def test_a_gan_is_trained_with_it_and_it_is_recorded(make_gan: Make, fit: Make, reals: Any, tmp_path: Path) -> None:
    def trained(name: str, **changes: float) -> Any:
        gan = make_gan()
        monitor = GANMonitor(tmp_path / name, probe_data=reals)
        monitor.options = replace(monitor.options, changes={f"discriminator.{k}": v for k, v in changes.items()})
        fit(gan, reals, [monitor], steps=6)
        return load_run(tmp_path / name), gan

    _, plain = trained("plain")
    run, gan = trained("normal", spectral_norm=1.0)
    norms = [np.linalg.norm(layer.kernel, 2) for layer in gan.discriminator.layers if hasattr(layer, "kernel")]
    assert max(norms) < 1.3 < max(np.linalg.norm(w, 2) for w in plain.discriminator.get_weights() if w.ndim == 2)
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.spectral_norm", 0.0, 1.0)
    wrapped = [layer.wrappers for layer in run.manifest.discriminator.layers if layer.type == "Dense"]
    assert wrapped == [("SpectralNormalization",)] * 2
    assert np.isfinite(run["d_update_in_d_step"].values).all()
