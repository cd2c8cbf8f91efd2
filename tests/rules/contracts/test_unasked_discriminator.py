"""GD025."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import PlayerCard, Run
from gandoctor.store.player_card import AskedCard
from support.recorded_runs import healthy

RULE = find_rule("GD025")
MakeRun = Callable[..., Run]


def judged(make_run: MakeRun, asked: AskedCard | None) -> Finding:
    return RULE.evaluate(make_run(healthy(), generator=PlayerCard(name="g", asked=asked)))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (None, Status.NOT_EVALUATED),
        (AskedCard(is_asked=True, looks=1), Status.NOT_DETECTED),
        (AskedCard(is_asked=False, looks=20), Status.DETECTED),
        (AskedCard(is_asked=False, looks=19), Status.NOT_EVALUATED),  # a pixel loss that comes first
        (AskedCard(is_asked=False, looks=1, is_traced=True), Status.DETECTED),
        (AskedCard(is_asked=True, looks=1, is_traced=True), Status.NOT_DETECTED),
    ],
)
def test_what_the_latest_updates_asked(make_run: MakeRun, asked: AskedCard | None, status: Status) -> None:
    finding = judged(make_run, asked)
    assert finding.status is status
    if status is Status.DETECTED:
        assert finding.severity is Severity.CRITICAL
        assert finding.treatments == () or finding.treatments[0].id == "score-in-generator-loss"


def test_without_a_game_there_is_no_conflict_of_labels(make_run: MakeRun) -> None:
    asked = PlayerCard(name="g", asked=AskedCard(is_asked=False, looks=30))
    assert find_rule("GD008").evaluate(make_run(healthy(), generator=asked)).status is Status.NOT_EVALUATED


STEPS = 40
Loss = Callable[[Any, Any, Any], Any]


def of_the_score(d: Any, fake: Any, real: Any) -> Any:
    return -d(fake).mean() + (fake - real).square().mean()


def of_the_features(d: Any, fake: Any, real: Any) -> Any:
    return (d[0](fake) - d[0](real)).square().mean()


def of_the_rows(d: Any, fake: Any, real: Any) -> Any:
    d(fake)
    return (fake - 1).square().mean()


def of_a_detached_score(d: Any, fake: Any, real: Any) -> Any:
    return -d(fake).detach().mean() + (fake - real).square().mean()


def of_the_rows_with_frozen_weights(d: Any, fake: Any, real: Any) -> Any:
    d.requires_grad_(False)
    return (fake - real).square().mean()


def through_code_of_its_own(d: Any, fake: Any, real: Any) -> Any:
    import torch

    class Hidden(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return gradient

    return Hidden.apply(fake).square().mean()


@pytest.mark.training
@pytest.mark.parametrize(
    ("loss", "is_asked"),
    [
        (of_the_score, True),
        (of_the_features, True),
        (of_the_rows, False),
        (of_a_detached_score, False),
        (through_code_of_its_own, None),
        (of_the_rows_with_frozen_weights, None),
    ],
)
def test_the_graph_of_a_pytorch_loss_is_searched(tmp_path: Path, loss: Loss, is_asked: bool | None) -> None:
    torch = pytest.importorskip("torch")
    from gandoctor import GANMonitor
    from gandoctor.store import load_run

    torch.manual_seed(0)
    g = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 6))
    d = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.LeakyReLU(0.2), torch.nn.Linear(16, 1))
    g_opt, d_opt = (torch.optim.SGD(network.parameters(), 1e-2) for network in (g, d))
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    with GANMonitor(tmp_path / "run", strict=True, **players) as monitor:
        for _ in range(STEPS):
            real = torch.randn(16, 6)
            d.requires_grad_(True)
            d_opt.zero_grad()
            (d(g(torch.randn(16, 4)).detach()).mean() - d(real).mean()).backward()
            d_opt.step()
            g_opt.zero_grad()
            loss(d, g(torch.randn(16, 4)), real).backward()
            g_opt.step()
            monitor.step()
    run = load_run(tmp_path / "run")
    card = run.manifest.generator
    assert card is not None
    assert (None if card.asked is None else card.asked.is_asked) is is_asked
    assert (RULE.evaluate(run).status is Status.DETECTED) is (is_asked is False)


@pytest.mark.training
@pytest.mark.parametrize("is_asked", [True, False])
def test_the_graph_of_a_traced_keras_step_is_searched(tmp_path: Path, is_asked: bool) -> None:
    keras = pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    from gandoctor import GANMonitor
    from gandoctor.store import load_run

    keras.utils.set_random_seed(0)
    g = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6)])
    d = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    g_opt, d_opt = keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2)

    @tf.function
    def step(real: Any) -> None:
        for optimizer, network in ((d_opt, d), (g_opt, g)):
            with tf.GradientTape() as tape:
                fake = g(tf.random.normal((16, 4)))
                scores = d(fake)
                if network is d:
                    loss = tf.reduce_mean(scores) - tf.reduce_mean(d(real))
                else:
                    loss = -tf.reduce_mean(scores if is_asked else fake)
            weights = network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    with GANMonitor(tmp_path / "run", strict=True, **players) as monitor:
        for _ in range(6):
            step(tf.random.normal((16, 6)))
            monitor.step()
    run = load_run(tmp_path / "run")
    card = run.manifest.generator
    assert card is not None
    assert card.asked == AskedCard(is_asked=is_asked, looks=1, is_traced=True)
    assert (RULE.evaluate(run).status is Status.DETECTED) is not is_asked
