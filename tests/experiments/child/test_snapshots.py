"""A training goes on from a snapshot as if it had never ended, on real tiny GANs; or it is refused in one sentence."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gandoctor.errors import GandoctorError, UnusableSnapshot
from gandoctor.experiments.job import Job
from gandoctor.experiments.training import LoopTraining, Training
from gandoctor.store import load_run
from gandoctor.store.snapshots import snapshot_path, snapshots_of

pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore:.shuffle=True. was passed")]

TINY = (
    "generator.width=0.02",
    "discriminator.width=0.02",
    "training.batch_size=8",
    "data.training_images=32",  # four batches an epoch: the order changes from epoch to epoch
    "discriminator.decay=0",  # the learning rate is a variable
)
STEPS, AT = 12, 6


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    """Op determinism, and a monitor that records losses only: what it traces for probes takes most of a short test."""
    import tensorflow as tf
    from tensorflow.python.framework import config

    from gandoctor.monitors import GANMonitor, LossMonitor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GANMonitor, "instruments", LossMonitor.instruments)
        tf.config.experimental.enable_op_determinism()
        yield
        config.disable_op_determinism()


@pytest.fixture(scope="module")
def whole(deterministic, tmp_path_factory) -> Path:
    """The reference model, trained without a break."""
    return train(reference(), tmp_path_factory.mktemp("whole") / "whole")


def train(
    training: Training, run_dir: Path, at: tuple[Path, int] | None = None, every: int = AT, **changes: float
) -> Path:
    """Train as the child does, recording snapshots; or go on from one."""
    from gandoctor.experiments.child.main import fit_recorded
    from gandoctor.experiments.child.stop_request import StopRequest

    place = None if at is None else (str(at[0]), at[1])
    training = replace(training, monitor={**training.monitor, "strict": True})
    job = Job(target="t:t", run_dir=str(run_dir), snapshots=every, from_snapshot=place, changes=changes)
    fit_recorded(training, job, StopRequest())
    return run_dir


def reference(*settings: str, faults: tuple[str, ...] = (), steps: int = STEPS) -> Training:
    from reference_models.training import build

    return build(settings=(*TINY, *settings), faults=faults, steps=steps, seed=3)


def pretrained() -> Training:
    return reference("training.pretrain_steps=5")


def faulty() -> Training:
    return reference(faults=(f"discriminator-learning-rate-x10@{AT + 2}", f"output-noise@{AT - 2}"))


def users(make_gan) -> Training:
    """A model that is not built when it is handed over, nor are its optimizers."""
    import keras
    import tensorflow as tf

    images = np.random.default_rng(0).random((64, 8, 8, 1), dtype=np.float32)
    gan = make_gan()
    gan.d_optimizer, gan.g_optimizer = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)  # not built
    data = tf.data.Dataset.from_tensor_slices(images).shuffle(64, seed=1).repeat().batch(8)
    return Training(gan, data, STEPS, images)


def state(run_dir: Path, step: int = STEPS) -> dict[str, np.ndarray]:
    with np.load(snapshot_path(run_dir, step)) as arrays:
        return {name: arrays[name] for name in arrays.files}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def goes_on(whole: Path, training: Training, run_dir: Path) -> None:
    """Go on at a snapshot, and compare the end. A snapshot of every step leaves no trace in it either."""
    assert snapshots_of(whole) == [AT, STEPS]
    random.seed(99)
    np.random.seed(99)
    second = train(training, run_dir, (whole, AT), every=1)
    end = state(whole)
    assert same(state(second), end)
    assert not same(state(whole, AT), end), "it has trained in between"
    assert len([name for name in end if name.startswith("slot/")]) > 4
    assert len([name for name in end if name.startswith("seed/")]) > 1

    run, forked = load_run(whole), load_run(second)
    assert (forked.last_step, forked.manifest.planned_steps, forked.state) == (STEPS, STEPS, "completed")
    assert list(forked["d_loss"].index) == list(range(1, STEPS + 1))
    np.testing.assert_array_equal(forked["d_loss"], run["d_loss"])
    assert [event.kind for event in forked.events] == ["started", "forked", "resumed", "ended"]


def test_the_reference_model_goes_on_bit_by_bit(whole: Path, tmp_path: Path) -> None:
    goes_on(whole, reference(), tmp_path / "second")


@pytest.mark.slow
@pytest.mark.parametrize("make", [pretrained, faulty])
def test_so_it_does_after_pretraining_and_with_faults_before_and_after(tmp_path: Path, make) -> None:
    goes_on(train(make(), tmp_path / "whole"), make(), tmp_path / "second")


@pytest.mark.slow
def test_a_users_model_goes_on_bit_by_bit(tmp_path: Path, make_gan) -> None:
    goes_on(train(users(make_gan), tmp_path / "whole"), users(make_gan), tmp_path / "second")


@pytest.mark.slow
def test_a_setting_that_has_changed_stays_changed(whole: Path, tmp_path: Path) -> None:
    changed = reference("discriminator.learning_rate=0.01", "discriminator.dropout=0", "generator.clip_value=none")
    end = state(train(changed, tmp_path / "other", (whole, AT)))
    (rate,) = (name for name in end if name.startswith("first/"))
    assert end[rate] == pytest.approx(0.01)
    assert end[rate.replace("first/", "")] == pytest.approx(0.01)
    assert end["weight/model.step"] == STEPS


def test_what_cannot_go_on_is_one_sentence(whole: Path, tmp_path: Path) -> None:
    import keras

    whole = shutil.copytree(whole, tmp_path / "whole")

    def refused(training: Training, why: str, place: tuple[Path, int] = (whole, AT), **changes: float) -> None:
        with pytest.raises(GandoctorError, match=why):
            train(training, tmp_path / "other", place, **changes)
        assert not (tmp_path / "other").exists(), "nothing was written"

    refused(reference("discriminator.batch_norm=true"), "networks or optimizers are not those of the snapshot")
    refused(reference("generator.width=0.04"), "is damaged or not of shape")
    refused(reference(), "no snapshot of step 5: it has those of steps 6, 12", (whole, 5))
    refused(reference(), "was built without any", **{"g_optimizer.momentum": 0.5})
    refused(reference(steps=AT), "ends at step 6")
    refused(replace(reference(), callbacks=[keras.callbacks.Callback()]), r"callbacks of its own \(Callback\)")
    refused(replace(reference(), dataset=np.zeros((8, 28, 28, 1))), "a ndarray, whose place cannot be found again")
    content = bytearray(snapshot_path(whole, AT).read_bytes())
    snapshot_path(whole, AT).write_bytes(content[:-200])
    refused(reference(), "cannot be read")
    (whole / "samples" / "reals.npz").unlink()
    refused(reference(), "has lost a part of what it recorded")


def test_a_monitor_around_a_loop_takes_none(tmp_path: Path, make_gan) -> None:
    from gandoctor.monitors import GANMonitor
    from gandoctor.recording.warning import MonitorWarning

    gan = make_gan()
    players = {"generator": gan.generator, "discriminator": gan.discriminator}
    with (
        pytest.warns(MonitorWarning, match="a model trained by fit"),
        GANMonitor(tmp_path / "run", **players, snapshots=5),
    ):
        pass
    assert not (tmp_path / "run").exists()


def test_a_loop_of_its_own_is_refused(tmp_path: Path) -> None:
    from gandoctor.experiments.child.main import loop_recorded
    from gandoctor.experiments.child.stop_request import StopRequest

    job = Job(target="t:t", run_dir=str(tmp_path / "run"), snapshots=5)
    with pytest.raises(GandoctorError, match="a loop of its own, into which no snapshot can be put back"):
        loop_recorded(LoopTraining(None, None, lambda done: None, 5), job, StopRequest())


def test_global_generators_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    import tensorflow as tf
    from tensorflow.python.ops import stateful_random_ops

    from gandoctor.backends.tensorflow.random_state import global_random_arrays, set_global_random_state

    def draw() -> list[float]:
        found = [
            random.gauss(),
            np.random.normal(),
            keras.random.normal(()),
            tf.random.get_global_generator().normal(()),
        ]
        return [float(value) for value in found]

    monkeypatch.setattr(stateful_random_ops, "global_generator", tf.random.Generator.from_seed(1))
    draw()  # of two normal numbers that Python and NumPy draw together, one waits
    arrays = global_random_arrays()
    first = draw()
    set_global_random_state(arrays)
    assert draw() == first
    assert draw() != first
    monkeypatch.setattr(stateful_random_ops, "global_generator", None)  # as in a new process
    set_global_random_state(arrays)
    assert draw() == first


def test_a_state_of_random_numbers_that_is_none_is_refused() -> None:
    from gandoctor.backends.tensorflow.random_state import global_random_arrays, set_global_random_state

    arrays = global_random_arrays()
    for name in ("numpy_position", "python"):
        with pytest.raises(UnusableSnapshot, match="no state of random numbers"):
            set_global_random_state({**arrays, name: arrays[name] + np.uint32(10**6)})
