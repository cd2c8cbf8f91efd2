"""Gradient norms and update ratios of single layers: equal to what a tape of one's own finds, absent where not seen."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor import load_run
from gandoctor.message import Absent
from gandoctor.signals import member_of

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor.backends.keras_networks.layer_weights import LAYERS_MAX, layer_weights  # noqa: E402
from gandoctor.backends.tensorflow.players.model_card import describe  # noqa: E402
from gandoctor.backends.tensorflow.players.weights import Weights  # noqa: E402
from gandoctor.monitors import GANMonitor, GradientNormMonitor, WeightUpdateMonitor  # noqa: E402
from support.rarely import rarely  # noqa: E402

LAYERS = keras.layers


def norm(parts: list[Any]) -> float:
    return math.sqrt(sum(float(np.sum(np.square(part))) for part in parts))


def members(run: Any, family: str) -> list[str]:
    return [name.removeprefix(f"{family}/") for name in run.names if name.startswith(f"{family}/")]


@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}])
def test_norms_are_those_of_an_independent_tape(
    options: dict[str, Any], make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    fit(make_gan(**options), reals, [GradientNormMonitor(tmp_path / "run", strict=True)], steps=1)
    run, gan = load_run(tmp_path / "run"), make_gan()
    real, z = tf.constant(reals[:16]), keras.random.normal((16, 4), seed=gan.seeds)
    fake = gan.generator(z, training=True)
    with tf.GradientTape() as tape:
        scores = gan.discriminator(tf.concat([real, fake], 0), training=True)
        loss = gan.loss_of(tf.concat([tf.ones((16, 1)), tf.zeros((16, 1))], 0), scores)
    layers = [layer for layer in gan.discriminator.layers if layer.trainable_weights]
    gradients = tape.gradient(loss, [layer.trainable_weights for layer in layers])
    recorded = [run[name].iloc[-1] for name in run.names if name.startswith("d_layer_grad_norm/")]
    assert recorded == pytest.approx([norm(g) for g in gradients], rel=1e-4)
    assert len(members(run, "g_layer_grad_norm")) == 3


@pytest.mark.parametrize(
    "options", [{}, rarely({"jit_compile": True}), {"run_eagerly": True}, rarely({"steps_per_execution": 5})]
)
def test_layers_make_up_the_whole(
    options: dict[str, Any], make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    fit(make_gan(**options), reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True)], steps=10)
    run = load_run(tmp_path / "run")
    for player, count in (("d", 2), ("g", 3)):
        parts = [run[member_of(f"{player}_layer_grad_norm", m)] for m in members(run, f"{player}_layer_grad_norm")]
        assert len(parts) == count
        steps = run["d_real_score"].index[1:]
        assert all(part.index.equals(steps) for part in parts)
        together = np.sqrt(sum(part**2 for part in parts))
        np.testing.assert_allclose(together, run[f"{player}_grad_norm"][steps], rtol=1e-5)
        ratios = [run[name] for name in run.names if name.startswith(f"{player}_layer_update_ratio/")]
        assert len(ratios) == count
        whole = run[f"{player}_update_ratio"]
        assert all(ratio.index.equals(steps) for ratio in ratios)
        assert (np.min(ratios, 0) <= whole[steps] * 1.0001).all()
        assert (np.max(ratios, 0) >= whole[steps] * 0.9999).all()


def test_ratios_are_those_of_the_weights(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    class Recorder(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.ratios: dict[str, list[float]] = {}

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.before = [layer.get_weights()[:2] for layer in self.model.generator.layers]

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            for layer, before in zip(self.model.generator.layers, self.before, strict=True):
                if before:
                    moved = [now - then for now, then in zip(layer.get_weights()[:2], before, strict=True)]
                    self.ratios.setdefault(layer.name, []).append(norm(moved) / norm(before))

    recorder = Recorder()
    fit(make_gan(), reals, [WeightUpdateMonitor(tmp_path / "run", strict=True), recorder], steps=2)
    run = load_run(tmp_path / "run")
    assert sorted(members(run, "g_layer_update_ratio")) == sorted(recorder.ratios)
    for layer, ratios in recorder.ratios.items():
        assert run[member_of("g_layer_update_ratio", layer)].tolist() == pytest.approx(ratios, rel=1e-4)


def hand_written(gan: Any, reals: np.ndarray, run_dir: Path, steps: int, d_every: int = 1, frozen: Any = None) -> Any:
    players = {n: getattr(gan, n) for n in ("generator", "discriminator", "g_optimizer", "d_optimizer")}
    z = tf.random.stateless_normal((16, 4), (1, 2))
    with GANMonitor(run_dir, probe_data=reals, loss="non_saturating", strict=True, **players) as monitor:
        for step in range(1, steps + 1):
            for player, optimizer in ((gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer)):
                if player is gan.discriminator and step % d_every:
                    continue
                with tf.GradientTape() as tape:
                    on_fake = gan.discriminator(gan.generator(z))
                    loss = tf.reduce_mean(tf.nn.softplus(on_fake if player is gan.discriminator else -on_fake))
                weights = [
                    v for v in player.trainable_weights if frozen is None or all(v is not w for w in frozen.weights)
                ]
                optimizer.apply(tape.gradient(loss, weights), weights)
            monitor.step()
    return load_run(run_dir)


def test_a_step_without_an_update_has_no_layer_signals(make_gan: Any, reals: np.ndarray, tmp_path: Path) -> None:
    """Never the last update's, and never 0."""
    run = hand_written(make_gan(), reals, tmp_path / "run", steps=7, d_every=2)
    assert run["d_real_score"].index.tolist() == [0, 1, 2, 7]
    for family, steps in (
        ("d_layer_grad_norm", [2]),
        ("g_layer_grad_norm", [1, 2, 7]),
        ("d_layer_update_ratio", [2]),
        ("g_layer_update_ratio", [1, 2]),  # the last probe was not foreseen, so nothing was measured for it
    ):
        names = [member_of(family, m) for m in members(run, family)]
        assert names
        assert all(run[name].index.tolist() == steps for name in names), family


