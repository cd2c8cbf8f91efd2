"""A fit that raises tells its callbacks nothing: its run is ended all the same, before its process is."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor import load_run
from support.child_environment import child_environment

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")

from gandoctor.monitors import GANMonitor, LossMonitor, MonitorWarning  # noqa: E402 - TensorFlow may be missing


class Raise(keras.callbacks.Callback):
    """Ends a fit as a user's own mistake would."""

    def __init__(self, batch: int = 4, error: type[BaseException] = ZeroDivisionError) -> None:
        super().__init__()
        self.batch, self.error = batch, error

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == self.batch:
            raise self.error


def reasons(run_dir: Path) -> list[str | None]:
    """Every event's reason, None for those that are no end."""
    return [(e.model_extra or {}).get("reason") for e in load_run(run_dir).events]


def failed(gan: Any, fit: Any, reals: np.ndarray, callbacks: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError):
        fit(gan, reals, callbacks, steps=10)


@pytest.mark.slow
def test_the_next_fit_ends_it(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    failed(gan, fit, reals, [Raise(), GANMonitor(tmp_path / "first", strict=True)])
    assert load_run(tmp_path / "first").state == "running"
    fit(make_gan(), reals, [LossMonitor(tmp_path / "second", strict=True)], steps=3)
    first = load_run(tmp_path / "first")
    assert first.state == "interrupted"
    # The fifth step was made, though its end was not told to the monitor.
    assert first["d_loss"].index.tolist() == first["d_grad_norm"].index.tolist() == [1, 2, 3, 4, 5]
    assert load_run(tmp_path / "second").state == "completed"


def test_a_cell_that_is_run_again_gets_a_run_of_its_own(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    gan = make_gan()
    failed(gan, fit, reals, [LossMonitor(tmp_path / "run"), Raise()])
    with pytest.warns(MonitorWarning, match="run-2"):
        fit(gan, reals, [LossMonitor(tmp_path / "run")], steps=6)
    assert load_run(tmp_path / "run").state == "interrupted"
    assert load_run(tmp_path / "run-2")["d_loss"].size == 6


def test_the_same_monitor_goes_on_in_its_run(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan, monitor = make_gan(), LossMonitor(tmp_path / "run", strict=True)
    failed(gan, fit, reals, [monitor, Raise()])
    fit(gan, reals, [monitor], steps=3)
    assert reasons(tmp_path / "run") == [None, "interrupted", None, "completed"]
    assert load_run(tmp_path / "run")["d_loss"].index.tolist() == list(range(1, 9))


@pytest.mark.slow
def test_two_monitors_of_one_fit_do_not_end_each_other(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    fit(make_gan(), reals, [LossMonitor(tmp_path / "a"), LossMonitor(tmp_path / "b")], steps=4)
    for name in "ab":
        assert reasons(tmp_path / name) == [None, "completed"]
        assert load_run(tmp_path / name)["d_loss"].size == 4


@pytest.mark.slow
def test_a_fit_inside_a_callback_does_not_end_the_outer_one(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    class Inner(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 3:
                fit(make_gan(), reals, [LossMonitor(tmp_path / "inner")], steps=2)

    fit(make_gan(), reals, [Inner(), LossMonitor(tmp_path / "outer", strict=True)], steps=8)
    assert reasons(tmp_path / "outer") == [None, "interrupted", None, "completed"]
    assert load_run(tmp_path / "outer")["d_loss"].index.tolist() == list(range(1, 9))
    assert reasons(tmp_path / "inner") == [None, "completed"]


@pytest.mark.slow
def test_a_forgotten_recording_is_ended(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    def forgotten() -> None:
        with suppress(ZeroDivisionError):
            fit(make_gan(), reals, [GANMonitor(tmp_path / "run", probe_data=reals), Raise()], steps=10)

    forgotten()
    gc.collect()
    assert reasons(tmp_path / "run") == [None, "interrupted"]


@pytest.mark.parametrize(
    ("error", "reason"), [(ZeroDivisionError, "crashed"), (KeyboardInterrupt, "interrupted"), (None, "interrupted")]
)
def test_a_notebook_cell_that_ends_ends_its_fit(
    error: type[BaseException] | None,
    reason: str,
    make_gan: Any,
    fit: Any,
    reals: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hooks: list[Any] = []

    class Shell:
        events = SimpleNamespace(register=lambda name, hook: hooks.append((name, hook)))

    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    with pytest.raises(error or ValueError):
        fit(make_gan(), reals, [LossMonitor(tmp_path / "run"), Raise(error=error or ValueError)], steps=10)
    ((name, ended),) = hooks
    assert name == "post_run_cell"
    result = SimpleNamespace(error_in_exec=error() if error else None)
    other = threading.Thread(target=ended, args=(result,))
    other.start()
    other.join()
    assert load_run(tmp_path / "run").state == "running", "a cell says nothing of a fit in another thread"
    ended(result)
    assert reasons(tmp_path / "run") == [None, reason]


SCRIPT = """
import sys
from gandoctor.monitors import LossMonitor
from support.programs import networks, dcgan
import keras, tensorflow as tf

gan = dcgan.GAN(networks.discriminator(), networks.generator(), networks.LATENT_DIM)
gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), keras.losses.BinaryCrossentropy(from_logits=True))
data = tf.data.Dataset.from_tensor_slices(networks.images()).batch(16)
raises = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: 1 // (batch - 4))
try:
    gan.fit(data, callbacks=[LossMonitor(sys.argv[1]), raises], verbose=0)
except ZeroDivisionError:
    pass
"""


def test_the_end_of_the_process_ends_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=child_environment(TF_CPP_MIN_LOG_LEVEL="3"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert reasons(tmp_path / "run") == [None, "interrupted"]
