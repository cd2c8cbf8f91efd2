"""The model card of every kind of Keras network, and that looking at one changes nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.store import Manifest, PlayerCard

pytestmark = [
    pytest.mark.training,
    # What Keras says of every subclassed network without a build method of its own.
    pytest.mark.filterwarnings("ignore:.build\\(\\). was called on layer"),
]
tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from gandoctor.backends.keras_networks import model_card  # noqa: E402 - needs Keras
from gandoctor.backends.keras_networks.model_card import describe_losses  # noqa: E402 - the same
from gandoctor.backends.tensorflow.players.model_card import describe, describe_optimizer  # noqa: E402 - the same
from gandoctor.recording.probe.images import data_card  # noqa: E402 - the same

layers = keras.layers


@pytest.fixture(autouse=True)
def _new_session() -> None:
    keras.backend.clear_session()  # layers are named from 0 on


def listed(card: PlayerCard) -> list[tuple[str, str, tuple[int, ...] | None]]:
    return [(layer.address, layer.type, layer.inputs) for layer in card.layers]


def chain(*layers_: Any) -> Any:
    return keras.Sequential([keras.Input((8, 8, 1)), *layers_], name="network")


class Block(layers.Layer):
    """A residual block whose call is Python, and whose sum is no layer."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.convolution = layers.Conv2D(filters, 3, padding="same", name="inner")
        self.norm = layers.BatchNormalization(momentum=0.8, name="norm")
        self.shortcut = layers.Conv2D(filters, 1, name="shortcut")

    def call(self, x: Any, training: bool | None = None) -> Any:
        return tf.nn.relu(self.norm(self.convolution(x), training=training)) + self.shortcut(x)


class Generator(keras.Model):
    """Subclassed; attributes in another order than the calls, operations outside of layers."""

    def __init__(self) -> None:
        super().__init__(name="mine")
        self.last = layers.Conv2DTranspose(1, 4, strides=4, padding="same", name="last")
        self.unused = layers.Dense(3, name="unused")
        self.noise = layers.Dropout(0.3, seed=1, name="drop")
        self.norm = layers.BatchNormalization(name="norm")
        self.first = layers.Dense(49, name="first")
        self.calls = keras.Variable(0, trainable=False, name="calls")

    def call(self, z: Any, training: bool | None = None) -> Any:
        self.calls.assign_add(1)
        x = tf.nn.leaky_relu(self.norm(self.first(z), training=training), alpha=0.1)
        x = self.noise(tf.reshape(x, (-1, 7, 7, 1)), training=training)
        return tf.nn.tanh(self.last(x)) * 127.5 + 127.5


# Order. -------------------------------------------------------------------------------------------------------


def test_sequential_with_settings_and_shapes() -> None:
    card = describe(
        chain(
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(1),
        )
    )
    assert (card.order, card.outputs, card.input_shapes) == ("called", (4,), ((None, 8, 8, 1),))
    assert [layer.inputs for layer in card.layers] == [(-1,), (0,), (1,), (2,), (3,)]
    convolution, upsampling, dropout, _, dense = card.layers
    assert convolution.settings["kernel_size"] == [3, 3]
    assert convolution.settings["strides"] == [2, 2]
    assert convolution.settings["activation"] == "relu"
    assert upsampling.settings == {"size": [2, 2], "interpolation": "bilinear"}
    assert dropout.settings == {"rate": 0.25}
    assert dropout.parameters == 0, "a seed is no parameter"
    assert (convolution.parameters, dense.parameters, card.parameters) == (40, 257, 297)
    assert convolution.output_shape == (None, 4, 4, 4)


def test_sequential_that_was_not_built_stays_so_and_keeps_its_order() -> None:
    network = keras.Sequential([layers.Dense(3), layers.ReLU(), layers.Dense(1)])
    card = describe(network)
    assert not network.built
    assert [layer.type for layer in card.layers] == ["Dense", "ReLU", "Dense"]
    assert (card.order, card.outputs, card.input_shapes, card.parameters) == ("called", (2,), (), 0)
    assert card.layers[0].output_shape is None