def test_a_layer_that_is_not_trained_is_absent(make_gan: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    frozen = gan.generator.layers[0]
    run = hand_written(gan, reals, tmp_path / "run", steps=3, frozen=frozen)
    for family in ("g_layer_grad_norm", "g_layer_update_ratio"):
        assert frozen.name not in members(run, family)
        assert len(members(run, family)) == 2


def test_a_player_whose_updates_are_not_seen_has_a_reason(make_gan: Any, reals: np.ndarray, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="was not called"):
        run = hand_written(make_gan(), reals, tmp_path / "run", steps=3, d_every=100)
    for family in ("d_layer_grad_norm", "d_layer_update_ratio"):
        assert not members(run, family)
        assert run.manifest.missing[family].code == Absent.NOT_CALLED
        assert "g" + family[1:] not in run.manifest.missing


def nested() -> Any:
    block = keras.Sequential([LAYERS.Conv2D(4, 3, name="same"), LAYERS.BatchNormalization()], name="block")
    inputs = keras.Input((8, 8, 1))
    x = LAYERS.Conv2D(4, 3, name="first")(inputs)
    x = LAYERS.SpectralNormalization(LAYERS.Conv2D(4, 3, name="same"), name="normalised")(block(x))
    x = LAYERS.MultiHeadAttention(1, 2, name="attention")(x, x)
    return keras.Model(inputs, LAYERS.Dense(1)(LAYERS.Flatten()(LAYERS.ReLU()(x))))


def subclassed() -> Any:
    class Block(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.conv, self.norm = LAYERS.Conv2D(4, 3, name="conv"), LAYERS.LayerNormalization(name="norm")

        def call(self, x: Any) -> Any:
            return tf.nn.relu(self.norm(self.conv(x)))

    class Network(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.head, self.blocks = LAYERS.Dense(1, name="head"), [Block(name=f"block_{i}") for i in range(2)]

        def call(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    network = Network()
    network(tf.zeros((1, 8, 8, 1)))
    return network


@pytest.mark.parametrize("make", [nested, subclassed])
def test_layers_are_named_as_on_the_model_card(make: Any) -> None:
    network = make()
    found = layer_weights(network)
    assert found.left_out == 0
    on_card = {card.address for card in describe(network).layers if card.parameters}
    assert set(found.layers) == on_card
    assert {id(v) for v in found.variables} == {id(v) for v in network.trainable_variables}
    assert len(found.variables) == len(network.trainable_variables)
    weights = Weights(SimpleNamespace(network=lambda _: network))  # type: ignore[arg-type]
    assert {id(v) for v in weights.variables("d")} == {id(v) for v in network.trainable_variables}
    assert len(weights.variables("d")) == len(network.trainable_variables)


def test_of_a_deep_network_the_largest_layers_are_kept() -> None:
    small = [LAYERS.Dense(1) for _ in range(6)]
    large = [LAYERS.Dense(3) for _ in range(LAYERS_MAX - 3)]
    found = layer_weights(keras.Sequential([keras.Input((2,)), *large[:30], *small, *large[30:]]))
    assert (len(found.layers), found.left_out) == (LAYERS_MAX, 3)
    names = list(found.layers)
    assert {layer.name for layer in large} <= set(names)
    assert [n for n in names if n in {layer.name for layer in large}] == [layer.name for layer in large]


def test_layers_of_one_name_are_told_apart() -> None:
    network = keras.Sequential([keras.Input((2,)), LAYERS.Dense(3)])

    class Twins(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = LAYERS.Dense(2, name="twin"), LAYERS.Dense(2, name="twin")

        def call(self, x: Any) -> Any:
            return self.other(self.one(x))

    twins = Twins()
    twins(tf.zeros((1, 2)))
    assert list(layer_weights(twins).layers) == ["twin", "twin (2)"]
    assert list(layer_weights(network).layers) == [network.layers[0].name]
