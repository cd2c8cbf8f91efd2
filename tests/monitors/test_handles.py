"""What is set in a training before its first step: it trains as if it had been built so, and is recorded as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor
from gandoctor.errors import GandoctorError
from gandoctor.recording.warning import MonitorWarning
from gandoctor.store import load_run

pytestmark = pytest.mark.training

Make = Callable[..., Any]


@pytest.fixture
def trained_with(make_gan: Make, fit: Callable[..., None], reals: np.ndarray, tmp_path: Path) -> Make:
    def train(gan: Any, **changes: float) -> list[np.ndarray]:
        named = {name.replace("__", "."): value for name, value in changes.items()}
        monitor = GANMonitor(tmp_path / f"run{len(list(tmp_path.iterdir()))}", probe_data=reals)
        monitor.options = replace(monitor.options, changes=named)
        fit(gan, reals, [monitor], steps=6)
        train.run = load_run(monitor.options.run_dir)
        return [*gan.generator.get_weights(), *gan.discriminator.get_weights()]

    return train


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_an_optimizers_value(make_gan: Make, trained_with: Make) -> None:
    import keras

    built = make_gan()
    built.g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, clipvalue=0.01)
    wanted, set_later = trained_with(built), trained_with(make_gan(), g_optimizer__beta_1=0.5)
    assert same(set_later, wanted)
    assert not same(trained_with(make_gan()), wanted)


def test_dropout_is_trained_with_recorded_and_told(make_gan: Make, trained_with: Make) -> None:
    import keras

    built = make_gan()
    config = built.discriminator.get_config()
    (dropout,) = [layer for layer in config["layers"] if layer["class_name"] == "Dropout"]
    dropout["config"]["rate"] = 0.6
    other = keras.Sequential.from_config(config)
    other.set_weights(built.discriminator.get_weights())
    built.discriminator = other
    wanted = trained_with(built)
    assert same(trained_with(make_gan(), discriminator__dropout=0.6), wanted)
    run = trained_with.run
    rates = [layer.settings["rate"] for layer in run.manifest.discriminator.layers if layer.type == "Dropout"]
    assert rates == [0.6], "the model card is of what was trained"
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.dropout", 0.3, 0.6)


@pytest.mark.slow
def test_batch_normalisation(make_gan: Make, trained_with: Make) -> None:
    plain = trained_with(make_gan())
    assert not same(trained_with(make_gan(), generator__batch_norm_momentum=0.5), plain)
    assert not same(trained_with(make_gan(), generator__batch_norm_epsilon=0.8), plain)
    assert {
        layer.settings["epsilon"]
        for layer in trained_with.run.manifest.generator.layers
        if layer.type == "BatchNormalization"
    } == {0.8}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"generator.dropout": 0.5}, "it has no dropout that is switched on"),
        ({"discriminator.batch_norm_momentum": 0.5}, "it has no batch normalisation"),
        ({"g_optimizer.momentum": 0.5}, "its optimizer is Adam, which has no momentum"),
        ({"g_optimizer.clipnorm": 1.0}, "clips by clipvalue, and Keras heeds only one"),
    ],
)
def test_what_would_not_be_heeded_is_refused(
    make_gan: Make, reals: np.ndarray, tmp_path: Path, change: dict[str, float], why: str
) -> None:
    monitor = GANMonitor(tmp_path / "run", probe_data=reals)
    monitor.options = replace(monitor.options, changes=change)
    with pytest.warns(MonitorWarning, match=why) as _:
        monitor.set_model(make_gan())
    assert monitor.session is None


def test_traced_steps_are_not_changed(make_gan: Make, fit: Make, reals: np.ndarray, tmp_path: Path) -> None:
    gan = make_gan()
    fit(gan, reals, [], steps=1)
    monitor = GANMonitor(tmp_path / "run", probe_data=reals)
    monitor.options = replace(monitor.options, changes={"discriminator.dropout": 0.5})
    with pytest.warns(MonitorWarning, match="traced already"):
        monitor.set_model(gan)


def test_torch_takes_the_same_names() -> None:
    torch = pytest.importorskip("torch")
    from gandoctor.backends.torch.handles import set_value

    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2, momentum=0.1), torch.nn.Dropout(0.3))
    optimizer = torch.optim.Adam(network.parameters(), betas=(0.9, 0.99))
    assert set_value(network, optimizer, "d", "dropout", 0.5) == 0.3
    assert set_value(network, optimizer, "d", "batch_norm_momentum", 0.8) == pytest.approx(0.9)
    assert set_value(network, optimizer, "d", "beta_1", 0.5) == 0.9
    assert set_value(network, optimizer, "d", "batch_norm_epsilon", 1e-3) == 1e-5
    assert (network[2].p, network[1].momentum, network[1].eps) == (0.5, pytest.approx(0.2), 1e-3)
    assert optimizer.param_groups[0]["betas"] == (0.5, 0.99)
    with pytest.raises(GandoctorError, match="which has no clipnorm"):
        set_value(network, optimizer, "d", "clipnorm", 1.0)


def test_noise_before_a_torch_discriminator() -> None:
    torch = pytest.importorskip("torch")
    from gandoctor.backends.torch.handles import set_value

    def network() -> Any:
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(200, 1, bias=False))

    images, noisy = torch.ones(64, 200), network()
    seen: list[Any] = []
    noisy.register_forward_hook(lambda module, given, output: seen.append(given[0]))
    assert set_value(noisy, None, "d", "instance_noise", 0.5) == 0.0
    state = torch.get_rng_state()
    with torch.no_grad():
        change = noisy(images) - network()(images)
        weight = float(noisy[0].weight.norm())
    assert float(change.std()) == pytest.approx(0.5 * weight, rel=0.3)
    torch.set_rng_state(state)
    noisy(images)
    assert torch.equal(torch.get_rng_state(), state), "the training's own numbers stay as they are"
    assert all(given is images for given in seen), "hooks see what the program gave it"
    copied = copy.deepcopy(noisy)
    with torch.no_grad():
        copied[0].weight.zero_()
        assert not copied(images).any(), "a copy computes with its own weights"
    again = network()
    set_value(again, None, "d", "instance_noise", 0.5)
    with torch.no_grad():
        assert torch.equal(again(images) - network()(images), change)
        again.eval()
        assert torch.equal(again(images), network()(images)), "no noise in inference"