def test_functional_branches_and_outputs() -> None:
    image = keras.Input((8, 8, 1))
    label = keras.Input((3,))
    x = layers.Flatten(name="flat")(image)
    both = layers.Concatenate(name="both")([x, label])
    hidden = layers.Dense(4, activation="relu", name="hidden")(both)
    real = layers.Dense(1, activation="sigmoid", name="real")(hidden)
    kind = layers.Dense(3, name="kind")(hidden)
    card = describe(keras.Model([image, label], [real, kind]))
    names = [layer.name for layer in card.layers]
    assert listed(card)[:3] == [
        ("flat", "Flatten", (-1,)),
        ("both", "Concatenate", (0, -1)),
        ("hidden", "Dense", (1,)),
    ]
    assert [names[i] for i in card.outputs] == ["real", "kind"]
    assert all(card.layers[names.index(n)].inputs == (2,) for n in ("real", "kind"))
    assert card.input_shapes == ((None, 8, 8, 1), (None, 3))
    assert card.reach is not None
    assert (card.reach.low, card.reach.high, card.reach.layer) == (0.0, 1.0, "real")


def test_a_layer_that_is_called_twice_is_listed_twice() -> None:
    shared = layers.Dense(4, name="shared")
    given = keras.Input((4,))
    card = describe(keras.Model(given, shared(layers.ReLU(name="act")(shared(given)))))
    assert listed(card) == [("shared", "Dense", (-1,)), ("act", "ReLU", (0,)), ("shared", "Dense", (1,))]
    assert card.layers[2].output_shape == (None, 4)
    assert card.parameters == 20


def test_nested_networks_are_unfolded_with_their_path() -> None:
    given = keras.Input((4,))
    inner = keras.Model(given, layers.Dense(4, name="dense")(given), name="inner")
    head = keras.Sequential([inner, layers.Dense(1, name="dense")], name="head")
    start = keras.Input((4,))
    card = describe(keras.Model(start, head(layers.ReLU(name="act")(start))))
    assert listed(card) == [
        ("act", "ReLU", (-1,)),
        ("head/inner/dense", "Dense", (0,)),
        ("head/dense", "Dense", (1,)),
    ]


def test_what_a_wrapper_holds_is_seen() -> None:
    card = describe(
        chain(
            layers.SpectralNormalization(layers.Conv2D(4, 3, name="conv"), name="sn"),
            layers.TimeDistributed(layers.Dense(2, name="dense"), name="each"),
        )
    )
    assert listed(card) == [("sn/conv", "Conv2D", (-1,)), ("each/dense", "Dense", (0,))]
    assert [layer.wrappers for layer in card.layers] == [("SpectralNormalization",), ("TimeDistributed",)]
    assert card.layers[0].settings["filters"] == 4
    assert card.layers[0].output_shape == (None, 6, 6, 4)


def test_a_custom_layer_is_told_by_its_public_attributes() -> None:
    class Mine(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="mine")
            self.sigma, self.kind, self.function, self._hidden = 0.5, "odd", tf.nn.relu, 3
            self.table = np.zeros(3)

        def call(self, x: Any) -> Any:
            return x

    (layer,) = describe(chain(Mine())).layers
    assert layer.settings == {"sigma": 0.5, "kind": "odd", "function": "relu"}
    assert describe(chain(Mine())).reach is None


# Subclassed networks. -----------------------------------------------------------------------------------------


def test_subclassed_network_is_followed_with_what_it_computes_between_layers() -> None:
    network = Generator()
    network(np.zeros((5, 10), np.float32))
    card = describe(network)
    assert card.order == "called"
    assert listed(card) == [
        ("first", "Dense", (-1,)),
        ("norm", "BatchNormalization", (0,)),
        ("LeakyRelu", "ops.LeakyRelu", (1,)),
        ("drop", "Dropout", (2,)),
        ("last", "Conv2DTranspose", (3,)),
        ("Tanh", "ops.Tanh", (4,)),
        ("mul", "ops.Mul", (5,)),
        ("add_1", "ops.AddV2", (6,)),
    ]
    assert card.layers[2].settings == {"negative_slope": 0.1}
    assert card.layers[4].output_shape == (None, 28, 28, 1)
    assert card.input_shapes == ((None, 10),)
    assert card.reach is not None
    assert (card.reach.low, card.reach.high, card.reach.layer) == (0.0, 255.0, "add_1")


