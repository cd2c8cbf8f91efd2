"""What a step is fed, how far weights have moved, and what an update does to the discriminator's view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import load_run
from gandoctor.message import Absent

pytestmark = pytest.mark.training
tf = pytest.importorskip("tensorflow")

from gandoctor.monitors import GANMonitor  # noqa: E402 - TensorFlow may be missing

EFFECTS = ["fake_logit_change_in_g_step", "logit_gap_change_in_d_step"]


def recorded(gan: Any, fit: Any, reals: np.ndarray, run_dir: Path, steps: int = 8) -> Any:
    fit(gan, reals, [GANMonitor(run_dir, probe_data=reals, loss="non_saturating", strict=True)], steps=steps)
    return load_run(run_dir)


def test_what_is_fed_is_summarised_every_step(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    run = recorded(make_gan(), fit, reals, tmp_path / "run")
    for name in ("latent_mean", "latent_spread", "real_mean", "real_spread"):
        assert run[name].index.tolist() == list(range(1, 9)), name
        assert run[name].nunique() == 8, name
    assert run["real_mean"][1] == pytest.approx(float(reals[:16].mean()), rel=1e-5)
    assert run["real_spread"][2] == pytest.approx(float(reals[16:32].std(axis=0).mean()), rel=1e-4)
    assert run["latent_spread"].mean() == pytest.approx(1.0, abs=0.1)


def test_range_of_what_the_discriminator_is_given_towards_each_loss(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    """Rescaled within the step, where the batch as it is fed shows nothing of it."""
    gan = make_gan()
    step, begun = type(gan).train_step, tf.Variable(0)

    def train_step(self: Any, real: Any) -> Any:
        begun.assign_add(1)
        return step(self, tf.where(begun >= 5, real * 255, real))

    type(gan).train_step = train_step
    run = recorded(gan, fit, reals, tmp_path / "run")
    highest = [float(reals[16 * i : 16 * (i + 1)].max()) for i in range(8)]
    np.testing.assert_allclose(run["d_step_input_max"], [*highest[:4], *(255 * h for h in highest[4:])], rtol=1e-5)
    assert run["real_mean"].max() < 1
    assert run["g_step_input_max"].index.tolist() == list(range(1, 9))
    assert run["g_step_input_max"].max() < 1
    assert (run["d_step_input_min"] <= run["g_step_input_min"]).all()


def test_a_batch_that_comes_again_is_the_same_number_again(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    run = recorded(make_gan(), fit, np.tile(reals[:16], (8, 1, 1, 1)), tmp_path / "run")
    assert run["real_mean"].nunique() == run["real_spread"].nunique() == 1


def test_a_constant_latent_has_no_spread(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    generator = gan.generator
    generator.__dict__["call"] = lambda z, training=None, **_: type(generator).call(
        generator, tf.zeros_like(z), training=training
    )
    run = recorded(gan, fit, reals, tmp_path / "run")
    assert (run["latent_spread"] > 0).all()  # what the generator was given; what it makes of it shows in the samples
    assert run["sample_latent_std"].max() == pytest.approx(0.0, abs=1e-6)


def test_movement_is_counted_from_probe_to_probe_whoever_moves(
    make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    run = recorded(make_gan(), fit, reals, tmp_path / "run", steps=6)
    # Probed after each of six steps: a step's movement is that of its one update.
    for player in ("d", "g"):
        moved = run[f"{player}_movement"]
        assert moved.index.tolist() == [1, 2, 3, 4, 5, 6]
        np.testing.assert_allclose(moved, run[f"{player}_update_in_{player}_step"], rtol=1e-4)


def test_a_player_nobody_trains_stands_still(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    gan.discriminator.trainable = False

    def train_step(self: Any, real: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.softplus(-self.discriminator(self.generator(real[:, 0, :4, 0]))))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(loss, weights), weights)
        return {"g_loss": loss}

    type(gan).train_step = train_step
    with pytest.warns(UserWarning, match="frozen"):
        fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals, loss="non_saturating")], steps=6)
    run = load_run(tmp_path / "run")
    assert (run["d_movement"] == 0).all()
    assert (run["g_movement"] > 0).all()
    assert (run["logit_gap_change_in_d_step"] == 0).all()


def test_the_players_pull_in_opposite_directions(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    run = recorded(make_gan(), fit, reals, tmp_path / "run")
    for name in EFFECTS:
        assert run[name].index.tolist()[:2] == [1, 2]
        assert (run[name] > 0).all(), name


def test_effects_are_those_of_the_update_alone(make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path) -> None:
    """The first step's, computed by hand from the weights before and after it."""
    gan = make_gan()
    drawn = np.random.default_rng(5).standard_normal((32 + 8 * 32, 4)).astype(np.float32)
    latents = np.concatenate([drawn[:32], drawn[64:96]])  # of the second probe: those that stay and the second window
    d_before, g_before = gan.discriminator.get_weights(), gan.generator.get_weights()
    monitor = GANMonitor(
        tmp_path / "run", probe_data=reals, loss="non_saturating", latent_sampler=lambda n: drawn[:n], strict=True
    )
    fit(gan, reals, [monitor], steps=1)
    run = load_run(tmp_path / "run")
    d_after, g_after = gan.discriminator.get_weights(), gan.generator.get_weights()
    statistics = [w for w, v in zip(g_after, gan.generator.weights, strict=True) if "moving" in v.path]
    old = [w for w, v in zip(g_before, gan.generator.weights, strict=True) if "moving" not in v.path]
    order = iter(old), iter(statistics)
    mixed = [next(order["moving" in v.path]) for v in gan.generator.weights]  # batch norm as it is now

    def logit(d: list[np.ndarray], g: list[np.ndarray] | None) -> float:
        gan.discriminator.set_weights(d)
        images = reals[:64]
        if g is not None:
            gan.generator.set_weights(g)
            images = gan.generator(latents, training=False)
        return float(np.mean(gan.discriminator(images, training=False)))

    fake = logit(d_after, mixed) - logit(d_before, mixed)
    assert run["fake_logit_change_in_d_step"][1] == pytest.approx(fake, rel=1e-2)
    moved = logit(d_after, None) - logit(d_before, None)
    assert run["logit_gap_change_in_d_step"][1] == pytest.approx(moved - fake, rel=1e-2)
    towards = logit(d_after, g_after) - logit(d_after, mixed)
    assert run["fake_logit_change_in_g_step"][1] == pytest.approx(towards, rel=1e-2)


