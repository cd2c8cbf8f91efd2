"""Monitors are callbacks by their methods: every one that Keras may call is there, and does what it is told."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gandoctor import GandoctorError
from gandoctor.backends import backend_for
from gandoctor.monitors import GANMonitor, MonitorWarning
from gandoctor.monitors.callback import TrainingCallback
from gandoctor.recording.session import unended_fits
from gandoctor.recording.session.options import checked_declaration


@pytest.mark.training
@pytest.mark.training
def test_every_public_method_of_keras_callbacks_is_there() -> None:
    keras = pytest.importorskip("keras")
    theirs = {name for name in dir(keras.callbacks.Callback) if not name.startswith("_")}
    assert "on_train_batch_end" in theirs
    assert theirs <= set(dir(TrainingCallback()))


@pytest.mark.training
@pytest.mark.training
def test_hooks_that_are_not_used_leave_keras_free_to_dispatch_the_others() -> None:
    keras = pytest.importorskip("keras")
    callbacks = keras.callbacks.CallbackList([TrainingCallback()], model=None)
    plain = keras.callbacks.CallbackList([keras.callbacks.Callback()], model=None)
    for name in ("_async_train", "_async_test", "_async_predict"):
        assert getattr(callbacks, name) == getattr(plain, name)


class CountsSteps:
    """Stands in for a session."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def start(self, planned: int | None = None) -> None:
        pass

    def close(self, reason: str) -> None:
        pass

    def end_fit_steps(self, count: int, logs: Any) -> None:
        self.steps.append(count)


@pytest.mark.parametrize("strict", [False, True])
def test_a_monitor_that_is_called_in_another_thread_records_no_more(strict: bool, tmp_path: Path) -> None:
    monitor = GANMonitor(tmp_path / "run", strict=strict)
    monitor.session = session = CountsSteps()  # type: ignore[assignment]
    monitor._leads = True
    monitor.on_train_begin()
    monitor.on_train_batch_end(0)
    told = pytest.raises(GandoctorError, match="a list") if strict else pytest.warns(MonitorWarning, match="a list")
    with told, ThreadPoolExecutor(1) as pool:  # as Keras does with a callback that is passed alone
        pool.submit(monitor.on_train_batch_end, 1).result()
    monitor.on_train_batch_end(2)
    assert session.steps == [1]
    unended_fits.ended(session)  # type: ignore[arg-type]


def test_parameters_are_written_out() -> None:
    parameters = inspect.signature(GANMonitor).parameters
    documented = GANMonitor.__doc__ or ""
    assert next(iter(parameters)) == "run_dir"
    assert "declared" in parameters
    for name, parameter in parameters.items():
        assert parameter.annotation is not inspect.Parameter.empty, name
        assert f"        {name}: " in documented, name


class OfKeras:
    __module__ = "keras.src.models.sequential"


class OfTensorFlow:
    __module__ = "tensorflow.python.module.module"


class OfKeras2(OfTensorFlow):
    __module__ = "tf_keras.src.engine.training"


class OfOldKeras(OfTensorFlow):
    __module__ = "keras.src.engine.training"


class OfTorch:
    __module__ = "torch.nn.modules.module"


class Mine(OfTorch):
    pass


@pytest.mark.training
def test_the_backend_is_picked_by_what_the_players_are() -> None:
    pytest.importorskip("keras")
    for arguments in ((None, OfKeras()), (OfKeras(),), (SimpleNamespace(generator=OfKeras()),)):
        assert backend_for(*arguments).__module__ == "gandoctor.backends.tensorflow.backend"


@pytest.mark.training
def test_a_module_of_pytorch_is_for_the_backend_of_pytorch() -> None:
    pytest.importorskip("torch")
    assert backend_for(None, Mine(), Mine()).__module__ == "gandoctor.backends.torch.backend"


def test_what_no_backend_is_there_for_is_one_clear_error() -> None:
    with pytest.raises(GandoctorError, match=r"none was passed. Pass generator=..."):
        backend_for()
    with pytest.raises(GandoctorError, match="SimpleNamespace holds no network"):
        backend_for(SimpleNamespace(generator=3))


class LegacyCallbackList:
    """What Keras 2 does with its callbacks."""

    def __init__(self, callbacks: list[Any], model: Any) -> None:
        self.callbacks = callbacks
        for callback in callbacks:
            callback.set_model(model)
            callback.set_params({"epochs": 1, "steps": 2})
        self.batch_hooks = any(callback._implements_train_batch_hooks() for callback in callbacks)
        any(callback._implements_test_batch_hooks() for callback in callbacks)
        any(callback._implements_predict_batch_hooks() for callback in callbacks)

    def fit(self) -> None:
        for hook, arguments in (("on_train_begin", ()), ("on_epoch_begin", (0,)), ("on_epoch_end", (0,))):
            for callback in self.callbacks:
                getattr(callback, hook)(*arguments, logs={})
        for callback in self.callbacks:
            callback.on_train_end(logs={})


@pytest.mark.parametrize("kind", [OfKeras2, OfOldKeras, type("GAN", (OfKeras2,), {"__module__": "train"})])
def test_keras_2_is_told_apart_in_one_line_and_trains_on(kind: type, tmp_path: Path) -> None:
    model = kind()
    model.generator, model.discriminator = OfKeras2(), OfKeras2()
    with pytest.warns(MonitorWarning) as caught:
        LegacyCallbackList([GANMonitor(tmp_path / "fit", probe_data=[])], model).fit()
    (text,) = (str(w.message) for w in caught)
    assert "Keras 2 (tf_keras" in text
    assert "records Keras 3 GANs" in text
    assert "\n" not in text
    with (
        pytest.warns(MonitorWarning) as caught,
        GANMonitor(tmp_path / "loop", generator=kind(), discriminator=kind()) as monitor,
    ):
        monitor.step(d_loss=1.0)
    assert ["Keras 2 (tf_keras" in str(w.message) for w in caught] == [True]
    assert not list(tmp_path.iterdir())


def test_what_is_declared_is_checked() -> None:
    declared = checked_declaration({"pretrain_steps": 150, "real_label": 0.9, "training_images": None})
    assert (declared.pretrain_steps, declared.real_label, declared.fake_label) == (150, 0.9, None)
    with pytest.raises(GandoctorError, match="declared holds steps, which is unknown; it may hold pretrain_steps"):
        checked_declaration({"steps": 3})
    with pytest.raises(GandoctorError, match=r"declared\['real_label'\]=2 cannot be used"):
        checked_declaration({"real_label": 2})
    with pytest.raises(GandoctorError, match="not a dictionary"):
        checked_declaration(3)  # type: ignore[arg-type]


def test_what_is_declared_is_an_option(tmp_path: Path) -> None:
    monitor = GANMonitor(tmp_path / "run", declared={"real_label": 0.9})
    assert monitor.options.declared == {"real_label": 0.9}
