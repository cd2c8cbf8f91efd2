"""Samples that a program makes outside of its training steps: what is kept of them, and what is no such sample."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import Run, load_run

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT, CLASSES = 12, 16, 8, 4
REALS = np.random.default_rng(0).normal(0.5, 0.3, (256, 6)).astype(np.float32)


def torch_run(
    path: Path, draw: Callable[[Any, Any, Any], None], *, labels: bool = False, no_gradient: bool = False
) -> Run:
    """Train on rows in PyTorch, then have `draw(generator, an untrained copy, latents of n)` make samples."""
    from torch import nn

    from gandoctor import GANMonitor

    torch.manual_seed(1)
    width = LATENT + (CLASSES if labels else 0)
    g = nn.Sequential(nn.Linear(width, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 6))
    d = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    with torch.no_grad():
        g[3].bias += 0.5
    average = copy.deepcopy(g)
    for weight in average.parameters():
        weight.data.mul_(3.0).add_(1.0)
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), 1e-3) for n in (g, d))
    bce = nn.BCEWithLogitsLoss()

    def latents(n: int) -> Any:
        z = torch.randn(n, LATENT)
        return torch.cat([z, torch.eye(CLASSES)[torch.randint(0, CLASSES - 1, (n,))]], 1) if labels else z

    options = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt, "probe_data": REALS}
    with GANMonitor(path, strict=True, latent_sampler=latents, **options) as monitor:
        for step in range(STEPS):
            real = torch.from_numpy(REALS[step * ROWS : (step + 1) * ROWS])
            with torch.set_grad_enabled(not no_gradient):
                fake = g(latents(ROWS)).detach()
            d_opt.zero_grad()
            (bce(d(real), torch.ones(ROWS, 1)) + bce(d(fake), torch.zeros(ROWS, 1))).backward()
            d_opt.step()
            g_opt.zero_grad()
            bce(d(g(latents(ROWS))), torch.ones(ROWS, 1)).backward()
            g_opt.step()
            monitor.step()
        draw(g, average, latents)
    return load_run(path)


def keras_run(path: Path, draw: Callable[[Any, Any, Any], None], *, fit: bool = False) -> Run:
    """Likewise in Keras; with `fit` a model's own step, and what `draw` makes after an epoch."""
    import keras
    import tensorflow as tf
    from keras import layers

    from gandoctor import GANMonitor

    keras.utils.set_random_seed(1)
    g = keras.Sequential(
        [keras.Input((LATENT,)), layers.Dense(16), layers.BatchNormalization(), layers.ReLU(), layers.Dense(6)]
    )
    d = keras.Sequential([keras.Input((6,)), layers.Dense(8, "tanh"), layers.Dense(1)])
    average = keras.models.clone_model(g)
    average.set_weights([3.0 * w + 1.0 for w in g.get_weights()])
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    g_opt, d_opt = keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3)

    def latents(n: int) -> Any:
        return tf.random.normal((n, LATENT))

    def step(real: Any) -> None:
        with tf.GradientTape(persistent=True) as tape:
            fake = g(latents(ROWS), training=True)
            on_real, on_fake = d(real, training=True), d(fake, training=True)
            d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
        for optimizer, loss, network in ((d_opt, d_loss, d), (g_opt, g_loss, g)):
            weights = network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    options = {"latent_sampler": latents, "probe_data": REALS, "strict": True}
    if not fit:
        players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
        with GANMonitor(path, **players, **options) as monitor:
            for i in range(STEPS):
                step(REALS[i * ROWS : (i + 1) * ROWS])
                monitor.step()
            draw(g, average, latents)
        return load_run(path)

    class GAN(keras.Model):
        def train_step(self, data: Any) -> dict[str, Any]:
            step(data)
            return {"seen": 1.0}

    class Pictures(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            draw(g, average, latents)

    gan = GAN()
    gan.generator, gan.discriminator, gan.g_optimizer, gan.d_optimizer = g, d, g_opt, d_opt
    gan.compile()
    data = tf.data.Dataset.from_tensor_slices(REALS[: STEPS * ROWS]).batch(ROWS)
    gan.fit(data, epochs=1, shuffle=False, verbose=0, callbacks=[Pictures(), GANMonitor(path, **options)])
    return load_run(path)


RUNS = pytest.mark.parametrize("train", [torch_run, keras_run], ids=["torch", "keras"])


def in_torch(network: Any, z: Any, training: bool) -> None:
    network.train(training)
    with torch.no_grad():
        network(z)


def call(network: Any, z: Any, training: bool) -> None:
    in_torch(network, z, training) if isinstance(z, torch.Tensor) else network(z, training=training)


def status(run: Run, rule: str) -> Status:
    return find_rule(rule).evaluate(run).status


@RUNS
def test_samples_of_the_trained_generator_are_its_own(tmp_path: Path, train: Any) -> None:
    run = train(tmp_path / "run", lambda g, _, latents: call(g, latents(200), False))
    (card,) = run.manifest.drawn
    assert (card.network, card.step, card.at_a_time, card.training, card.normalised) == (
        "generator",
        STEPS,
        200,
        False,
        True,
    )
    assert card.distance == pytest.approx(card.own_distance, abs=1e-5)
    assert card.drawn is not None
    assert card.drawn.std == pytest.approx(1, abs=0.15)
    assert status(run, "GD018") is status(run, "GD013") is Status.NOT_DETECTED


def test_samples_that_are_scaled_in_place_to_be_saved_are_its_own(tmp_path: Path) -> None:
    def draw(g: Any, _: Any, latents: Any) -> None:
        with torch.no_grad():
            g(latents(64)).mul_(0.5).add_(0.5)

    run = torch_run(tmp_path / "run", draw)
    assert run.manifest.drawn[0].spread == pytest.approx(1.0, abs=1e-5)
    assert status(run, "GD018") is Status.NOT_DETECTED


@RUNS
def test_an_average_that_is_far_behind_is_found(tmp_path: Path, train: Any) -> None:
    run = train(tmp_path / "run", lambda _, average, latents: call(average, latents(64), False))
    (card,) = run.manifest.drawn
    assert card.network == "copy"
    assert card.distance > 5 * card.own_distance
    assert status(run, "GD018") is Status.DETECTED


@pytest.mark.parametrize("made", [copy.deepcopy, lambda g: type(g)(*(copy.deepcopy(layer) for layer in g))])
def test_a_copy_that_is_made_after_the_training_is_found(tmp_path: Path, made: Callable[[Any], Any]) -> None:
    def draw(g: Any, average: Any, latents: Any) -> None:
        late = made(g)
        late.load_state_dict(average.state_dict())
        call(late, latents(64), False)

    run = torch_run(tmp_path / "run", draw)
    assert [card.network for card in run.manifest.drawn] == ["copy"]
    assert status(run, "GD018") is Status.DETECTED


def test_a_copy_that_is_made_later_and_called_many_times_is_known_by_all_of_it(tmp_path: Path) -> None:
    """A notebook loads the weights anew and shows one vector after the other, in training mode."""

    def draw(g: Any, average: Any, latents: Any) -> None:
        late = copy.deepcopy(average)
        late.load_state_dict(g.state_dict())
        call(late, latents(8), True)  # of another size: not what is shown
        for _ in range(100):
            call(late, latents(2), True)  # PyTorch refuses a batch of one value a channel

    (card,) = torch_run(tmp_path / "run", draw).manifest.drawn
    assert (card.network, card.count, card.at_a_time, card.training) == ("copy", 64, 2, True)
    assert card.spread is not None


def test_a_copy_that_is_trained_later_is_none(tmp_path: Path) -> None:
    def draw(g: Any, average: Any, latents: Any) -> None:
        late = copy.deepcopy(average)
        call(late, latents(64), False)
        late(latents(64)).mean().backward()

    assert torch_run(tmp_path / "run", draw).manifest.drawn == ()


def test_a_copy_is_not_kept_alive(tmp_path: Path) -> None:
    import weakref

    kept = []

    def draw(g: Any, _: Any, latents: Any) -> None:
        late = copy.deepcopy(g)
        call(late, latents(64), False)
        kept.append(weakref.ref(late))

    torch_run(tmp_path / "run", draw)
    assert kept[0]() is None


@RUNS
def test_latents_that_are_chosen_are_no_law(tmp_path: Path, train: Any) -> None:
    def traversed(latents: Any) -> Any:  # one number is varied, all others stay 0
        rows = np.zeros((64, LATENT), np.float32)
        rows[:, 0] = np.linspace(-2, 2, 64)
        return torch.from_numpy(rows) if isinstance(latents(1), torch.Tensor) else rows

    for number, chosen in enumerate((lambda latents: 0 * latents(64) + 0.5, traversed)):
        run = train(tmp_path / str(number), lambda g, _, latents, chosen=chosen: call(g, chosen(latents), False))
        assert run.manifest.drawn[0].drawn is None
        assert status(run, "GD013") is Status.NOT_DETECTED


@RUNS
def test_other_latents_than_trainings_are_found(tmp_path: Path, train: Any) -> None:
    run = train(tmp_path / "other", lambda g, _, latents: call(g, abs(latents(64)), False))
    assert status(run, "GD013") is Status.DETECTED


@RUNS
def test_samples_drawn_one_by_one_in_training_mode_have_no_spread(tmp_path: Path, train: Any) -> None:
    if train is torch_run:  # PyTorch refuses a batch of one value a channel; two are nearly as bad
        size, least = 2, 0.3
    else:
        size, least = 1, 0.0
    run = train(tmp_path / "run", lambda g, _, latents: [call(g, latents(size), True) for _ in range(40)])
    (card,) = run.manifest.drawn
    assert (card.at_a_time, card.training, card.count) == (size, True, 64 if size == 2 else 40)
    assert card.spread is not None
    assert card.spread >= least
    if size == 1:
        assert card.spread < 1e-3


def test_pictures_of_a_callback_are_seen(tmp_path: Path) -> None:
    run = keras_run(tmp_path / "run", lambda g, _, latents: g.predict(latents(64), verbose=0), fit=True)
    assert [(card.network, card.step, card.at_a_time) for card in run.manifest.drawn] == [("generator", STEPS, 64)]


def test_fakes_that_are_made_without_a_gradient_are_no_samples(tmp_path: Path) -> None:
    assert torch_run(tmp_path / "run", lambda *_: None, no_gradient=True).manifest.drawn == ()


def test_samples_made_with_a_gradient_that_nobody_takes_are_seen(tmp_path: Path) -> None:
    run = torch_run(tmp_path / "run", lambda g, _, latents: g.eval()(latents(64)).detach())
    assert [card.at_a_time for card in run.manifest.drawn] == [64]


def test_labels_that_training_never_gives_are_told(tmp_path: Path) -> None:
    def draw(code: Any) -> Callable[[Any, Any, Any], None]:
        return lambda g, _, __: in_torch(g, torch.cat([torch.randn(64, LATENT), code], 1), False)

    cases = {
        None: torch.eye(CLASSES)[torch.arange(64) % 3],
        "unknown": torch.eye(CLASSES)[torch.arange(64) % 4],
        "strange": torch.randint(0, 4, (64, CLASSES)).float(),
    }
    for number, (labels, code) in enumerate(cases.items()):
        run = torch_run(tmp_path / str(number), draw(code), labels=True)
        assert run.manifest.drawn[0].labels == labels
        assert (run.manifest.labels.classes, run.manifest.labels.places) == (3, 4)
        expected = Status.DETECTED  # of a label nobody asks for, a remark
        assert status(run, "GD019") is expected
