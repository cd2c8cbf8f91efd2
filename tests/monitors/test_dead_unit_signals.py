"""Dead ReLU units: counted in every kind of network, and only where a unit is exactly 0 for all images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import load_run
from gandoctor.message import Absent

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor.backends.keras_networks.batches import judges_one_by_one  # noqa: E402
from gandoctor.monitors import GANMonitor  # noqa: E402 - TensorFlow may be missing

LAYERS = keras.layers
DEAD = -100.0


def probed(run_dir: Path, generator: Any, discriminator: Any, reals: Any) -> Any:
    """Record the untrained players."""
    with GANMonitor(
        run_dir,
        generator=generator,
        discriminator=discriminator,
        latent_sampler=lambda n: np.random.default_rng(0).standard_normal((n, 4)).astype(np.float32),
        probe_data=reals,
        strict=True,
    ) as monitor:
        monitor.close()
    return load_run(run_dir)


def a_generator(*last: Any) -> Any:
    return keras.Sequential([keras.Input((4,)), LAYERS.Dense(64), LAYERS.Reshape((8, 8, 1)), *last])


def killed(layer: Any, count: int) -> Any:
    """Give the first units of a built layer a bias that nothing overcomes, and the others one that nothing undoes."""
    bias = np.full(layer.bias.shape, 100.0, np.float32)
    bias[:count] = DEAD
    layer.bias.assign(bias)
    return layer


def sequential() -> Any:
    """3 of 8 channels and 2 of 12 units; dropout's zeros and the leaky units count for nothing."""
    conv, dense, leaky = LAYERS.Conv2D(8, 3), LAYERS.Dense(12, activation="relu6"), LAYERS.Dense(5)
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            conv,
            LAYERS.ReLU(),
            LAYERS.Dropout(0.99),
            LAYERS.Flatten(),
            dense,
            leaky,
            LAYERS.LeakyReLU(),
            LAYERS.Dense(1),
        ]
    )
    killed(conv, 3), killed(dense, 2), killed(leaky, 5)
    dense.kernel.assign(tf.zeros_like(dense.kernel))
    return network


def functional() -> Any:
    conv, dense = LAYERS.Conv2D(8, 3, activation="relu"), LAYERS.Dense(12)
    inputs = keras.Input((8, 8, 1))
    block = keras.Sequential([LAYERS.Flatten(), dense, LAYERS.Activation("relu")])
    x = LAYERS.PReLU()(block(conv(inputs)))  # which Keras computes by two ReLUs that are none
    network = keras.Model(inputs, LAYERS.Dense(1)(LAYERS.ELU()(x)))
    killed(conv, 3), killed(dense, 2)
    dense.kernel.assign(tf.zeros_like(dense.kernel))
    return network


def subclassed() -> Any:
    class Network(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv = LAYERS.SpectralNormalization(LAYERS.Conv2D(8, 3))
            self.flatten, self.dense, self.relu = LAYERS.Flatten(), LAYERS.Dense(12), LAYERS.ReLU(max_value=5)
            self.head = LAYERS.Dense(1, activation="hard_sigmoid")  # computed by a ReLU that is none

        def call(self, x: Any, training: bool = False) -> Any:
            return self.head(self.relu(self.dense(self.flatten(tf.nn.relu(self.conv(x, training=training))))))

    network = Network()
    network(tf.zeros((1, 8, 8, 1)))
    killed(network.conv.layer, 3), killed(network.dense, 2)
    network.dense.kernel.assign(tf.zeros_like(network.dense.kernel))
    return network


@pytest.mark.parametrize("make", [sequential, functional, subclassed])
def test_units_that_are_0_for_all_images_are_dead(make: Callable[[], Any], reals: np.ndarray, tmp_path: Path) -> None:
    run = probed(tmp_path / "run", a_generator(), make(), reals)
    assert run["d_dead_units"].tolist() == [pytest.approx(5 / 20)]
    assert "g_dead_units" not in run
    assert run.manifest.missing["g_dead_units"].code == Absent.NOT_APPLICABLE
    assert "d_dead_units" not in run.manifest.missing


def test_the_generators_units_are_counted(reals: np.ndarray, tmp_path: Path) -> None:
    conv = LAYERS.Conv2DTranspose(4, 3, padding="same", activation=keras.activations.relu)
    generator = a_generator(conv, LAYERS.Conv2D(1, 1, activation="sigmoid"))
    killed(conv, 1)
    run = probed(tmp_path / "run", generator, sequential(), reals)
    assert run["g_dead_units"].tolist() == [0.25]


class OfTheUsersMaking(keras.layers.Layer):
    """Changes nothing, but is not known to look at each image by itself."""

    def call(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize("first", [LAYERS.Identity, OfTheUsersMaking])
def test_a_unit_that_answers_to_reals_or_to_fakes_only_is_alive(first: type, reals: np.ndarray, tmp_path: Path) -> None:
    """Fakes are -1 everywhere: one unit answers to them, one to reals, one to neither; scored in one call or apart."""
    dense = LAYERS.Dense(3, activation="relu")
    discriminator = keras.Sequential([keras.Input((8, 8, 1)), first(), LAYERS.Flatten(), dense, LAYERS.Dense(1)])
    assert judges_one_by_one(discriminator) == (first is LAYERS.Identity)
    kernel = np.zeros((64, 3), np.float32)
    kernel[:, 0], kernel[:, 1] = -1, 1
    dense.set_weights([kernel, np.float32([0, 0, DEAD])])
    generator = a_generator(LAYERS.Conv2D(1, 1, kernel_initializer="zeros"))
    generator.layers[-1].bias.assign([-1.0])
    run = probed(tmp_path / "run", generator, discriminator, reals)
    assert run["d_dead_units"].tolist() == [pytest.approx(1 / 3)]
    alone = probed(tmp_path / "alone", generator, discriminator, None)
    assert "d_dead_units" not in alone
    assert alone.manifest.missing["d_dead_units"] == alone.manifest.missing["probe_data"]


def test_relus_that_cannot_be_read_are_said(reals: np.ndarray, tmp_path: Path) -> None:
    class Inner(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.relu = LAYERS.ReLU()

        @tf.function
        def call(self, x: Any) -> Any:
            return self.relu(x)

    discriminator = keras.Sequential([keras.Input((8, 8, 1)), LAYERS.Flatten(), Inner(), LAYERS.ReLU()])
    discriminator.add(LAYERS.Dense(1))
    run = probed(tmp_path / "run", a_generator(), discriminator, reals)
    assert "d_dead_units" not in run
    assert run.manifest.missing["d_dead_units"].code == Absent.NOT_SEEN


def test_looking_at_units_changes_nothing(reals: np.ndarray, tmp_path: Path) -> None:
    network = sequential()
    calls = [layer.__dict__.get("call") for layer in network.layers]
    probed(tmp_path / "run", a_generator(), network, reals)
    assert [layer.__dict__.get("call") for layer in network.layers] == calls
