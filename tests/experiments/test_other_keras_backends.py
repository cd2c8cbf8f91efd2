"""Keras on PyTorch and on JAX: without a monitor in `fit` nothing is recorded, and one sentence says what to do."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from gandoctor import GandoctorError, load_run
from gandoctor.backends import backend_for
from gandoctor.experiments.child.attach import UnrecordedModel
from gandoctor.experiments.child.script import explain_missing_run
from gandoctor.frameworks import other_keras_backend
from gandoctor.message import Absent
from support.child_environment import child_environment
from support.command_line_runs import command_here

REMEDY = {
    name: f"gandoctor records Keras on {name} in fit only, between its steps: train with fit and pass it "
    "callbacks=[GANMonitor(...)], or set KERAS_BACKEND=tensorflow"
    for name in ("JAX", "PyTorch")
}
REMEDY["newer"] = "gandoctor records Keras on TensorFlow, PyTorch and JAX only. Set KERAS_BACKEND=tensorflow"
NAMES = {"jax": "JAX", "torch": "PyTorch"}


@pytest.fixture
def keras_on(monkeypatch):
    """Have a stand-in for Keras run on something."""

    def run_on(backend):
        keras = ModuleType("keras")
        keras.backend = SimpleNamespace(backend=lambda: backend)
        monkeypatch.setitem(sys.modules, "keras", keras)

    return run_on


class Layer:
    """As a layer of Keras is told: by where its class is defined."""


Layer.__module__ = "keras.src.layers.layer"


@pytest.mark.parametrize(("backend", "name"), [("jax", "JAX"), ("torch", "PyTorch"), ("newer", "newer")])
def test_layers_on_another_backend_are_refused_with_what_to_do(keras_on, backend, name):
    keras_on(backend)
    with pytest.raises(GandoctorError, match=f"^These are layers of Keras on its {name} backend. ") as told:
        backend_for(None, Layer(), Layer())
    assert REMEDY[name] in str(told.value)
    with pytest.raises(GandoctorError, match=f"on its {name} backend"):
        backend_for(SimpleNamespace(generator=Layer()))


@pytest.mark.parametrize("models", [[], [UnrecordedModel("GAN", "Keras runs on JAX")]])
def test_a_script_is_told_to_add_a_monitor_where_that_records_something(keras_on, models):
    keras_on("jax")
    told = explain_missing_run("train.py", models, None)
    assert told.count("Keras runs on JAX") == 1
    assert REMEDY["JAX"] in told
    keras_on("newer")
    told = explain_missing_run("train.py", models, None)
    assert REMEDY["newer"] in told
    assert "GANMonitor" not in told


def test_keras_on_tensorflow_is_no_other_backend(keras_on):
    keras_on("tensorflow")
    assert other_keras_backend() is None
    assert "GANMonitor" in explain_missing_run("train.py", [], None)


# With Keras itself. ---------------------------------------------------------------------------------------------------

SCRIPT = """
import sys
import keras
import numpy as np
from keras import ops
keras.utils.set_random_seed(3)
g = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.BatchNormalization()])
d = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.discriminator, self.latent_dim, self.built = g, d, 4, True
    def call(self, z, training=False):
        return self.discriminator(self.generator(z, training=training), training=training)
gan = GAN()
gan.g_optimizer, gan.d_optimizer = keras.optimizers.Adam(), keras.optimizers.Adam()
gan.compile(optimizer="adam", loss="mse")
own = []
if sys.argv[1:]:
    from gandoctor import GANMonitor
    own = [GANMonitor("own")]
gan.fit(np.ones((64, 4), "float32"), np.ones((64, 1), "float32"), batch_size=8, verbose=0, callbacks=own)
print("weights", sum(float(abs(ops.convert_to_numpy(w)).astype("float64").sum()) for w in gan.weights).hex())
"""


@pytest.mark.training
@pytest.mark.parametrize("backend", ["torch", "jax"])
@pytest.mark.slow
def test_a_fit_is_recorded_where_a_monitor_is_passed_and_left_alone_elsewhere(tmp_path, backend, monkeypatch):
    for package in ("keras", backend):
        pytest.importorskip(package)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    script = tmp_path / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")

    def weights(done):
        return [line for line in done.stdout.splitlines() if line.startswith("weights ")]

    plain, own = (
        subprocess.run(
            [sys.executable, script, *words],
            cwd=tmp_path,
            env=child_environment(),
            capture_output=True,
            text=True,
            timeout=300,
        )
        for words in ([], ["own"])
    )
    assert len(weights(plain)) == 1
    assert weights(own) == weights(plain)
    run = load_run(tmp_path / "own")
    assert run.last_step == 8
    assert run.manifest.missing["d_grad_norm"].code is Absent.BETWEEN_STEPS
    done = command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    assert done.returncode == 3
    assert weights(done) == weights(plain)
    assert REMEDY[NAMES[backend]] in done.stdout + done.stderr
    assert "Traceback" not in done.stderr + own.stderr
    assert not (tmp_path / "run").exists()
    done = command_here("run", "--run-dir", "run", script, "own", cwd=tmp_path)
    assert weights(done) == weights(plain)
    assert "own-2" in done.stdout
    assert REMEDY[NAMES[backend]] not in done.stdout + done.stderr
    assert load_run(tmp_path / "own-2").last_step == 8
