"""GANMonitor around PyTorch loops: the same bits with and without it, and what is recorded is what happened."""

from __future__ import annotations

import functools
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gandoctor import GANMonitor, diagnose, load_run  # noqa: E402 - PyTorch may not be installed
from support import torch_programs as programs  # noqa: E402

pytestmark = pytest.mark.training
STEPS = 6

CASES: dict[str, tuple[Any, Any, str | None]] = {
    "tutorial": (programs.convolutional, lambda: programs.tutorial, "non_saturating"),
    "generator first, functions": (
        lambda: (programs.FunctionalGenerator(), programs.FunctionalDiscriminator()),
        lambda: programs.generator_first,
        "non_saturating",
    ),
    "generator first, dropout in every mode": (
        lambda: (programs.FunctionalGenerator(), programs.AlwaysDropout()),
        lambda: programs.generator_first,
        "non_saturating",
    ),
    "both at once": (
        functools.partial(programs.convolutional, sigmoid=False),
        lambda: programs.both_at_once,
        "non_saturating",
    ),
    "wgan-gp": (
        functools.partial(programs.convolutional, batch_norm=False, sigmoid=False),
        lambda: programs.wgan_gp,
        "wasserstein",
    ),
    "wgan, clipped": (
        functools.partial(programs.convolutional, sigmoid=False),
        lambda: programs.wgan_clipped,
        "wasserstein",
    ),
    "hinge, spectral norm": (functools.partial(programs.spectral, True), lambda: programs.hinge, "hinge"),
    "hinge, older spectral norm": (functools.partial(programs.spectral, False), lambda: programs.hinge, "hinge"),
    "hinge, spectral norm by hand": (
        lambda: (programs.convolutional()[0], programs.OwnSpectral()),
        lambda: programs.hinge,
        "hinge",
    ),
    "least squares, clipped": (
        functools.partial(programs.convolutional, sigmoid=False),
        lambda: programs.least_squares_clipped_gradients,
        "least_squares",
    ),
    "closures": (functools.partial(programs.convolutional, sigmoid=False), lambda: programs.closures, "non_saturating"),
    "loss scaling": (functools.partial(programs.convolutional, sigmoid=False), programs.Scaled, "non_saturating"),
}


@pytest.fixture(autouse=True)
def repeatable():
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    yield
    torch.use_deterministic_algorithms(False)


def trained(case: str, run_dir: Path | None, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Train a case; return its players and optimizers, and every state at the end."""
    make, step, _ = CASES[case]
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    attach = None if run_dir is None else functools.partial(GANMonitor, run_dir, strict=True)
    if attach is not None:
        options = {"probe_data": programs.images(), **options}
        if "generator first" not in case:
            options.setdefault("latent_sampler", lambda n: torch.randn(n, programs.LATENT, 1, 1))
    made = programs.train(make(), step(), attach, STEPS, **options)
    tensors = {f"{n}.{k}": v.clone() for n in ("g", "d") for k, v in getattr(made, n).state_dict().items()}
    for name in ("g_optimizer", "d_optimizer"):
        for i, state in getattr(made, name).state_dict()["state"].items():
            tensors |= {f"{name}.{i}.{k}": torch.as_tensor(v).clone() for k, v in state.items()}
    modes = [m.training for n in (made.g, made.d) for m in n.modules()]
    generators = (torch.rand(3), torch.from_numpy(np.random.rand(3)), torch.tensor(random.random()))
    return made, tensors | {"modes": torch.tensor(modes)} | {f"random {i}": g for i, g in enumerate(generators)}


@pytest.mark.parametrize("case", CASES)
def test_the_monitor_does_no_harm(case: str, tmp_path: Path) -> None:
    _, bare = trained(case, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made, watched = trained(case, tmp_path / "run")
    assert list(bare) == list(watched)
    assert [name for name, value in bare.items() if not torch.equal(value, watched[name])] == []
    for network in (made.g, made.d):
        left = [h for m in network.modules() for h in m._forward_hooks.values()]
        assert left == [], "hooks are taken away"
    assert torch.autograd.backward.__module__ == "torch.autograd"
    assert "gandoctor" not in torch.autograd.grad.__code__.co_filename


@pytest.mark.parametrize("case", CASES)
def test_everything_is_recorded(case: str, tmp_path: Path) -> None:
    trained(case, tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert run.last_step == STEPS
    assert [e.kind for e in run.events if e.kind.startswith("monitor")] == []
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm", "latent_mean", "latent_spread"):
        assert len(run[signal]) >= STEPS, signal
        assert np.isfinite(run[signal]).all(), signal
    for signal in (
        "d_real_logit",
        "d_fake_logit",
        "d_update_ratio",
        "g_update_ratio",
        "d_movement",
        "sample_kid",
        "d_learning_rate",
    ):
        assert len(run[signal]), signal
    manifest = run.manifest
    assert (manifest.loss_family, manifest.loss_family_source) == (CASES[case][2], "inferred")
    assert manifest.real_is_high
    assert manifest.players["g_optimizer"] == "seen to update the generator"
    assert manifest.generator is not None
    assert manifest.discriminator is not None
    assert manifest.generator.optimizer["type"] == "Adam"
    assert manifest.generator.order == manifest.discriminator.order == "called"
    assert (manifest.generator.reach.low, manifest.generator.reach.high) == (-1, 1)
    assert manifest.data.kind == "images"
    found = diagnose(run)
    assert [f for f in found.checks if f.status == "errored"] == []


def test_losses_are_those_that_were_differentiated(tmp_path: Path) -> None:
    """D's two backward passes are one loss; each half of it is about log 2 at the start."""
    seen: list[float] = []
    original = programs.nn.BCELoss.forward

    def forward(self: Any, output: Any, target: Any) -> Any:
        loss = original(self, output, target)
        seen.append(float(loss.detach()))
        return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs.nn.BCELoss, "forward", forward)
        trained("tutorial", tmp_path / "run")
    run = load_run(tmp_path / "run")
    np.testing.assert_allclose(run["d_loss"], np.add(seen[0::3], seen[1::3]), rtol=1e-6)
    np.testing.assert_allclose(run["g_loss"], seen[2::3], rtol=1e-6)


