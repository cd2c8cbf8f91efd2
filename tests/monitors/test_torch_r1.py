"""R1 that is added to the gradients of a PyTorch discriminator whose program has no penalty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor
from gandoctor.errors import GandoctorError
from gandoctor.recording.warning import MonitorWarning
from gandoctor.store import load_run
from support.r1_by_hand import r1_gradients

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.training

BATCH, RATE, GAMMA = 6, 0.5, 3.0
Step = Callable[..., Any]
LOSS = torch.nn.functional.binary_cross_entropy_with_logits


def discriminator(*last: Any, pixels: int = 64) -> Any:
    """out . tanh(kernel x + bias) of images of 64 pixels, and what is to follow."""
    torch.manual_seed(2)
    out = torch.nn.Linear(5, 1, bias=False)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(pixels, 5), torch.nn.Tanh(), out, *last)


def generator() -> Any:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(3, 64), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 8, 8)))


def trained(
    run_dir: Path, step: Step, gamma: float | None, d: Any = None, steps: int = 1, optimizer: Any = None, **options: Any
) -> Any:
    """Train with SGD from seed 3; a step is given both players, their optimizers and real images (6, 1, 8, 8)."""
    g, d = generator(), discriminator() if d is None else d
    make = optimizer or (lambda parameters: torch.optim.SGD(parameters, RATE))
    g_optimizer, d_optimizer = torch.optim.SGD(g.parameters(), RATE), make(d.parameters())
    monitor = GANMonitor(
        run_dir, generator=g, discriminator=d, g_optimizer=g_optimizer, d_optimizer=d_optimizer, **options
    )
    if gamma is not None:
        monitor.options = replace(monitor.options, changes={"discriminator.r1": gamma})
    torch.manual_seed(3)
    reals = [torch.rand(BATCH, 1, 8, 8) for _ in range(steps)]
    with monitor:
        for real in reals:
            step(g, d, g_optimizer, d_optimizer, real)
            monitor.step()
    return SimpleNamespace(d=d, g=g, real=reals[0], run_dir=run_dir, number=torch.rand(1), session=monitor.session)


def latents(count: int = BATCH) -> Any:
    return torch.randn(count, 3)


def losses(real_score: Any, fake_score: Any) -> Any:
    return LOSS(real_score, torch.ones_like(real_score)), LOSS(fake_score, torch.zeros_like(fake_score))


def one_loss(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    fake = g(latents())
    sum(losses(d(real), d(fake.detach()))).backward()
    d_optimizer.step()
    move_generator(d, g_optimizer, fake)


def move_generator(d: Any, g_optimizer: Any, fake: Any, more: Any = 0) -> None:
    g_optimizer.zero_grad()
    (losses(d(fake), d(fake))[0] + more).backward()
    g_optimizer.step()


def two_losses(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """The reals come first, and the fakes are not detached."""
    d_optimizer.zero_grad()
    losses(d(real), d(real))[0].backward()
    fake = g(latents())
    losses(d(real), d(fake))[1].backward(retain_graph=True)
    d_optimizer.step()
    move_generator(d, g_optimizer, g(latents()))


def generator_first(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """The generator's own loss looks at other images, and is differentiated through the discriminator as well."""
    fake = g(latents())
    move_generator(d, g_optimizer, fake, (d(fake) - d(real + 1)).abs().mean())
    d_optimizer.zero_grad()
    sum(losses(d(real), d(fake.detach()))).backward()
    d_optimizer.step()