def test_of_a_hand_written_loop_the_latents_and_what_the_discriminator_is_given_are_seen(
    make_gan: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    gan = make_gan()
    players = {n: getattr(gan, n) for n in ("generator", "discriminator", "g_optimizer", "d_optimizer")}
    with GANMonitor(tmp_path / "run", probe_data=reals, strict=True, **players) as monitor:
        for k in range(4):
            losses = gan.train_step(tf.constant(reals[16 * k : 16 * (k + 1)]))
            monitor.step(**losses)
    run = load_run(tmp_path / "run")
    assert run.manifest.missing["real_mean"].code == Absent.NOT_SEEN
    assert len(run["latent_spread"].values) == 4
    assert (run["g_step_input_max"] <= 1.0).all()
    assert (run["d_step_input_max"] > run["d_step_input_min"]).all()
    assert (run["logit_gap_change_in_d_step"] > 0).all()


@pytest.mark.parametrize("norm", [False, True])
def test_a_discriminator_that_normalises_batches_is_tried_with_mixed_ones(
    norm: bool, make_gan: Any, fit: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    import keras

    gan = make_gan()
    layers = [keras.layers.Flatten(), keras.layers.Dense(8), keras.layers.Dense(1)]
    if norm:
        layers.insert(2, keras.layers.BatchNormalization())
    gan.discriminator = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    run = recorded(gan, fit, reals, tmp_path / "run", steps=2)
    assert ("d_batch_gap" in run) == norm
    if norm:
        assert (run["d_batch_gap"] > 0).all()
    else:
        assert run.manifest.missing["d_batch_gap"].code == Absent.NOT_APPLICABLE


@pytest.mark.parametrize("real_is_high", [True, False])
def test_polarity_is_told_from_what_the_first_updates_do(
    real_is_high: bool, make_gan: Any, reals: np.ndarray, tmp_path: Path
) -> None:
    """In a hand-written loop nothing but the players' behaviour shows which label means real."""
    gan = make_gan()
    sign = 1.0 if real_is_high else -1.0
    players = {n: getattr(gan, n) for n in ("generator", "discriminator", "g_optimizer", "d_optimizer")}
    z = tf.random.stateless_normal((16, 4), (1, 2))
    with GANMonitor(tmp_path / "run", probe_data=reals, strict=True, **players) as monitor:
        for k in range(4):
            real = tf.constant(reals[16 * k : 16 * (k + 1)])
            for player, optimizer in ((gan.discriminator, gan.d_optimizer), (gan.generator, gan.g_optimizer)):
                with tf.GradientTape() as tape:
                    on_real, on_fake = sign * gan.discriminator(real), sign * gan.discriminator(gan.generator(z))
                    wrong = [on_fake, -on_real] if player is gan.discriminator else [-on_fake]
                    loss = tf.add_n([tf.reduce_mean(tf.nn.softplus(w)) for w in wrong])
                weights = player.trainable_weights
                optimizer.apply(tape.gradient(loss, weights), weights)
            monitor.step()
    run = load_run(tmp_path / "run")
    assert (run.manifest.real_is_high, run.manifest.real_is_high_source) == (real_is_high, "inferred")
    assert run["d_prime"].index[0] == 1  # until it is known, nothing that depends on it
    assert (run["fake_logit_change_in_g_step"] * sign > 0).all()