def test_gradient_norms_are_those_before_clipping(tmp_path: Path) -> None:
    trained("least squares, clipped", tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert (run["d_grad_norm"] > 0.02).all()
    assert (run["g_grad_norm"] > 0.0).all()


def test_a_loss_scale_is_taken_off(tmp_path: Path) -> None:
    trained("loss scaling", tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert (run["d_loss"] < 3).all()
    assert (run["d_grad_norm"] < 20).all()


def test_of_a_closure_that_is_called_several_times_the_first_loss_counts(tmp_path: Path) -> None:
    torch.manual_seed(3)
    g, d = programs.convolutional(sigmoid=False)
    d_optimizer, g_optimizer = torch.optim.LBFGS(d.parameters(), lr=0.1, max_iter=4), torch.optim.Adam(g.parameters())
    seen: list[list[float]] = []
    original = programs.nn.BCEWithLogitsLoss.forward

    def forward(self: Any, output: Any, target: Any) -> Any:
        loss = original(self, output, target)
        seen[-1].append(float(loss.detach()))
        return loss

    sampler = lambda n: torch.randn(n, programs.LATENT, 1, 1)  # noqa: E731
    monitor = GANMonitor(tmp_path / "run", generator=g, discriminator=d, latent_sampler=sampler, strict=True)
    with pytest.MonkeyPatch.context() as patch, monitor:
        patch.setattr(programs.nn.BCEWithLogitsLoss, "forward", forward)
        for _ in range(STEPS):
            seen.append([])
            programs.closures(g, d, g_optimizer, d_optimizer, programs.images()[: programs.BATCH])
            monitor.step()
    assert all(len(losses) > 3 for losses in seen), "it was called several times"
    run = load_run(tmp_path / "run")
    np.testing.assert_allclose(run["d_loss"], [losses[0] + losses[1] for losses in seen], rtol=1e-6)
    np.testing.assert_allclose(run["g_loss"], [losses[-1] for losses in seen], rtol=1e-6)
    assert (run["d_update_in_d_step"] > 0).all()


def test_a_step_that_loss_scaling_skips_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    class Overflows(programs.Scaled):
        steps = 0

        def __call__(self, g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
            self.steps += 1
            scale = 1e38 if self.steps == 3 else 1024.0
            self.scaler = torch.amp.GradScaler("cpu", init_scale=scale)
            super().__call__(g, d, g_optimizer, d_optimizer, real * (1e30 if self.steps == 3 else 1.0))

    torch.manual_seed(3)
    attach = functools.partial(GANMonitor, tmp_path / "run", strict=True)
    programs.train(
        programs.convolutional(sigmoid=False),
        Overflows(),
        attach,
        STEPS,
        probe_data=programs.images(),
        latent_sampler=lambda n: torch.randn(n, programs.LATENT, 1, 1),
    )
    d_loss = load_run(tmp_path / "run")["d_loss"]
    assert 3 not in d_loss.dropna().index
    assert (d_loss.dropna() < 3).all()


def test_samples_and_reals_are_recorded_channels_last_and_rightly_turned(tmp_path: Path) -> None:
    trained("tutorial", tmp_path / "run")
    run = load_run(tmp_path / "run")
    ours = programs.images().permute(0, 2, 3, 1).numpy()
    reals = run.reals
    assert reals.shape[1:] == (8, 8, 1)
    expected = np.round((ours - ours.min()) / (ours.max() - ours.min()) * 255)
    assert np.abs(reals[:4].astype(float) - expected[:4]).max() < 20


def test_what_is_not_passed_is_said_in_one_sentence(tmp_path: Path) -> None:
    _, d = programs.convolutional()
    with pytest.raises(Exception, match=r"generator= is a NoneType; pass the generator, a torch.nn.Module"):
        GANMonitor(tmp_path / "run", discriminator=d, strict=True).__enter__()


def test_a_frozen_discriminator_is_found(tmp_path: Path) -> None:
    g, d = programs.convolutional(sigmoid=False)
    d.requires_grad_(False)

    def only_g(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        g_optimizer.zero_grad()
        programs.nn.BCEWithLogitsLoss()(d(g(programs.latents(g))).flatten(), torch.ones(programs.BATCH)).backward()
        g_optimizer.step()

    attach = functools.partial(GANMonitor, tmp_path / "run", strict=True)
    with pytest.warns(UserWarning, match="none of its parameters requires a gradient"):
        programs.train(
            (g, d),
            only_g,
            attach,
            8,
            probe_data=programs.images(),
            latent_sampler=lambda n: torch.randn(n, programs.LATENT, 1, 1),
        )
    found = {f.rule.id: f for f in diagnose(tmp_path / "run").detected}
    assert "GD002" in found
    codes = [treatment.code for treatment in found["GD002"].treatments]
    assert any("requires_grad_(True)" in code for code in codes)
    assert not any("keras" in code for code in codes), "the code is PyTorch's"


def test_the_step_that_an_error_broke_off_is_recorded_as_far_as_it_went(tmp_path: Path) -> None:
    """As nn.BCELoss does at NaN: D's loss is NaN, and what comes next raises an error."""
    steps = 0

    def breaks(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: Any) -> None:
        nonlocal steps
        steps += 1
        bce = programs.nn.BCELoss()
        d_optimizer.zero_grad()
        fake = g(programs.latents(g))
        factor = float("nan") if steps == 4 else 1.0
        one, zero = torch.ones(programs.BATCH), torch.zeros(programs.BATCH)
        (factor * (bce(d(real).flatten(), one) + bce(d(fake.detach()).flatten(), zero))).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        bce(d(fake).flatten(), one).backward()
        g_optimizer.step()

    attach = functools.partial(GANMonitor, tmp_path / "run", strict=True)
    sampler = {"latent_sampler": lambda n: torch.randn(n, programs.LATENT, 1, 1)}
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        programs.train(programs.convolutional(), breaks, attach, STEPS, **sampler)
    run = load_run(tmp_path / "run")
    assert (run.last_step, run.state) == (4, "crashed")
    assert np.isnan(run["d_loss"].loc[4])
    assert len(run["g_loss"]) == 3, "G had no update in the fourth"
    assert "GD001" in {finding.rule.id for finding in diagnose(run).detected}


class Noisy(programs.nn.Module):
    """Adds noise in every mode, from a random generator of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.own = torch.Generator().manual_seed(4)

    def forward(self, images: Any) -> Any:
        return images + 0.1 * torch.randn(images.shape, generator=self.own)


def test_random_numbers_that_a_module_draws_from_its_own_generator_stay_the_same(tmp_path: Path) -> None:
    def made(attach: Any) -> tuple[Any, Any]:
        torch.manual_seed(3)
        g, d = programs.convolutional(sigmoid=False)
        noisy = Noisy()
        sampler = {} if attach is None else {"latent_sampler": lambda n: torch.randn(n, programs.LATENT, 1, 1)}
        trained = programs.train((programs.nn.Sequential(*g, noisy), d), programs.closures, attach, STEPS, **sampler)
        return noisy.own.get_state(), trained.d.state_dict()["0.weight"]

    bare, watched = made(None), made(functools.partial(GANMonitor, tmp_path / "run", strict=True))
    assert all(torch.equal(one, other) for one, other in zip(bare, watched, strict=True))
    assert len(load_run(tmp_path / "run")["sample_kid"])
