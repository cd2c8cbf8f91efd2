"""The treatments' PyTorch code runs in PyTorch and does what its treatment says."""

from __future__ import annotations

import re
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from gandoctor.treatments import TREATMENTS  # noqa: E402

pytestmark = pytest.mark.training


def run(name: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "copied"}
    exec(TREATMENTS[name].snippets["torch"], scope)
    return scope


@pytest.fixture
def reals() -> Any:
    torch.manual_seed(0)
    return torch.rand(8, 1, 28, 28)


@pytest.fixture
def players() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(3, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))
    return g, nn.Sequential(nn.Flatten(), nn.Linear(784, 1))


@pytest.mark.parametrize("name", [t.id for t in TREATMENTS.values() if "torch" in t.snippets])
def test_every_block_runs(name: str) -> None:
    assert len(run(name)) > 2


def copies(network: nn.Module) -> list[Any]:
    return [p.detach().clone() for p in network.parameters()]


def moved(before: list[Any], network: nn.Module) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_a_step_of_each_player_moves_only_that_player(players: Any, reals: Any) -> None:
    g, d = players
    g_optimizer, d_optimizer = torch.optim.SGD(g.parameters(), 0.1), torch.optim.SGD(d.parameters(), 0.0)
    before = copies(g), copies(d)
    losses = run("separate-variable-lists")["train_step"](g, d, g_optimizer, d_optimizer, reals, 3)
    assert all(torch.isfinite(loss) for loss in losses)
    assert moved(before[0], g)
    assert not moved(before[1], d), "its own rate is 0"
    bce, before_g = nn.BCEWithLogitsLoss(), copies(g)
    d_optimizer = torch.optim.SGD(d.parameters(), 0.1)
    run("stop-gradient-in-discriminator-step")["discriminator_step"](g, d, d_optimizer, bce, reals, torch.randn(8, 3))
    assert moved(before[1], d)
    assert not moved(before_g, g)
    run("separate-batches")["discriminator_step"](d, d_optimizer, bce, reals, g(torch.randn(8, 3)))
    assert not moved(before_g, g)
    run("generate-inside-tape")["generator_step"](g, d, g_optimizer, bce, torch.randn(8, 3))
    assert moved(before_g, g)


def test_optimizers_hold_one_player_each(players: Any) -> None:
    names = [t.id for t in TREATMENTS.values() if "def optimizers(" in t.snippets.get("torch", "")]
    assert len(names) >= 7
    for name in names:
        pairs = zip(run(name)["optimizers"](*players), players, strict=False)
        for optimizer, network in pairs:
            held = [p for group in optimizer.param_groups for p in group["params"]]
            assert all(a is b for a, b in zip(held, network.parameters(), strict=True))


def test_learning_rates_fall_and_stay_above_zero(players: Any) -> None:
    optimizer, schedule = run("learning-rate-above-zero")["optimizer_and_schedule"](players[1], steps=20)
    falling = run("decay-learning-rates")["falling"]
    other = torch.optim.SGD(players[0].parameters(), 1.0)
    decay = falling(other, steps=20)
    for _ in range(20):
        optimizer.step()
        other.step()
        schedule.step()
        decay.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(2e-5)
    assert other.param_groups[0]["lr"] == pytest.approx(0.05)


def test_clipping_limits_the_step(players: Any, reals: Any) -> None:
    _, d = players
    before = copies(d)
    run("lower-learning-rates-and-clip")["clipped_step"](torch.optim.SGD(d.parameters(), 1.0), d, 1e6 * d(reals).sum())
    way = sum(float((a - b).detach().square().sum()) for a, b in zip(before, d.parameters(), strict=True)) ** 0.5
    assert way == pytest.approx(1.0, rel=1e-3)


def test_losses_are_what_they_say() -> None:
    p = torch.full((4, 1), 0.9)
    loss = run("one-sided-label-smoothing")["d_loss"](p, torch.full((4, 1), 1e-6))
    assert float(loss) == pytest.approx(0.1625, abs=0.01)
    assert float(run("labels-in-shape-of-output")["d_loss"](p, p)) == pytest.approx(0.5 * (0.01 + 0.81))
    logits = torch.full((4, 1), -5.0)
    assert float(run("non-saturating-loss")["g_loss"](logits)) == pytest.approx(5.0067, abs=1e-3)
    assert float(run("consistent-labels")["g_loss"](p)) == pytest.approx(0.1054, abs=1e-3)
    assert float(run("average-the-loss")["d_loss"](p, p)) == pytest.approx(0.5 * (0.1054 + 2.3026), abs=1e-3)


def test_penalties_are_positive_and_differentiable(players: Any, reals: Any) -> None:
    _, d = players
    for penalty in (
        run("r1-regularisation")["r1_penalty"](d, reals),
        run("gradient-penalty")["gradient_penalty"](d, reals, torch.rand(8, 1, 28, 28)),
        run("modern-baseline")["d_loss"](d, reals, torch.rand(8, 1, 28, 28)),
    ):
        assert float(penalty.detach()) > 0
        d.zero_grad()
        penalty.backward()
        assert float(d[1].weight.grad.abs().sum()) > 0


