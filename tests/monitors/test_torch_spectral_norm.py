"""Spectral normalisation that is put into a PyTorch discriminator whose training has been built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor
from gandoctor.errors import GandoctorError
from gandoctor.store import load_run

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.training


def network() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.LeakyReLU(0.2), torch.nn.Flatten(), torch.nn.Linear(144, 1)
    )


def normalised(module: Any, value: float = 1.0) -> float | None:
    from gandoctor.backends.torch.handles import set_value

    return set_value(module, None, "d", "spectral_norm", value)


def test_the_optimizer_goes_on_with_the_same_parameters() -> None:
    images, found = torch.ones(5, 1, 8, 8), network()
    optimizer = torch.optim.Adam(found.parameters(), 0.1)
    found(images).sum().backward()
    optimizer.step()
    before, state = list(found.parameters()), dict(optimizer.state)
    assert normalised(found) == 0.0
    after = list(found.parameters())
    assert len(after) == len(before)
    assert all(any(p is q for q in before) for p in after)
    assert all(optimizer.state[p] is state[p] for p in after)
    was = found[3].parametrizations.weight.original.detach().clone()
    optimizer.zero_grad()
    found(images).sum().backward()
    optimizer.step()
    assert not torch.equal(found[3].parametrizations.weight.original, was), "it is trained"
    assert float(torch.linalg.matrix_norm(found[3].weight.detach(), 2)) == pytest.approx(1, rel=1e-4)
    assert float(torch.linalg.matrix_norm(was, 2)) > 1.1


def test_it_trains_as_if_it_had_been_built_so() -> None:
    """The vectors of the power iteration are drawn of the same numbers here."""
    images, later, built = torch.ones(5, 1, 8, 8), network(), network()
    state = torch.get_rng_state()
    normalised(later)
    assert torch.equal(torch.get_rng_state(), state), "the training's own numbers stay as they are"
    for layer in (built[0], built[3]):
        torch.nn.utils.parametrizations.spectral_norm(layer)
    for found in (later, built):
        optimizer = torch.optim.SGD(found.parameters(), 0.1)
        for _ in range(3):
            optimizer.zero_grad()
            found(images).sum().backward()
            optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(later.state_dict().values(), built.state_dict().values(), strict=True))


def test_a_loss_that_waits_is_still_differentiated() -> None:
    found = network()
    loss = found(torch.ones(5, 1, 8, 8)).sum()
    normalised(found)
    loss.backward()
    assert found[0].parametrizations.weight.original.grad is not None


def test_layers_that_have_it_keep_theirs() -> None:
    found = network()
    torch.nn.utils.parametrizations.spectral_norm(found[0])
    own = found[0].parametrizations.weight
    older = torch.nn.utils.spectral_norm(torch.nn.Linear(2, 2))
    normalised(torch.nn.Sequential(found, older))
    assert found[0].parametrizations.weight is own
    assert len(own) == 1
    assert not hasattr(older, "parametrizations")
    assert len(found[3].parametrizations.weight) == 1


def test_what_cannot_be_normalised_is_refused() -> None:
    with pytest.raises(GandoctorError, match="it is 1 where it is set, and not 2"):
        normalised(network(), 2.0)
    with pytest.raises(GandoctorError, match="no convolution or linear layer without"):
        normalised(torch.nn.Sequential(torch.nn.Flatten()))
    with pytest.raises(GandoctorError, match="no shape yet"):
        normalised(torch.nn.Sequential(torch.nn.LazyLinear(1)))


def test_a_run_is_recorded_as_it_is_trained(tmp_path: Path) -> None:
    def trained(**changes: float) -> Any:
        torch.manual_seed(1)
        generator = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.Unflatten(1, (1, 8, 8)))
        discriminator = network()
        g = torch.optim.SGD(generator.parameters(), 0.1)
        d = torch.optim.SGD(discriminator.parameters(), 0.1)
        run_dir = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        monitor = GANMonitor(run_dir, generator=generator, discriminator=discriminator, g_optimizer=g, d_optimizer=d)
        named = {f"discriminator.{name}": value for name, value in changes.items()}
        monitor.options = replace(monitor.options, changes=named)
        with monitor:
            for _ in range(4):
                real, fake = torch.randn(8, 1, 8, 8), generator(torch.randn(8, 4))
                d_loss = discriminator(fake.detach()).mean() - discriminator(real).mean()
                d.zero_grad()
                d_loss.backward()
                d.step()
                g_loss = -discriminator(fake).mean()
                g.zero_grad()
                g_loss.backward()
                g.step()
                monitor.step(d_loss=d_loss, g_loss=g_loss)
        return load_run(run_dir), torch.rand(1), next(generator.parameters()).detach()

    plain_run, plain_number, plain = trained()
    run, number, weights = trained(spectral_norm=1.0)
    assert torch.equal(number, plain_number), "the program draws the same numbers"
    assert not torch.equal(weights, plain)
    assert np.isfinite(run["d_grad_norm"].values).all()
    assert run.last_step == 4
    (changed,) = [event.model_extra for event in run.events if event.kind == "changed"]
    assert (changed["what"], changed["before"], changed["after"]) == ("discriminator.spectral_norm", 0.0, 1.0)
    wrapped = {layer.type: layer.wrappers for layer in run.manifest.discriminator.layers}
    assert wrapped["Conv2D"] == wrapped["Dense"] == ("SpectralNormalization",)
    assert not any(layer.wrappers for layer in plain_run.manifest.discriminator.layers)
