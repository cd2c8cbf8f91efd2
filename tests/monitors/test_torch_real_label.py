"""One-sided label smoothing that is set in a PyTorch training: the discriminator's own labels of real images alone."""

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
from gandoctor.store import load_run
from support.labels_by_hand import loss_gradients
from support.rarely import rarely

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.training
F = torch.nn.functional

BATCH, RATE, LABEL = 6, 0.5, 0.8
Step = Callable[..., Any]


def discriminator(*last: Any) -> Any:
    """out . tanh(kernel x + bias) of images of 64 pixels, and what is to follow."""
    torch.manual_seed(2)
    out = torch.nn.Linear(5, 1, bias=False)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 5), torch.nn.Tanh(), out, *last)


def generator() -> Any:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(3, 64), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 8, 8)))


def trained(run_dir: Path, step: Step, label: float | None, d: Any = None, steps: int = 1, **options: Any) -> Any:
    """Train with SGD from seed 3; what the discriminator's first update was of is kept in `seen`."""
    g, d = generator(), discriminator() if d is None else d
    g_optimizer, d_optimizer = torch.optim.SGD(g.parameters(), RATE), torch.optim.SGD(d.parameters(), RATE)
    monitor = GANMonitor(
        run_dir, generator=g, discriminator=d, g_optimizer=g_optimizer, d_optimizer=d_optimizer, **options
    )
    if label is not None:
        monitor.options = replace(monitor.options, changes={"discriminator.real_label": label})
    firsts: list[list[Any]] = []
    d_optimizer.register_step_pre_hook(lambda *_: firsts.append([p.grad.clone() for p in d.parameters()]))
    torch.manual_seed(3)
    reals = [torch.rand(BATCH, 1, 8, 8) for _ in range(steps)]
    fakes = []
    g.register_forward_hook(lambda module, args, output: fakes.append(output.detach()))
    with monitor:
        for real in reals:
            step(g, d, g_optimizer, d_optimizer, real)
            monitor.step()
    return SimpleNamespace(d=d, g=g, real=reals[0], fakes=fakes, gradient=firsts[0], number=torch.rand(1))


def latents(count: int = BATCH) -> Any:
    return torch.randn(count, 3)


def move_generator(d: Any, g_optimizer: Any, fake: Any, loss: Any) -> None:
    """Its labels are ones, too."""
    g_optimizer.zero_grad()
    score = d(fake)
    loss(score, torch.ones_like(score)).backward()
    g_optimizer.step()


def separate(loss: Any) -> Step:
    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        d_optimizer.zero_grad()
        fake = g(latents())
        on_real, on_fake = d(real), d(fake.detach())
        (loss(on_real, torch.ones_like(on_real)) + loss(on_fake, torch.zeros_like(on_fake))).backward()
        d_optimizer.step()
        move_generator(d, g_optimizer, fake, loss)

    return step


def one_by_one(loss: Any) -> Step:
    """The reals come first, are differentiated alone, and the fakes are not detached; scores and labels are flat."""

    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        d_optimizer.zero_grad()
        loss(d(real).view(-1), torch.full((BATCH,), 1.0)).backward()
        fake = g(latents())
        loss(d(fake).squeeze(1), torch.zeros(BATCH)).backward(retain_graph=True)
        d_optimizer.step()
        move_generator(d, g_optimizer, g(latents()), loss)

    return step


def generator_first(loss: Any) -> Step:
    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        fake = g(latents())
        move_generator(d, g_optimizer, fake, loss)
        d_optimizer.zero_grad()
        on_real, on_fake = d(real), d(fake.detach())
        (loss(on_real, torch.ones_like(on_real)) + loss(on_fake, torch.zeros_like(on_fake))).backward()
        d_optimizer.step()

    return step


def both_at_once(loss: Any) -> Step:
    """Both losses are differentiated before either moves, and the fakes are not detached."""

    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        fake = g(latents())
        ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
        d_loss = loss(d(real), ones) + loss(d(fake), zeros)
        g_loss = loss(d(fake), ones)
        d_optimizer.zero_grad()
        d_loss.backward(retain_graph=True)
        g_optimizer.zero_grad()
        for p, gradient in zip(
            g.parameters(), torch.autograd.grad(g_loss, list(g.parameters()), retain_graph=True), strict=True
        ):
            p.grad = gradient
        d_optimizer.step()
        g_optimizer.step()

    return step


