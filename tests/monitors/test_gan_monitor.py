"""GANMonitor on real training: the numbers are right, and nothing is harmed."""

from __future__ import annotations

import math
import random
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GandoctorError, diagnose, load_run
from gandoctor.message import Absent
from gandoctor.store import RunWriter
from support.rarely import rarely

pytestmark = pytest.mark.training
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from gandoctor.monitors import (  # noqa: E402 - TensorFlow may be missing
    GANMonitor,
    GradientNormMonitor,
    LossMonitor,
    MonitorWarning,
)
from gandoctor.recording.instruments.discriminator_scores import DiscriminatorScores  # noqa: E402 - keep together


class Recorder(keras.callbacks.Callback):
    """Takes, by other means than the monitor's, what the monitor should have recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[tuple[float, float]] = []
        self.d_moved: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.before = [w.numpy() for w in self.model.discriminator.trainable_weights]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.losses.append((float(logs["d_loss"]), float(logs["g_loss"])))
        after = [w.numpy() for w in self.model.discriminator.trainable_weights]
        self.d_moved.append(math.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(after, self.before, strict=True))))


def test_every_step_has_its_own_loss(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    recorder = Recorder()
    fit(make_gan(), reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True), recorder], steps=15, epochs=2)
    run = load_run(tmp_path / "run")
    assert run["d_loss"].index.tolist() == list(range(1, 31))
    np.testing.assert_allclose(run["d_loss"], [d for d, _ in recorder.losses], rtol=1e-6)
    np.testing.assert_allclose(run["g_loss"], [g for _, g in recorder.losses], rtol=1e-6)
    assert run.state == "completed"
    assert run.manifest.planned_steps == 30


def test_running_means_are_seen_through(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    raw, means = tmp_path / "raw", tmp_path / "means"
    fit(make_gan(), reals, [LossMonitor(raw, strict=True)])
    fit(make_gan(means=True), reals, [LossMonitor(means, strict=True)])
    np.testing.assert_allclose(load_run(means)["d_loss"], load_run(raw)["d_loss"], rtol=1e-5)


def test_weight_movement_equals_the_difference_of_the_weights(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    recorder = Recorder()
    fit(make_gan(), reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True), recorder])
    moved = load_run(tmp_path / "run")["d_update_in_d_step"]
    assert {1, 2, 30} <= set(moved.index)
    np.testing.assert_allclose(moved, [recorder.d_moved[s - 1] for s in moved.index], rtol=1e-4)
    run = load_run(tmp_path / "run")
    assert (run["d_update_in_g_step"] == 0).all()
    assert (run["g_update_in_d_step"] == 0).all()
    assert (run["g_update_in_g_step"] > 0).all()


def test_gradient_norm_is_that_of_an_independent_tape_before_clipping(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    fit(make_gan(), reals, [GradientNormMonitor(tmp_path / "run", strict=True)], steps=1)
    recorded = load_run(tmp_path / "run")["d_grad_norm"][1]
    gan = make_gan()
    real = tf.constant(reals[:16])
    z = keras.random.normal((16, 4), seed=gan.seeds)
    fake = gan.generator(z, training=True)
    with tf.GradientTape() as tape:
        scores = gan.discriminator(tf.concat([real, fake], 0), training=True)
        loss = gan.loss_of(tf.concat([tf.ones((16, 1)), tf.zeros((16, 1))], 0), scores)
    gradients = tape.gradient(loss, gan.discriminator.trainable_weights)
    expected = math.sqrt(sum(float(tf.reduce_sum(g**2)) for g in gradients))
    assert recorded == pytest.approx(expected, rel=1e-4)
    clipped = math.sqrt(sum(float(tf.reduce_sum(tf.clip_by_value(g, -0.01, 0.01) ** 2)) for g in gradients))
    assert recorded > 1.5 * clipped


def test_scores_and_samples_are_those_of_the_players(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    gan = make_gan()
    latents = np.random.default_rng(5).standard_normal((32 + 8 * 32, 4)).astype(np.float32)
    monitor = GANMonitor(
        tmp_path / "run",
        probe_data=reals[:64],
        holdout_data=reals[64:],
        latent_sampler=lambda n: latents[:n],
        strict=True,
    )
    fit(gan, reals, [monitor])
    run = load_run(tmp_path / "run")
    window = 32 + 32 * ((len(run["sample_max"]) - 1) % 8)  # of the last probe, beside the 32 that stay
    fakes = gan.generator(np.concatenate([latents[:32], latents[window : window + 32]]), training=False).numpy()
    assert run["d_real_score"].iloc[-1] == pytest.approx(gan.discriminator(reals[:64]).numpy().mean(), rel=1e-4)
    assert run["d_holdout_score"].iloc[-1] == pytest.approx(gan.discriminator(reals[64:]).numpy().mean(), rel=1e-4)
    assert run["d_fake_score"].iloc[-1] == pytest.approx(gan.discriminator(fakes[:64]).numpy().mean(), rel=1e-4)
    for images, kind in ((reals[:64], "real"), (reals[64:128], "holdout"), (fakes[:64], "fake")):
        logits = np.sort(gan.discriminator(images).numpy().ravel())
        told = {m: float(q.iloc[-1]) for m, q in run.family(f"d_{kind}_logit_quantile").items()}
        expected = {str(p): logits[-(-p * len(logits) // 100) - 1] for p in (5, 25, 50, 75, 95)}
        assert told == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert run.sheets[-1].step == 30
    last = run.sheets[-1].fakes()
    assert last is not None
    low, high = reals[:64].min(), reals[:64].max()
    np.testing.assert_allclose(last / 255, np.clip((fakes[:32] - low) / (high - low), 0, 1), atol=1 / 255)
    cadence = run.manifest.cadence
    assert (cadence["sample_count"], cadence["fixed_count"], cadence["pool_count"]) == (len(fakes), len(last), 256)


@pytest.mark.parametrize(
    "options", [{}, rarely({"jit_compile": True}), {"run_eagerly": True}, {"steps_per_execution": 5}]
)
def test_all_ways_to_compile_record_every_step(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path, options: dict[str, Any]
) -> None:
    fit(make_gan(**options), reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True)], steps=10)
    run = load_run(tmp_path / "run")
    for name in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert run[name].index.tolist() == list(range(1, 11)), name
        assert np.isfinite(run[name]).all()


@pytest.mark.slow
def test_training_compiled_by_xla_differs_by_rounding_at_most(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    def train(callbacks: list[Any]) -> list[np.ndarray]:
        gan = make_gan(jit_compile=True)
        fit(gan, reals, callbacks, steps=10)
        assert gan.jit_compile is True
        return [v.numpy() for m in (gan.generator, gan.discriminator) for v in m.variables]

    plain, watched = train([]), train([GANMonitor(tmp_path / "run", probe_data=reals, strict=True)])
    for one, other in zip(plain, watched, strict=True):
        # A bias before batch normalisation has a gradient of rounding alone, about 1e-10, which Adam moves by 1e-6.
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=5e-5)
    manifest = load_run(tmp_path / "run").manifest
    assert (manifest.loss_family, manifest.real_is_high) == ("non_saturating", True)


def test_monitored_training_is_bit_identical(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    """Weights, optimizer slots, batch-norm statistics and the global random states, with and without the monitor."""

    def train(callbacks: list[Any]) -> tuple[list[np.ndarray], tuple[Any, ...]]:
        gan = make_gan()
        np.random.seed(11)
        random.seed(12)
        fit(gan, reals, callbacks)
        state = [v.numpy() for m in (gan.generator, gan.discriminator) for v in m.variables]
        state += [v.numpy() for o in (gan.g_optimizer, gan.d_optimizer) for v in o.variables]
        drawn = (np.random.rand(3).tolist(), random.random(), tf.random.normal((3,)).numpy().tolist())
        return state, drawn

    def sampler(n: int) -> np.ndarray:
        return np.random.standard_normal((n, 4)).astype(np.float32)  # consumes the global state

    plain, plain_drawn = train([])
    watched, watched_drawn = train(
        [GANMonitor(tmp_path / "run", probe_data=reals, latent_sampler=sampler, strict=True)]
    )
    assert load_run(tmp_path / "run")["sample_kid"].size > 5
    assert all(np.array_equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert plain_drawn == watched_drawn


def labelled(kind: type, image: Any, label: Any) -> Any:
    return kind({"image": image, "label": label}) if kind is dict else kind([image, label])


@pytest.mark.parametrize("kind", [tuple, dict])
def test_each_image_is_scored_with_the_label_that_goes_with_it(kind: type, reals: np.ndarray, tmp_path: Path) -> None:
    """A discriminator that says the label it is given: reals have label 1 here, fakes label 3."""
    layers = keras.layers
    image, label = keras.Input((8, 8, 1), name="image"), keras.Input((1,), name="label")
    nothing = layers.Dense(1, kernel_initializer="zeros")(layers.Flatten()(image))
    discriminator = keras.Model(labelled(kind, image, label), layers.Add()([nothing, label]))
    z, wanted = keras.Input((4,), name="image"), keras.Input((1,), name="label")
    images = layers.Reshape((8, 8, 1))(layers.Dense(64)(layers.Concatenate()([z, wanted])))
    generator = keras.Model(labelled(kind, z, wanted), images)
    options: dict[str, Any] = {
        "generator": generator,
        "discriminator": discriminator,
        "real_is_high": False,
        "strict": True,
        "probe_data": labelled(kind, reals, np.ones((128, 1), np.float32)),
    }
    with GANMonitor(
        tmp_path / "run",
        latent_sampler=lambda n: labelled(kind, np.zeros((n, 4), np.float32), np.full((n, 1), 3)),
        **options,
    ) as monitor:
        monitor.step()
    run = load_run(tmp_path / "run")
    assert run["d_real_score"].tolist() == [1.0, 1.0]
    assert run["d_fake_score"].tolist() == [3.0, 3.0]
    options["generator"] = keras.Sequential([keras.Input((4,)), layers.Dense(64), layers.Reshape((8, 8, 1))])
    with (
        pytest.warns(MonitorWarning, match="holds 0 beside the latents"),
        GANMonitor(tmp_path / "alone", latent_sampler=lambda n: np.zeros((n, 4), np.float32), **options) as monitor,
    ):
        monitor.step()


def test_a_hand_written_loop(make_gan: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    step = tf.function(gan.train_step)
    with GANMonitor(
        tmp_path / "run",
        generator=gan.generator,
        discriminator=gan.discriminator,
        g_optimizer=gan.g_optimizer,
        d_optimizer=gan.d_optimizer,
        probe_data=reals,
        strict=True,
    ) as monitor:
        expected = []
        for _ in range(12):
            losses = step(tf.constant(reals[:16]))
            monitor.step(d_loss=losses["d_loss"], g_loss=losses["g_loss"], temperature=0.5)
            expected.append(float(losses["d_loss"]))
    run = load_run(tmp_path / "run")
    np.testing.assert_allclose(run["d_loss"], expected, rtol=1e-6)
    assert run["temperature"].tolist() == [0.5] * 12
    assert run["g_grad_norm"].index.tolist() == list(range(1, 13))
    assert run.state == "completed"


def alone(gan: Any, reals: np.ndarray, run_dir: Path, **options: Any) -> GANMonitor:
    return GANMonitor(run_dir, generator=gan.generator, discriminator=gan.discriminator, probe_data=reals, **options)


def looped(gan: Any, reals: np.ndarray, run_dir: Path, steps: list[dict[str, Any]], **options: Any) -> list[str]:
    """Return what a loop of these steps' scalars is warned of."""
    optimizers = {"g_optimizer": gan.g_optimizer, "d_optimizer": gan.d_optimizer}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MonitorWarning)
        with alone(gan, reals, run_dir, **optimizers, **options) as monitor:
            for scalars in steps:
                monitor.step(**scalars)
    return [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]


