"""The treatments' code compiles and runs, names nothing it does not define, and does what its treatment says."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from types import ModuleType
from unittest.mock import MagicMock

import numpy as np
import pytest

from gandoctor.treatments import TREATMENTS
from gandoctor.treatments.treatment import Framework

SNIPPETS = {
    f"{treatment.id}-{library}": code
    for treatment in TREATMENTS.values()
    for library, code in treatment.snippets.items()
}

each = pytest.mark.parametrize("code", SNIPPETS.values(), ids=SNIPPETS)


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_every_treatment_has_code_for_every_framework(framework: Framework) -> None:
    assert not [treatment.id for treatment in TREATMENTS.values() if not treatment.code_for(framework)]


@each
def test_code_compiles_and_runs(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frameworks and what imports them are stood in for; everything else in the code is executed."""
    layers = MagicMock()
    layers.Layer = object
    keras = MagicMock(layers=layers)
    keras.Model, keras.callbacks.Callback = object, object
    stand_ins = {"keras": keras, "keras.layers": layers, "keras.ops": keras.ops, "tensorflow": MagicMock()}
    torch = MagicMock()
    torch.nn.Module = object
    torch.no_grad = lambda: lambda function: function
    parts = ("nn", "nn.utils", "nn.utils.parametrizations", "utils", "utils.data", "optim", "optim.swa_utils")
    stand_ins |= {"torch": torch} | {f"torch.{part}": MagicMock() for part in parts}
    stand_ins["torch.nn"] = torch.nn
    # gandoctor's monitors import Keras.
    stand_ins |= {"gandoctor": MagicMock(), "gandoctor.monitors": MagicMock()}
    for name, module in stand_ins.items():
        monkeypatch.setitem(sys.modules, name, module)
    scope: dict[str, object] = {"__name__": "copied"}
    exec(compile(code, "copied", "exec"), scope)
    assert len(scope) > 2  # with what Python itself puts there


@each
def test_code_names_nothing_it_does_not_define(code: str) -> None:
    tree = ast.parse(code)
    defined = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert used <= defined


@each
def test_never_freezes_the_discriminator_once_before_compile(code: str) -> None:
    assert not re.search(r"trainable\s*=\s*False[\s\S]*\.compile\(", code)


def test_numpy_treatments_do_what_they_say() -> None:
    def run(name: str) -> dict[str, object]:
        scope: dict[str, object] = {}
        exec(TREATMENTS[name].code, scope)
        return scope

    drawn = run("vary-latents")["latents"](200)  # type: ignore[operator]
    assert drawn.shape == (200, 100)
    assert -1 <= drawn.min() < -0.9 < 0.9 < drawn.max() <= 1
    images = np.ones((5, 4, 4, 1))
    images[2, 0, 0, 0] = np.nan
    assert len(run("check-data")["check_images"](images)) == 4  # type: ignore[operator]


def test_trainable_per_phase_sets_the_flag_for_each_call() -> None:
    scope: dict[str, object] = {}
    exec(TREATMENTS["set-trainable-per-phase"].code, scope)
    discriminator = ModuleType("discriminator")
    seen = []

    class Phase:
        def __init__(self, name: str) -> None:
            self.name = name

        def train_on_batch(self, *_: object) -> float:
            seen.append((self.name, discriminator.trainable))
            return 0.0

    scope["train_on_batch"](discriminator, Phase("d"), Phase("g"), 0, 0, 0, 0)  # type: ignore[operator]
    assert seen == [("d", True), ("g", False)]


@pytest.mark.training
def test_keras_treatments_run_in_keras() -> None:
    """The pieces that build or compute something do so in real Keras."""
    keras = pytest.importorskip("keras")

    def run(name: str) -> dict[str, object]:
        scope: dict[str, object] = {}
        exec(TREATMENTS[name].code, scope)
        return scope

    reals = np.random.default_rng(0).random((8, 28, 28, 1)).astype("float32")
    discriminator = run("spectral-normalisation")["discriminator"]
    assert discriminator(reals).shape == (8, 1)  # type: ignore[operator]
    import tensorflow as tf

    penalty = run("r1-regularisation")["r1_penalty"](discriminator, tf.constant(reals))  # type: ignore[operator]
    assert float(penalty) > 0
    paired, made = run("modern-baseline"), tf.constant(reals[::-1].copy())
    linear = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    free, held = (float(paired["d_loss"](linear, tf.constant(reals), made, gamma)) for gamma in (0.0, 1.0))  # type: ignore[operator]
    slope = float(np.square(linear.get_weights()[0]).sum())
    assert held - free == pytest.approx(slope, rel=1e-3), "half of it at real and half at generated images"
    assert float(paired["g_loss"](linear, tf.constant(reals), made)) > 0  # type: ignore[operator]
    layer = run("minibatch-standard-deviation")["MinibatchStandardDeviation"]()  # type: ignore[operator]
    assert layer(reals).shape == (8, 28, 28, 2)
    assert float(keras.ops.max(layer(reals[:1] * np.ones((8, 1, 1, 1), "float32"))[..., 1])) < 1e-3
    noisy = run("instance-noise")["noisy"]
    assert not np.allclose(noisy(reals, 0, 10), reals)  # type: ignore[operator]
    assert np.allclose(noisy(reals, 10, 10), reals)  # type: ignore[operator]
    shift = run("augment-discriminator-input")["shift"]
    with tf.GradientTape() as tape:
        tape.watch(given := tf.constant(reals))
        moved = shift(given, training=True)
    assert len({tuple(image.ravel()) for image in moved.numpy() - reals}) == 8  # every image in its own way
    gradient = tape.gradient(moved, given).numpy()
    assert 0.7 < gradient.mean() <= 1  # what is shifted out of sight has none
    loss = run("one-sided-label-smoothing")["d_loss"]
    on_real, on_fake = np.full((4, 1), 0.9, "float32"), np.full((4, 1), 1e-6, "float32")
    assert float(loss(on_real, on_fake)) == pytest.approx(0.1625, abs=0.01)  # type: ignore[operator]

    scope = run("separate-variable-lists")
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    judge = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    gan = scope["GAN"](generator, judge, 3, keras.optimizers.RMSprop(0.0), keras.optimizers.RMSprop(1e-2))  # type: ignore[operator]
    before_d, before_g = judge.get_weights(), generator.get_weights()
    logs = gan.train_step(tf.constant(reals[:, :8, :8]))
    assert set(logs) == {"d_loss", "g_loss"}
    # Its own learning rate is 0, so whatever moved it would be the generator's step.
    assert all(np.array_equal(a, b) for a, b in zip(before_d, judge.get_weights(), strict=True))
    assert not np.array_equal(before_g[0], generator.get_weights()[0])