def one_batch(loss: Any) -> Step:
    """Both kinds and their labels together, in any order."""

    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        d_optimizer.zero_grad()
        with torch.no_grad():
            fake = g(latents())
        order = torch.randperm(2 * BATCH)
        labels = torch.cat([torch.ones(BATCH, 1), torch.zeros(BATCH, 1)])[order]
        (2 * loss(d(torch.cat([real, fake])[order]), labels)).backward()
        d_optimizer.step()
        move_generator(d, g_optimizer, g(latents()), loss)

    return step


def scores_together(loss: Any) -> Step:
    """The scores are put together."""

    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        d_optimizer.zero_grad()
        scores = torch.cat([d(g(latents()).detach()), d(real)])
        (2 * loss(scores, torch.cat([torch.zeros(BATCH, 1), torch.ones(BATCH, 1)]))).backward()
        d_optimizer.step()
        move_generator(d, g_optimizer, g(latents()), loss)

    return step


def taken_apart(cut: Callable[[Any], Any]) -> Callable[[Any], Step]:
    """One batch, whose scores are taken apart again."""

    def of(loss: Any) -> Step:
        def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
            d_optimizer.zero_grad()
            on_fake, on_real = cut(d(torch.cat([g(latents()).detach(), real])))
            total = loss(on_real, torch.ones_like(on_real)) + loss(on_fake, torch.zeros_like(on_fake))
            total.backward()
            d_optimizer.step()
            move_generator(d, g_optimizer, g(latents()), loss)

        return step

    return of


STEPS = {
    "separate": separate,
    "one by one": one_by_one,
    "generator first": generator_first,
    "both at once": both_at_once,
    "one batch": one_batch,
    "scores together": scores_together,
    "chunks": taken_apart(lambda scores: scores.chunk(2)),
    "slices": taken_apart(lambda scores: (scores[:BATCH, 0], scores[-BATCH:, 0])),
}
WITH_LOGITS = torch.nn.BCEWithLogitsLoss()
LOSSES = {
    "logits": (WITH_LOGITS, (), "entropy"),
    "probabilities": (torch.nn.BCELoss(), (torch.nn.Sigmoid,), "entropy"),
    "sigmoid outside": (lambda scores, labels: F.binary_cross_entropy(torch.sigmoid(scores), labels), (), "entropy"),
    "squares": (torch.nn.MSELoss(), (), "squares"),
}


def by_hand(found: Any, loss: str, real_label: float) -> list[np.ndarray]:
    """The gradient at the first weights, of means over each kind, in the order of the parameters."""
    kernel, bias, out = (p.detach().numpy() for p in discriminator().parameters())
    parts = [
        loss_gradients(kernel, bias, out[0], images.flatten(1).numpy(), np.full(BATCH, label), loss)
        for images, label in ((found.real, real_label), (found.fakes[0], 0.0))
    ]
    return [sum(part[name] for part in parts) for name in ("kernel", "bias", "out")]


def same(one: Any, other: Any) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "logits") for name in STEPS),
        *(("one batch", kind) for kind in LOSSES if kind != "logits"),
        *(rarely(name, kind) for name in STEPS for kind in LOSSES if kind != "logits" and name != "one batch"),
    ],
)
def test_the_gradient_is_that_of_the_smoothed_label(name: str, kind: str, tmp_path: Path) -> None:
    loss, last, formula = LOSSES[kind]
    found = trained(tmp_path / "smoothed", STEPS[name](loss), LABEL, discriminator(*(make() for make in last)))
    for mine, expected, plain in zip(
        found.gradient, by_hand(found, formula, LABEL), by_hand(found, formula, 1.0), strict=True
    ):
        mine = mine.double().numpy().reshape(expected.shape)
        assert np.abs(expected - plain).max() > 1e-3
        np.testing.assert_allclose(mine, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["generator first", "both at once"])
def test_the_generators_step_is_left_alone(name: str, tmp_path: Path) -> None:
    """Its first update is made with the discriminator's first weights, or with gradients by those."""
    found, plain = (trained(tmp_path / str(label), STEPS[name](WITH_LOGITS), label) for label in (LABEL, None))
    assert same(found.g, plain.g)
    assert not same(found.d, plain.d)


@pytest.mark.parametrize("name", [rarely("separate"), rarely("one batch"), "slices"])
def test_a_label_of_1_changes_no_bit(name: str, tmp_path: Path) -> None:
    found, plain = (trained(tmp_path / str(label), STEPS[name](WITH_LOGITS), label, steps=4) for label in (1.0, None))
    assert same(found.d, plain.d)
    assert same(found.g, plain.g)
    assert torch.equal(found.number, plain.number)