def test_a_loop_that_tells_of_no_step_is_told_so_and_never_called_healthy(
    make_gan: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    (text,) = looped(make_gan(), reals, tmp_path / "run", [])
    assert "step() was never called" in text
    run = load_run(tmp_path / "run")
    assert [event.kind for event in run.events] == ["started", "monitor_warning", "ended"]
    assert run.manifest.missing["d_loss"].code is run.manifest.missing["g_grad_norm"].code is Absent.NOT_SEEN
    assert diagnose(run).verdict == "inconclusive"


def test_a_loop_that_raises_before_its_first_step_is_not_lectured(
    make_gan: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(ZeroDivisionError), alone(make_gan(), reals, tmp_path / "run"):
            raise ZeroDivisionError
    assert not [w for w in caught if "never called" in str(w.message)]
    assert load_run(tmp_path / "run").state == "crashed"


def test_a_scalar_of_none_is_absent_and_one_that_is_no_number_costs_itself(
    make_gan: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    steps = [
        {
            "d_loss": 0.7,
            "g_loss": None if step % 5 else 0.6,
            "step": 3,
            "vector": tf.ones(3),
            "odd": object() if step < 3 else 4.0,
        }
        for step in range(1, 11)
    ]
    told = looped(make_gan(), reals, tmp_path / "run", steps)
    names = [name for text in told for name in ("step", "vector", "odd") if f"step({name}=" in text]
    assert sorted(names) == ["odd", "step", "vector"]
    run = load_run(tmp_path / "run")
    assert run["d_loss"].tolist() == [0.7] * 10
    assert run["g_loss"].to_dict() == {5: 0.6, 10: 0.6}
    assert run["odd"].to_dict() == dict.fromkeys(range(3, 11), 4.0)
    assert run.manifest.missing["vector"].code is Absent.UNUSABLE
    assert "odd" not in run.manifest.missing
    assert "GD001" not in [finding.rule.id for finding in diagnose(run).detected]


@pytest.mark.parametrize(
    ("sampler", "said"),
    [
        (lambda n: np.zeros((n, 97), np.float32), "the generator cannot be run on the latents"),
        (lambda n: np.zeros((0, 4), np.float32), "returned no batch of latents"),
        (lambda n: np.zeros((10, 4), np.float32), "returned 10 latents when asked for 288"),
    ],
)
def test_an_odd_latent_sampler_is_one_clear_message(
    make_gan: Any, reals: np.ndarray, tmp_path: Path, sampler: Any, said: str
) -> None:
    steps = [{"d_loss": 0.7, "g_loss": 0.6}] * 5
    told = looped(make_gan(), reals, tmp_path / "run", steps, latent_sampler=sampler)
    assert [said in text for text in told if "latent" in text] == [True], told
    assert load_run(tmp_path / "run")["d_loss"].size == 5


def test_a_loop_that_raises_is_a_crashed_run(make_gan: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    monitor = GANMonitor(
        tmp_path / "run", generator=gan.generator, discriminator=gan.discriminator, probe_data=reals, strict=True
    )

    def loop() -> None:
        with monitor:
            monitor.step(d_loss=1.0, g_loss=1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop()
    run = load_run(tmp_path / "run")
    assert run.state == "crashed"
    assert run["d_loss"].tolist() == [1.0]


def test_a_failing_monitor_is_switched_off_and_training_goes_on(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> dict[str, float]:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(DiscriminatorScores, "probe", fail)
    gan = make_gan()
    with pytest.warns(MonitorWarning, match="broken on purpose") as caught:
        fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals)])
    assert len([w for w in caught if issubclass(w.category, MonitorWarning)]) == 1
    run = load_run(tmp_path / "run")
    assert "d_real_score" not in run
    assert run["d_loss"].size == 30
    assert run["sample_std"].size > 5
    (event,) = [e for e in run.events if e.kind == "monitor_error"]
    assert (event.model_extra or {})["monitor"] == "DiscriminatorMonitor"
    with pytest.raises(RuntimeError, match="broken on purpose"):
        fit(make_gan(), reals, [GANMonitor(tmp_path / "strict", probe_data=reals, strict=True)])


def test_a_full_disk_is_one_warning_and_training_goes_on(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FillTheDisk(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 3:
                monkeypatch.setattr(RunWriter, "flush", full)
                monkeypatch.setattr(RunWriter, "event", full)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gandoctor.store.writer.FLUSH_EVERY_S", 0.0)
    gan = make_gan()
    with pytest.warns(MonitorWarning, match="No space left") as caught:
        fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals), FillTheDisk()])
    assert len([w for w in caught if issubclass(w.category, MonitorWarning)]) == 1
    assert int(gan.d_optimizer.iterations) == 30


def test_a_generator_that_makes_nan_is_recorded_and_training_goes_on(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    gan = make_gan()
    gan.generator.layers[-2].bias.assign(tf.fill((64,), float("nan")))
    fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True)], steps=6)
    run = load_run(tmp_path / "run")
    assert run["sample_mean"].isna().all()
    assert run["d_fake_score"].isna().all()
    assert int(gan.d_optimizer.iterations) == 6