def both_at_once(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """Both losses are differentiated before either player moves; the generator's looks at other images as well."""
    fake = g(latents())
    g_loss = losses(d(fake), d(fake))[0] + (d(fake) - d(real + 1)).abs().mean()
    d_loss = sum(losses(d(real), d(fake.detach())))
    g_optimizer.zero_grad()
    g_loss.backward()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.step()


def one_batch(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """Both kinds together, in any order."""
    d_optimizer.zero_grad()
    with torch.no_grad():
        fake = g(latents())
    order = torch.randperm(2 * BATCH)
    labels = torch.cat([torch.ones(BATCH, 1), torch.zeros(BATCH, 1)])[order]
    LOSS(d(torch.cat([real, fake])[order]), labels).backward()
    d_optimizer.step()
    move_generator(d, g_optimizer, g(latents()))


def accumulated(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    for part in real.split([4, 2]):
        (sum(losses(d(part), d(g(latents(len(part))).detach()))) / 2).backward()
    d_optimizer.step()
    move_generator(d, g_optimizer, g(latents()))


def flat(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """The batch is written to after the call."""
    d_optimizer.zero_grad()
    batch = real.flatten(1).clone()
    sum(losses(d(batch), d(g(latents()).detach().flatten(1)))).backward()
    batch.data.fill_(7)
    d_optimizer.step()
    move_generator(d, g_optimizer, g(latents()))


def with_a_closure(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    def loss() -> Any:
        d_optimizer.zero_grad()
        total = sum(losses(d(real), d(g(latents()).detach())))
        total.backward()
        return total

    d_optimizer.step(loss)
    move_generator(d, g_optimizer, g(latents()))


def scaled(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """As mixed precision has it; a fused optimizer takes the scale off by itself."""
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    d_optimizer.zero_grad()
    scaler.scale(sum(losses(d(real), d(g(latents()).detach())))).backward()
    scaler.step(d_optimizer)
    scaler.update()
    move_generator(d, g_optimizer, g(latents()))


def in_half_precision(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        total = sum(losses(d(real), d(g(latents()).detach())))
    total.backward()
    d_optimizer.step()
    move_generator(d, g_optimizer, g(latents()))


def with_a_penalty_between(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """As WGAN-GP: a penalty of the program's own at points that are neither real nor generated."""
    d_optimizer.zero_grad()
    fake = g(latents()).detach()
    between = (0.5 * real + 0.5 * fake).requires_grad_()
    (slope,) = torch.autograd.grad(d(between).sum(), between, create_graph=True)
    (d(fake).mean() - d(real).mean() + slope.square().mean()).backward()
    d_optimizer.step()
    move_generator(d, g_optimizer, g(latents()))


def one_kind_an_update(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    fake = g(latents())
    for images, index in ((fake.detach(), 1), (real, 0)):
        d_optimizer.zero_grad()
        losses(d(images), d(images))[index].backward()
        d_optimizer.step()
    move_generator(d, g_optimizer, fake)


STEPS = {
    step.__name__: step
    for step in (
        one_loss,
        two_losses,
        generator_first,
        both_at_once,
        one_batch,
        accumulated,
        flat,
        with_a_closure,
        scaled,
        in_half_precision,
        with_a_penalty_between,
    )
}


def by_hand(real: Any, pixels: Any = None) -> list[np.ndarray]:
    """The gradient at the first weights, in the order of the parameters."""
    kernel, bias, out = (p.detach().numpy() for p in discriminator().parameters())
    images = real.flatten(1).numpy() if pixels is None else pixels
    found = r1_gradients(kernel, bias, out[0], images)
    return [GAMMA * found["kernel"], GAMMA * found["bias"], GAMMA * found["out"][None]]


def moved_by(with_it: Any, without: Any) -> list[np.ndarray]:
    """What the penalty has added to the first update of SGD."""
    pairs = zip(with_it.parameters(), without.parameters(), strict=True)
    return [((b - a) / RATE).detach().double().numpy() for a, b in pairs]


@pytest.mark.parametrize("name", STEPS)
def test_the_gradient_that_is_added_is_that_of_the_penalty(name: str, tmp_path: Path) -> None:
    found = trained(tmp_path / "r1", STEPS[name], GAMMA)
    plain = trained(tmp_path / "plain", STEPS[name], None)
    for mine, expected in zip(moved_by(found.d, plain.d), by_hand(found.real), strict=True):
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(mine, expected, rtol=2e-3, atol=2e-6)


def test_it_is_taken_where_a_step_has_only_real_images(tmp_path: Path) -> None:
    """The weights have moved once by then, so that the first update is made alone before."""
    found, plain = (trained(tmp_path / str(gamma), one_kind_an_update, gamma) for gamma in (GAMMA, None))
    assert all(np.abs(a).max() > 1e-3 for a in moved_by(found.d, plain.d)[:1])


def test_a_fused_optimizer_that_is_told_the_scale(tmp_path: Path) -> None:
    def fused(parameters: Any) -> Any:
        return torch.optim.SGD(parameters, RATE, fused=True)

    found = trained(tmp_path / "r1", scaled, GAMMA, optimizer=fused)
    plain = trained(tmp_path / "plain", scaled, None, optimizer=fused)
    for mine, expected in zip(moved_by(found.d, plain.d), by_hand(found.real), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-3, atol=2e-6)


class ByFunction(torch.nn.Module):
    """Ends in a sigmoid of its own, in the place of what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = discriminator()

    def forward(self, x: Any) -> Any:
        return self.inner(x).sigmoid_().squeeze(1)


@pytest.mark.parametrize("make", [lambda: discriminator(torch.nn.Sigmoid()), ByFunction])
def test_the_logit_is_penalised_and_not_what_a_sigmoid_makes_of_it(make: Any, tmp_path: Path) -> None:
    found, plain = (trained(tmp_path / str(gamma), one_loss, gamma, make()) for gamma in (GAMMA, None))
    for mine, expected in zip(moved_by(found.d, plain.d), by_hand(found.real), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-3, atol=2e-6)


class OfPairs(torch.nn.Module):
    """Scores images with their labels, and guesses the label."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.guess = discriminator(), torch.nn.Linear(64, 3)

    def forward(self, label: Any, *, image: Any, factor: float) -> Any:
        return self.inner(image + 0 * label[:, :, None, None]) * factor, self.guess(image.flatten(1))


def test_images_beside_labels(tmp_path: Path) -> None:
    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        label = torch.ones(BATCH, 1)
        d_optimizer.zero_grad()
        fake = g(latents())
        real_score, guess = d(label, image=real, factor=1.0)
        fake_score, _ = d(label, image=fake.detach(), factor=1.0)
        (sum(losses(real_score, fake_score)) + guess.square().mean()).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        d(label, image=fake, factor=1.0)[0].mean().backward()
        g_optimizer.step()

    found, plain = (trained(tmp_path / str(gamma), step, gamma, OfPairs()) for gamma in (GAMMA, None))
    for mine, expected in zip(moved_by(found.d.inner, plain.d.inner), by_hand(found.real), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=2e-3, atol=2e-6)


def test_a_condition_in_further_channels_is_no_part_of_the_image(tmp_path: Path) -> None:
    """As pix2pix puts them: the kernel's columns of the condition are looked at, and not penalised."""
    condition = torch.linspace(0, 1, BATCH * 64).reshape(BATCH, 1, 8, 8)

    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        d_optimizer.zero_grad()
        fake = g(latents())
        pairs = [torch.cat([condition, images], 1) for images in (real, fake.detach())]
        sum(losses(*map(d, pairs))).backward()
        d_optimizer.step()
        move_generator(d, g_optimizer, torch.cat([condition, fake], 1))

    both = (trained(tmp_path / str(gamma), step, gamma, discriminator(pixels=128)) for gamma in (GAMMA, None))
    found, plain = both
    kernel, bias, out = (p.detach().double() for p in discriminator(pixels=128).parameters())
    given = torch.cat([condition, found.real], 1).flatten(1).double()
    s = 1 - torch.tanh(given @ kernel.T + bias) ** 2
    slope = (out * s) @ kernel[:, 64:]
    expected = GAMMA * ((slope @ kernel[:, 64:].T) * s).mean(0)
    np.testing.assert_allclose(moved_by(found.d, plain.d)[2][0], expected.numpy(), rtol=2e-3, atol=2e-6)


class Stateful(torch.nn.Module):
    """Draws numbers, and keeps averages and power iterations."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        wrap = torch.nn.utils.parametrizations.spectral_norm
        self.generator = torch.Generator().manual_seed(5)
        self.layers = torch.nn.Sequential(
            wrap(torch.nn.Conv2d(1, 4, 3, padding=1)),
            torch.nn.BatchNorm2d(4),
            torch.nn.LeakyReLU(0.2, inplace=True),
            torch.nn.Dropout(0.5),
            torch.nn.Flatten(),
            torch.nn.utils.spectral_norm(torch.nn.Linear(256, 1)),
        )

    def forward(self, x: Any) -> Any:
        return self.layers(x + 0.1 * torch.randn(x.shape, generator=self.generator))


@pytest.mark.filterwarnings("ignore:.*spectral_norm.*deprecated:FutureWarning")
def test_nothing_else_of_the_training_changes(tmp_path: Path) -> None:
    """With a weight of 0 all of it is computed, and no bit of the training is another one."""
    found, plain = (trained(tmp_path / str(gamma), one_loss, gamma, Stateful(), steps=4) for gamma in (0.0, None))
    for name, value in plain.d.state_dict().items():
        assert torch.equal(found.d.state_dict()[name], value), name
    assert all(torch.equal(a, b) for a, b in zip(found.g.parameters(), plain.g.parameters(), strict=True))
    assert torch.equal(found.number, plain.number)
    assert torch.equal(found.d.generator.get_state(), plain.d.generator.get_state())
    moved = trained(tmp_path / "moved", one_loss, GAMMA, Stateful(), steps=4)
    assert not torch.equal(moved.d.layers[1].weight, plain.d.layers[1].weight)


def test_hooks_and_flags_of_the_program_do_not_hear_of_it(tmp_path: Path) -> None:
    d, calls, gradients = discriminator(), [], []
    d[1].register_forward_hook(lambda *_: calls.append(d.training))
    d[1].bias.register_post_accumulate_grad_hook(lambda p: gradients.append(p.grad.clone()))
    d[1].weight.requires_grad_(False)
    found = trained(tmp_path / "r1", one_loss, GAMMA, d, loss="non_saturating")
    assert len(calls) == 4, "two calls for the discriminator, two for the generator"
    assert len(gradients) == 2
    assert not found.d[1].weight.requires_grad
    assert torch.equal(found.d[1].weight, discriminator()[1].weight), "what is frozen stays so"


def test_it_is_recorded_with_what_the_optimizer_is_given(tmp_path: Path) -> None:
    norms: list[float] = []

    def noting(parameters: Any) -> Any:
        optimizer = torch.optim.SGD(parameters, RATE)

        def note(optimizer: Any, args: Any, kwargs: Any) -> None:
            norms.append(float(torch.cat([p.grad.flatten() for p in optimizer.param_groups[0]["params"]]).norm()))

        optimizer.register_step_post_hook(note)
        return optimizer

    trained(tmp_path / "r1", one_loss, GAMMA, steps=4, optimizer=noting)
    run = load_run(tmp_path / "r1")
    np.testing.assert_allclose(run["d_grad_norm"].to_numpy(), norms, rtol=1e-5)
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.r1", 0.0, GAMMA)
    assert not [event for event in run.events if event.kind == "monitor_error"]


@pytest.mark.slow
def test_the_discriminator_becomes_less_steep(tmp_path: Path) -> None:
    slopes = []
    for gamma in (None, 10.0):
        found = trained(tmp_path / str(gamma), one_loss, gamma, steps=60)
        images = found.real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(found.d(images).sum(), images)
        slopes.append(float(slope.flatten(1).norm(dim=1).mean()))
    assert slopes[1] < 0.5 * slopes[0]


# What is refused. -------------------------------------------------------------------------------------------------


def changed_images(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    fake = g(latents())
    sum(losses(d(real + 0.1), d(fake.detach() + 0.1))).backward()
    d_optimizer.step()


def changed_beside(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """Consistency: the changed images are of both kinds, and those of one are known again."""
    d_optimizer.zero_grad()
    fake = g(latents()).detach()
    (sum(losses(d(real), d(fake))) + (d(real.flip(3)) + d(fake.flip(3))).mean()).backward()
    d_optimizer.step()


def own_penalty(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    real = real.clone().requires_grad_()
    score = d(real)
    (slope,) = torch.autograd.grad(score.sum(), real, create_graph=True)
    (sum(losses(score, d(g(latents()).detach()))) + slope.square().mean()).backward()
    d_optimizer.step()


def only_generated(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    for _ in range(8):
        d_optimizer.zero_grad()
        d(g(latents()).detach()).mean().backward()
        d_optimizer.step()


def by_hand_gradients(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    total = sum(losses(d(real), d(g(latents()).detach())))
    for p, gradient in zip(d.parameters(), torch.autograd.grad(total, list(d.parameters())), strict=True):
        p.grad = gradient
    d_optimizer.step()


REFUSED = {
    "nothing that it is given is what the generator has returned": changed_images,
    "18 images are not known to be the generator's and 6 are": changed_beside,
    "a gradient penalty of its own at its real images": own_penalty,
    "no real image in 8 updates": only_generated,
    "no call of it was seen that its update is of": by_hand_gradients,
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_told_apart_is_refused(why: str, tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=why) as refused:
        trained(tmp_path / "r1", REFUSED[why], GAMMA, steps=2)
    assert str(refused.value).startswith("r1 of the discriminator cannot be set: ")
    assert str(refused.value).endswith("; write the penalty into the script's own loss instead.")
    trained(tmp_path / "plain", REFUSED[why], None, steps=2)


class Once(torch.autograd.Function):
    """Can be differentiated once."""

    @staticmethod
    def forward(context: Any, x: Any) -> Any:
        return x * 2

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Any) -> Any:
        return gradient * 2


class OnlyOnce(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = discriminator()

    def forward(self, x: Any) -> Any:
        return self.inner(Once.apply(x))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (OnlyOnce, "it cannot be differentiated twice"),
        (lambda: discriminator(torch.nn.Linear(1, 3)), "which is one score an image is not known"),
    ],
)
def test_discriminators_without_a_slope_are_refused(make: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=why):
        trained(tmp_path / "r1", one_loss, GAMMA, make())


def test_an_optimizer_that_looks_at_the_loss_several_times_is_refused(tmp_path: Path) -> None:
    def several(parameters: Any) -> Any:
        return torch.optim.LBFGS(parameters, max_iter=3)

    with pytest.raises(GandoctorError, match="LBFGS evaluates its loss several times an update"):
        trained(tmp_path / "r1", with_a_closure, GAMMA, optimizer=several)


def test_one_optimizer_of_both_players_is_refused(tmp_path: Path) -> None:
    g, d = generator(), discriminator()
    both = torch.optim.SGD([*g.parameters(), *d.parameters()], RATE)
    monitor = GANMonitor(tmp_path / "r1", generator=g, discriminator=d, d_optimizer=both, g_optimizer=both)
    monitor.options = replace(monitor.options, changes={"discriminator.r1": GAMMA})
    with monitor:
        with pytest.raises(GandoctorError, match="one optimizer moves both players"):
            one_loss(g, d, both, both, torch.rand(BATCH, 1, 8, 8))
        monitor.step()


def test_several_processes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 0)
    with pytest.warns(MonitorWarning, match="several processes train it together"):
        assert trained(tmp_path / "r1", one_loss, GAMMA).session is None


def test_rows_are_known_again_by_their_bits() -> None:
    from gandoctor.backends.discovery.made_rows import MadeRows, Place
    from gandoctor.backends.torch.digests import digests, has_rows

    made, rows = torch.rand(5, 2, 3), MadeRows(digests, has_rows, channels_first=True)
    rows.add(made)
    other = torch.rand(4, 2, 3)
    assert rows.among([other]) is None
    assert rows.among([torch.ones(4, 1), torch.cat([other, made])]) == ([False] * 4 + [True] * 5, Place(1))
    assert rows.among([made.flatten(1)]) == ([True] * 5, Place(0))
    assert rows.among([torch.cat([made[:4], other], 1)]) == ([True] * 4, Place(0, 0, 2))
    assert rows.among([torch.cat([other, made[:4]], 1)]) == ([True] * 4, Place(0, 2, 4))
    assert rows.among([torch.cat([made, made.flip(0)], 1)]) == ([True] * 5, Place(0))
    binary = torch.stack([torch.eye(64)[i] + torch.eye(64)[j] for i in range(64) for j in range(i)])
    assert len(set(digests(binary))) == len(binary), "images of two values are told apart"