def test_following_changes_nothing() -> None:
    network = Generator()
    network(np.ones((5, 10), np.float32))
    network.compile(optimizer="adam")

    def everything() -> list[Any]:
        return [
            *(np.asarray(v) for v in network.variables),
            str(random.getstate()),
            str(np.random.get_state()),
            str(tf.random.get_global_generator().state.numpy()),
            sorted(network.__dict__),
            *(sorted(layer.__dict__) for layer in network._flatten_layers()),
            [layer.built for layer in network._flatten_layers()],
            [len(layer._inbound_nodes) for layer in network._flatten_layers()],
            len(network.losses),
            network.unused.built,
        ]

    before = everything()
    assert describe(network).order == "called"
    after = everything()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert int(network.calls) == 1


def test_blocks_in_a_functional_network_are_followed() -> None:
    given = keras.Input((8, 8, 1))
    x = Block(4, name="block")(given)
    x = layers.SpectralNormalization(layers.Conv2D(3, 3, name="conv"), name="sn")(x)
    network = keras.Model(given, keras.Sequential([layers.Flatten(name="flat")], name="head")(x))
    assert listed(describe(network)) == [
        ("block/inner", "Conv2D", (-1,)),
        ("block/norm", "BatchNormalization", (0,)),
        ("block/shortcut", "Conv2D", (-1,)),
        ("block/Relu", "ops.Relu", (1,)),
        ("block/add", "ops.AddV2", (3, 2)),
        ("sn/conv", "Conv2D", (4,)),
        ("head/flat", "Flatten", (5,)),
    ]


def test_operations_in_a_functional_network_are_followed() -> None:
    given = keras.Input((4,))
    x = keras.ops.clip(keras.ops.tanh(layers.Dense(3)(given)) * 0.5 + 0.5, 0.1, 0.9)
    card = describe(keras.Model(given, x))
    assert card.order == "called"
    assert card.reach is not None
    assert (card.reach.low, card.reach.high) == (0.1, 0.9)