def with_a_penalty(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    """R1 of the program's own, at the images that are labelled, and another loss of the pixels."""
    d_optimizer.zero_grad()
    real = real.clone().requires_grad_()
    fake = g(latents())
    on_real = d(real)
    (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
    total = WITH_LOGITS(on_real, torch.ones(BATCH, 1)) + WITH_LOGITS(d(fake.detach()), torch.zeros(BATCH, 1))
    (total + 0 * slope.square().mean()).backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    (WITH_LOGITS(d(fake), torch.ones(BATCH, 1)) + F.mse_loss(fake, torch.ones_like(fake))).backward()
    g_optimizer.step()


def test_penalties_and_other_losses_stay(tmp_path: Path) -> None:
    found = trained(tmp_path / "smoothed", with_a_penalty, LABEL)
    for mine, expected in zip(found.gradient, by_hand(found, "entropy", LABEL), strict=True):
        np.testing.assert_allclose(mine.double().numpy().reshape(expected.shape), expected, rtol=2e-4, atol=1e-6)


def test_it_stands_in_the_manifest_and_among_the_events(tmp_path: Path) -> None:
    trained(tmp_path / "run", separate(WITH_LOGITS), LABEL, steps=8)
    run = load_run(tmp_path / "run")
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.real_label", 1.0, LABEL)
    assert run.manifest.declared.real_label == LABEL
    assert run.manifest.loss_family == "non_saturating"
    assert run.manifest.objective is not None
    assert run.manifest.objective.labels == "own"
    assert not [event for event in run.events if event.kind == "monitor_error"]


# What is refused. -------------------------------------------------------------------------------------------------


def wasserstein(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    (d(g(latents()).detach()).mean() - d(real).mean()).backward()
    d_optimizer.step()


def relativistic(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    WITH_LOGITS(d(real) - d(g(latents()).detach()), torch.ones(BATCH, 1)).backward()
    d_optimizer.step()


def changed_images(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    on_real, on_fake = d(real + 0.1), d(g(latents()).detach() + 0.1)
    (WITH_LOGITS(on_real, torch.ones(BATCH, 1)) + WITH_LOGITS(on_fake, torch.zeros(BATCH, 1))).backward()
    d_optimizer.step()


def labelled(label: Any) -> Step:
    def step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        d_optimizer.zero_grad()
        on_real, on_fake = d(real), d(g(latents()).detach())
        total = F.mse_loss(on_real, label.expand(BATCH, -1) if label.numel() == 1 else label)
        (total + F.mse_loss(on_fake, torch.zeros(BATCH, 1))).backward()
        d_optimizer.step()

    return step


def in_the_generators_step(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    fake = g(latents())
    g_optimizer.zero_grad()
    WITH_LOGITS(d(torch.cat([real, fake])), torch.ones(2 * BATCH, 1)).backward()
    g_optimizer.step()
    d_optimizer.zero_grad()
    separate(WITH_LOGITS)(g, d, g_optimizer, d_optimizer, real)


def mixed_up(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
    d_optimizer.zero_grad()
    scores = d(torch.cat([real, g(latents()).detach()])).flip(0)
    WITH_LOGITS(scores, torch.cat([torch.zeros(BATCH, 1), torch.ones(BATCH, 1)])).backward()
    d_optimizer.step()


REFUSED = {
    "its loss on real images is given no labels that are seen: it is none of binary_cross_entropy": wasserstein,
    "its loss compares scores of real images with those of generated ones": relativistic,
    "nothing that it is given is what the generator has returned": changed_images,
    "its real images are smoothed already, their largest label is 0.8": labelled(torch.tensor([[0.8]])),
    "the largest label of its real images is 0 and not 1": labelled(torch.tensor([[0.0]])),
    "the labels of real images are part of the loss that moves the generator, too": in_the_generators_step,
    r"what becomes of its scores on their way into the loss is not followed \(Flip": mixed_up,
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_has_no_label_of_1_for_real_images_alone_is_refused(why: str, tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=why) as refused:
        trained(tmp_path / "smoothed", REFUSED[why], LABEL, steps=2)
    assert str(refused.value).startswith("real_label of the discriminator cannot be set: ")
    assert str(refused.value).endswith("; write the label into the script's own loss instead.")


@pytest.mark.filterwarnings("ignore:Using a target size:UserWarning")
def test_labels_in_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=r"labels are of shape \(6,\) beside scores of shape \(6, 1\)"):
        trained(tmp_path / "smoothed", labelled(torch.ones(BATCH)), LABEL)