def test_an_unusable_run_directory_warns_and_training_goes_on(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    gan = make_gan()
    with pytest.warns(MonitorWarning, match="records nothing"):
        fit(gan, reals, [GANMonitor(tmp_path / "file" / "run", probe_data=reals)])
    assert int(gan.d_optimizer.iterations) == 30


@pytest.mark.parametrize(
    "wrong", [{"loss": "log"}, {"metadata": {"config": 3}}, {"generator": object()}, {"declared": {"steps": 1}}]
)
def test_a_wrong_argument_is_one_warning_and_training_goes_on(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    gan = make_gan()
    with pytest.warns(MonitorWarning, match="records nothing"):
        fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals, **wrong)], steps=3)
    assert int(gan.d_optimizer.iterations) == 3


def test_a_directory_with_a_run_is_left_alone(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    fit(make_gan(), reals, [LossMonitor(tmp_path / "run")], steps=5)
    with pytest.warns(MonitorWarning, match="run-2"):
        fit(make_gan(), reals, [LossMonitor(tmp_path / "run")], steps=7)
    assert load_run(tmp_path / "run").last_step == 5
    assert load_run(tmp_path / "run-2").last_step == 7


def test_monitors_of_one_directory_share_a_run(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    fit(make_gan(), reals, [LossMonitor(tmp_path / "run"), GradientNormMonitor(tmp_path / "run")], steps=5)
    run = load_run(tmp_path / "run")
    assert run["d_loss"].index.tolist() == run["d_grad_norm"].index.tolist() == [1, 2, 3, 4, 5]
    assert "sample_std" not in run


def test_one_monitor_serves_several_fits(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan, monitor = make_gan(), GANMonitor(tmp_path / "run", probe_data=reals, strict=True)
    fit(gan, reals, [monitor], steps=10)
    fit(gan, reals, [monitor], steps=10)
    run = load_run(tmp_path / "run")
    assert run["d_loss"].index.tolist() == list(range(1, 21))
    assert [e.kind for e in run.events] == ["started", "ended", "resumed", "ended"]


def test_nan_in_training_is_recorded_as_nan(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    gan.generator.layers[0].kernel.assign(tf.fill(gan.generator.layers[0].kernel.shape, float("nan")))
    fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True)], steps=5)
    run = load_run(tmp_path / "run")
    assert run["g_loss"].isna().all()
    assert run["g_loss"].size == 5


def test_what_cannot_be_recorded_is_absent_with_a_reason(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    fit(make_gan(), reals, [GANMonitor(tmp_path / "run", declared={"pretrain_steps": 3}, strict=True)], steps=5)
    run = load_run(tmp_path / "run")
    assert run.manifest.declared.pretrain_steps == 3
    assert "d_real_score" not in run
    assert "d_fake_score" in run
    missing = run.manifest.missing
    assert missing["d_real_score"].code == Absent.NOT_GIVEN
    assert missing["d_real_score"].message.values == {"argument": "probe_data"}
    assert set(run.family("d_fake_logit_quantile")) == {"5", "25", "50", "75", "95"}
    assert run.family("d_real_logit_quantile") == run.family("d_holdout_logit_quantile") == {}
    assert missing["d_real_logit_quantile"] == missing["probe_data"]
    assert missing["d_holdout_logit_quantile"] == missing["holdout_data"]
    assert missing["latent_law"].code == Absent.ASSUMED


@pytest.mark.parametrize(
    "bad",
    [
        rarely(np.zeros((4, 8, 8))),
        rarely(np.zeros(64)),
        np.full((64, 8, 8, 1), np.nan),
        rarely((np.zeros((64, 8, 8, 1)), np.zeros(63))),
        {"label": np.zeros(64), "image": np.zeros((64, 8, 8, 1))},
    ],
)
def test_bad_probe_data_is_one_warning(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path, bad: Any) -> None:
    with pytest.warns(MonitorWarning, match="probe_data"):
        fit(make_gan(), reals, [GANMonitor(tmp_path / "run", probe_data=bad)], steps=3)
    assert load_run(tmp_path / "run")["d_loss"].size == 3


def test_a_model_without_players_is_one_clear_error(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(GandoctorError, match=r"Pass generator=..."):
        model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0, callbacks=[GANMonitor(tmp_path / "run", strict=True)])