def test_a_network_of_several_inputs_is_followed() -> None:
    class Conditional(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = layers.Embedding(3, 4, name="embedding")
            self.out = layers.Dense(1, name="out")

        def call(self, given: Any) -> Any:
            z, label = given
            return self.out(tf.concat([z, self.embedding(label)], axis=-1))

    network = Conditional()
    network([np.zeros((5, 10), np.float32), np.zeros((5,), np.int32)])
    assert [(layer.type, layer.inputs) for layer in describe(network).layers] == [
        ("Embedding", (-1,)),
        ("ops.ConcatV2", (-1, 0)),
        ("Dense", (1,)),
    ]


def test_where_it_cannot_be_followed_the_declared_order_is_named_as_such() -> None:
    unbuilt = Generator()
    card = describe(unbuilt)
    assert card.order == "declared"
    assert str(card.order_note).startswith("it is not built")
    assert [layer.name for layer in card.layers] == ["last", "unused", "drop", "norm", "first"]
    assert all(layer.inputs is None for layer in card.layers)
    assert card.reach is None
    assert unbuilt.first.weights == unbuilt.norm.weights == []

    class Eager(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = layers.Dense(1, name="out")

        def call(self, x: Any) -> Any:
            return self.out(x) if float(np.asarray(x).sum()) > 0 else x

    eager = Eager()
    eager.run_eagerly = True
    eager(np.ones((5, 10), np.float32))
    card = describe(eager)
    assert card.order == "declared"
    assert card.order_note.template.startswith("it cannot be called on placeholders")
    assert [layer.name for layer in card.layers] == ["out"]


def test_a_layer_without_weights_yet_is_not_given_any() -> None:
    class Grows(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = layers.Dense(1, name="small"), layers.Dense(1, name="large")
            self.grown = False

        def call(self, x: Any) -> Any:
            return self.large(x) if self.grown else self.small(x)

    network = Grows()
    network(np.zeros((5, 3), np.float32))
    network.grown = True
    card = describe(network)
    assert str(card.order_note) == "its layer large has no weights yet"
    assert not network.large.built
    assert network.large(np.zeros((5, 3), np.float32)).shape == (5, 1), "it can still be built"


@pytest.mark.parametrize("odd", [None, 3, object(), "network"])
def test_it_never_raises(odd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe(odd).layers == []
    assert describe(odd).order == "declared"
    assert describe_optimizer(odd)["type"] == type(odd).__name__
    assert describe_losses(odd, odd) == {}
    monkeypatch.setattr(model_card, "layers_in_order", lambda *_: 1 / 0)
    note = describe(chain(layers.Flatten())).order_note
    assert note is not None
    assert note.values == {"error": "ZeroDivisionError"}


class SubclassedGAN(keras.Model):
    """Both players are subclassed."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.discriminator, self.latent_dim = Generator(), Judge(), 10
        self.g_optimizer, self.d_optimizer = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)
        self.seed_generator = keras.random.SeedGenerator(3)

    def train_step(self, real: Any) -> dict[str, Any]:
        losses = {}
        for name, player, optimizer in (
            ("d_loss", self.discriminator, self.d_optimizer),
            ("g_loss", self.generator, self.g_optimizer),
        ):
            z = keras.random.normal((tf.shape(real)[0], self.latent_dim), seed=self.seed_generator)
            with tf.GradientTape() as tape:
                fake = self.discriminator(self.generator(z, training=True), training=True)
                gap = tf.nn.softplus(fake) + tf.nn.softplus(-self.discriminator(real, training=True))
                losses[name] = tf.reduce_mean(gap if name == "d_loss" else tf.nn.softplus(-fake))
            weights = player.trainable_variables
            optimizer.apply(tape.gradient(losses[name], weights), weights)
        return losses


class Judge(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="judge")
        self.out, self.noise = layers.Dense(1, name="out"), layers.Dropout(0.2, seed=5, name="noise")
        self.hidden = layers.Conv2D(2, 4, strides=4, name="hidden")

    def call(self, x: Any, training: bool | None = None) -> Any:
        x = self.noise(tf.nn.leaky_relu(self.hidden(x)), training=training)
        return self.out(tf.reshape(x, (-1, 7 * 7 * 2)))


@pytest.mark.slow
def test_subclassed_players_are_followed_in_training_and_trained_as_without(tmp_path: Path) -> None:
    from gandoctor import load_run
    from gandoctor.monitors import GANMonitor

    reals = np.random.default_rng(0).random((32, 28, 28, 1)).astype(np.float32)
    ends = []
    for watched in (False, True):
        keras.backend.clear_session()
        keras.utils.set_random_seed(7)
        gan = SubclassedGAN()
        gan.discriminator(gan.generator(np.zeros((2, 10), np.float32)))
        gan.compile(jit_compile=False)
        monitor = GANMonitor(tmp_path / "run", probe_data=reals, loss="non_saturating", real_is_high=True)
        data = tf.data.Dataset.from_tensor_slices(reals).batch(8).repeat()
        gan.fit(data, steps_per_epoch=4, callbacks=[monitor] if watched else [], verbose=0, shuffle=False)
        ends.append([np.asarray(v) for v in (*gan.variables, *gan.g_optimizer.variables, *gan.d_optimizer.variables)])
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))
    run = load_run(tmp_path / "run")
    assert not [event for event in run.events if event.kind == "monitor_error"]
    assert run.manifest.generator is not None
    assert run.manifest.discriminator is not None
    assert (run.manifest.generator.order, run.manifest.discriminator.order) == ("called", "called")
    assert [layer.name for layer in run.manifest.discriminator.layers] == ["hidden", "LeakyRelu", "noise", "out"]


# Optimizers, losses, data, old files. -------------------------------------------------------------------------


def test_optimizer_with_its_schedule_resolved() -> None:
    decay = keras.optimizers.schedules.CosineDecay(1e-3, 100, alpha=0.1)
    optimizer = keras.optimizers.Adam(decay, beta_1=0.5, clipnorm=1.0)
    card = describe_optimizer(optimizer)
    assert card["type"] == "Adam"
    assert card["learning_rate"] == pytest.approx(1e-3)
    assert card["schedule"]["type"] == "CosineDecay"
    assert (card["schedule"]["decay_steps"], card["schedule"]["alpha"]) == (100, 0.1)
    assert (card["beta_1"], card["clipnorm"]) == (0.5, 1.0)
    assert "clipvalue" not in card
    optimizer.build([keras.Variable(0.0)])
    optimizer.iterations.assign(100)
    assert describe_optimizer(optimizer)["learning_rate"] == pytest.approx(1e-4)


def test_a_schedule_within_a_schedule_is_written_out() -> None:
    class Halved(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, of: Any) -> None:
            self.of = of

        def __call__(self, step: Any) -> Any:
            return 0.5 * self.of(step)

        def get_config(self) -> dict[str, Any]:
            return {"of": self.of}

    decay = keras.optimizers.schedules.ExponentialDecay(1e-2, 10, 0.5)
    card = describe_optimizer(keras.optimizers.SGD(Halved(decay), momentum=0.9))
    assert card["schedule"]["of"]["type"] == "ExponentialDecay"
    assert card["learning_rate"] == pytest.approx(5e-3)
    assert card["momentum"] == 0.9


def test_loss_scaling_and_accumulation_are_unwrapped_and_named() -> None:
    inner = keras.optimizers.RMSprop(2e-4, gradient_accumulation_steps=4)
    card = describe_optimizer(keras.optimizers.LossScaleOptimizer(inner))
    assert (card["type"], card["wrapper"], card["accumulated_steps"]) == ("RMSprop", "LossScaleOptimizer", 4)
    assert card["learning_rate"] == pytest.approx(2e-4)
    assert card["rho"] == 0.9


def test_losses_are_found_where_they_are() -> None:
    judge = chain(layers.Flatten(), layers.Dense(1, activation="sigmoid"))
    gan = keras.Model(judge.inputs, judge.outputs)
    gan.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
    assert describe_losses(gan, judge) == {
        "attribute .loss_fn": {"type": "BinaryCrossentropy", "from_logits": True, "label_smoothing": 0.1}
    }
    judge.compile(loss="binary_crossentropy")
    assert describe_losses(None, judge) == {
        "discriminator, as compiled": {"type": "BinaryCrossentropy", "from_logits": False}
    }
    judge.compile(loss=lambda y, p: p)
    assert describe_losses(None, judge) == {}


def test_the_data_card_counts_pixels_at_the_limits_and_different_images() -> None:
    images = np.zeros((32, 8, 8, 1), np.float32)
    images[:8, 0, 0] = np.arange(1, 9).reshape(-1, 1) / 8
    card = data_card(images, None, images)
    assert card.distinct_count == 9
    assert card.share_at_minimum == pytest.approx(1 - 8 / (32 * 64))
    assert card.share_at_maximum == pytest.approx(1 / (32 * 64))


def test_the_card_survives_the_run_directory(tmp_path: Path) -> None:
    network = Generator()
    network(np.zeros((5, 10), np.float32))
    manifest = Manifest(generator=describe(network, keras.optimizers.Adam(1e-4)))
    manifest.save(tmp_path)
    assert Manifest.load(tmp_path).generator == manifest.generator


def test_a_file_of_an_earlier_version_still_loads(tmp_path: Path) -> None:
    layer = {"name": "dense", "type": "Dense", "settings": {"units": 3}, "output_shape": [None, 3], "parameters": 9}
    old = {
        "schema": "gandoctor.run/1",
        "generator": {"name": "g", "layers": [layer], "parameters": 9, "optimizer": {"type": "Adam"}},
        "data": {
            "shape": [8, 8, 1],
            "dtype": "float32",
            "minimum": 0,
            "maximum": 1,
            "mean": 0.1,
            "std": 0.3,
            "probe_count": 9,
        },
    }
    (tmp_path / "run.json").write_text(json.dumps(old))
    manifest = Manifest.load(tmp_path)
    assert manifest.generator is not None
    assert (manifest.generator.order, manifest.generator.layers[0].inputs) == ("unknown", None)
    assert manifest.data is not None
    assert manifest.data.distinct_count is None