def test_paired_scores_pull_apart_and_penalise_both_sides(players: Any, reals: Any) -> None:
    g, d = players
    losses, fake = run("modern-baseline"), g(torch.rand(8, 3))
    slope = float(d[1].weight.detach().square().sum())
    free, held = (float(losses["d_loss"](d, reals, fake, gamma).detach()) for gamma in (0.0, 1.0))
    assert held - free == pytest.approx(slope, rel=1e-4), "half of it at real and half at generated images"
    assert free == pytest.approx(float(nn.functional.softplus(d(fake) - d(reals)).mean().detach()), rel=1e-5)
    losses["g_loss"](d, reals, fake).backward()
    assert float(g[0].weight.grad.abs().sum()) > 0


def test_networks_take_and_return_what_they_should(reals: Any) -> None:
    assert run("spectral-normalisation")["discriminator"](reals).shape == (8, 1)
    for name in ("enlarge-discriminator", "shrink-discriminator"):
        assert run(name)["build_discriminator"](0.5)(reals).shape == (8, 1)
    assert nn.Sequential(*run("strengthen-discriminator")["first_blocks"])(reals).shape == (8, 128, 14, 14)
    for name in ("leaky-discriminator", "even-discriminator-strides"):
        assert nn.Sequential(*run(name)["block"](1, 4))(reals).shape == (8, 4, 14, 14)
    assert nn.Sequential(*run("layer-order")["block"](1, 4))(reals).shape == (8, 4, 28, 28)
    maps = torch.rand(2, 128, 7, 7)
    for layers in (run("even-upsampling")["resized"], run("even-upsampling")["transposed"]):
        assert nn.Sequential(*layers)(maps).shape == (2, 64, 14, 14)
    assert nn.Sequential(*run("convolution-after-upsampling")["generator_end"])(maps[:, :64]).shape == (2, 1, 14, 14)
    for name in ("batch-norm-placement", "batch-norm-in-generator"):
        scope = run(name)
        assert nn.Sequential(*scope["hidden_block"], *scope["output_block"])(maps).shape == (2, 1, 7, 7)
    spread = run("minibatch-standard-deviation")["MinibatchStandardDeviation"]()
    assert spread(reals).shape == (8, 2, 28, 28)
    assert float(spread(reals[:1].expand(8, -1, -1, -1))[:, 1].max()) < 1e-3
    assert run("pack-images")["packed"](reals).shape == (4, 2, 28, 28)
    planes = run("show-labels-to-discriminator")["with_planes"](reals, torch.arange(8))
    assert planes.shape == (8, 11, 28, 28)
    assert float(planes[3, 1 + 3].min()) == 1.0
    assert run("embed-class-numbers")["LabelledLatents"]()(torch.randn(8, 100), torch.arange(8)).shape == (8, 150)


def test_noise_and_shifts_are_of_each_image_its_own(reals: Any) -> None:
    noisy = run("instance-noise")["noisy"]
    assert not torch.equal(noisy(reals, 0, 10), reals)
    assert torch.equal(noisy(reals, 10, 10), reals)
    given = reals[:1].expand(8, -1, -1, -1).clone().requires_grad_(True)
    moved_images = run("augment-discriminator-input")["shifted"](given)
    assert moved_images.shape == given.shape
    assert len({tuple(image.flatten().tolist()) for image in moved_images}) > 4
    moved_images.sum().backward()
    assert 0.7 < float(given.grad.mean()) <= 1, "what is shifted out of sight has none"


def test_samples_are_drawn_in_inference_mode_and_averages_follow(players: Any) -> None:
    g, d = players
    assert run("sample-in-inference-mode")["sample"](g, 5, 3).shape == (5, 1, 28, 28)
    assert g.training
    assert run("fakes-in-training-mode")["fakes_for_the_discriminator"](g, torch.randn(2, 3)).requires_grad is False
    average = run("average-generator-weights")["averaged"](g, momentum=0.5)
    average.update_parameters(g)
    with torch.no_grad():
        g[0].bias.add_(1.0)
    average.update_parameters(g)
    assert torch.allclose(average.module[0].bias, g[0].bias - 0.5, atol=1e-6)
    seen: list[bool] = []

    def step(*_: Any) -> None:
        seen.append(next(d.parameters()).requires_grad)

    run("set-trainable-per-phase")["train_step"](d, step, step, None)
    assert seen == [True, False]


def test_loops_take_as_many_steps_as_they_say(players: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    taken: list[int] = []
    run("train-longer")["train"]([1, 2], taken.append, steps=5)
    assert taken == [1, 2, 1, 2, 1]
    grades = iter([2.0, 1.0, 3.0])
    run("keep-best-generator")["train"](range(3), taken.append, players[0], lambda _: next(grades), every=1)
    assert (tmp_path / "best_generator.pt").exists()
    batches = run("shuffle-data")["batches"](list(range(10)), n=4)
    assert [len(batch) for batch in batches] == [4, 4]
    assert run("match-output-range")["to_unit_range"]([[0, 255]]).tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("treatment", TREATMENTS.values(), ids=lambda treatment: treatment.id)
def test_what_is_said_in_a_pytorch_run_is_pytorchs(treatment):
    said = treatment.of("torch")
    assert said.framework == "torch"
    of_keras = re.compile(
        r"Keras|TensorFlow|\btf\.|`trainable`|training=|from_logits|\btape|stop_gradient|train_on_batch"
    )
    assert not of_keras.search(f"{said.title} {said.explanation}")
    assert treatment.of("keras") == treatment
