"""Small PyTorch GANs in the styles people write, each with a loop of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.nn import functional

BATCH, LATENT = 8, 6
Players = tuple[nn.Module, nn.Module]


def images(count: int = 64) -> torch.Tensor:
    """Stand-in images (n, 1, 8, 8) in -1..1."""
    generator = torch.Generator().manual_seed(5)
    return torch.tanh(torch.randn(count, 1, 8, 8, generator=generator))


def convolutional(batch_norm: bool = True, sigmoid: bool = True) -> Players:
    """The DCGAN of PyTorch's tutorial, small."""
    norm = nn.BatchNorm2d if batch_norm else nn.InstanceNorm2d
    g = nn.Sequential(
        nn.ConvTranspose2d(LATENT, 8, 4, 1, 0, bias=False),
        norm(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 1, 4, 2, 1, bias=False),
        nn.Tanh(),
    )
    d = [nn.Conv2d(1, 8, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(8, 1, 4, 1, 0)]
    return g, nn.Sequential(*d, *([nn.Sigmoid()] if sigmoid else []))


class FunctionalGenerator(nn.Module):
    """Computes its activations by functions, and holds its latent size."""

    def __init__(self) -> None:
        super().__init__()
        self.z_dim = LATENT
        self.hidden, self.out = nn.Linear(LATENT, 32), nn.Linear(32, 64)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.out(functional.relu(self.hidden(z)))).view(-1, 1, 8, 8)


class FunctionalDiscriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.drop, self.out = nn.Linear(64, 32), nn.Dropout(0.3), nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.drop(functional.leaky_relu(self.hidden(x.flatten(1)), 0.2))
        return torch.sigmoid(self.out(hidden)).squeeze(1)


class AlwaysDropout(FunctionalDiscriminator):
    """Drops units in inference mode as well, as a function does that is not told the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = functional.dropout(functional.leaky_relu(self.hidden(x.flatten(1)), 0.2), 0.3)
        return torch.sigmoid(self.out(hidden)).squeeze(1)


class OwnSpectral(nn.Module):
    """Normalises its weights by hand, with a power iteration that writes to a parameter in every mode."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.u = nn.Parameter(torch.randn(1, 64)), nn.Parameter(torch.ones(64), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.u.data = 0.9 * self.u.data + 0.1 * self.weight.data[0]
        return functional.linear(x.flatten(1), self.weight / self.u.norm())


def spectral(parametrized: bool) -> Players:
    wrap = nn.utils.parametrizations.spectral_norm if parametrized else nn.utils.spectral_norm
    d = nn.Sequential(wrap(nn.Conv2d(1, 8, 4, 2, 1)), nn.ReLU(), nn.Flatten(), wrap(nn.Linear(128, 1)))
    return convolutional()[0], d


def train(
    players: Players, step: Callable[..., Any], attach: Any = None, steps: int = 6, rate: float = 2e-3, **options: Any
) -> SimpleNamespace:
    """Train with Adam; `step(g, d, g_optimizer, d_optimizer, real)` makes one step of both players."""
    g, d = players
    g_optimizer, d_optimizer = (torch.optim.Adam(n.parameters(), rate, betas=(0.5, 0.999)) for n in (g, d))
    data = options.pop("data", images())
    monitor = nullcontext(None) if attach is None else attach(generator=g, discriminator=d, **options)
    with monitor as recording:
        for _ in range(steps):
            real = data[torch.randint(0, len(data), (BATCH,))]
            step(g, d, g_optimizer, d_optimizer, real)
            if recording is not None:
                recording.step()
    return SimpleNamespace(g=g, d=d, g_optimizer=g_optimizer, d_optimizer=d_optimizer)


def latents(g: nn.Module) -> torch.Tensor:
    return torch.randn(BATCH, LATENT) if isinstance(g, FunctionalGenerator) else torch.randn(BATCH, LATENT, 1, 1)


def tutorial(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    """D's loss in two backward passes; the fakes made once."""
    bce = nn.BCELoss()
    d.zero_grad()
    bce(d(real).view(-1), torch.ones(BATCH)).backward()
    fake = g(latents(g))
    bce(d(fake.detach()).view(-1), torch.zeros(BATCH)).backward()
    d_optimizer.step()
    g.zero_grad()
    bce(d(fake).view(-1), torch.ones(BATCH)).backward()
    g_optimizer.step()


def generator_first(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    """As in many small repositories: the generator's step comes first, D's two losses are halved."""
    bce = nn.BCELoss()
    g_optimizer.zero_grad()
    fake = g(latents(g))
    bce(d(fake).view(-1), torch.ones(BATCH)).backward()
    g_optimizer.step()
    d_optimizer.zero_grad()
    real_loss = bce(d(real).view(-1), torch.ones(BATCH))
    fake_loss = bce(d(fake.detach()).view(-1), torch.zeros(BATCH))
    ((real_loss + fake_loss) / 2).backward()
    d_optimizer.step()


def both_at_once(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    """Both losses are differentiated before either player moves."""
    bce = nn.BCEWithLogitsLoss()
    fake = g(latents(g))
    d_loss = bce(d(real).flatten(), torch.ones(BATCH)) + bce(d(fake.detach()).flatten(), torch.zeros(BATCH))
    g_loss = bce(d(fake).flatten(), torch.ones(BATCH))
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()
    g_loss.backward()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.step()


def wgan_gp(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    """Two critic steps, with a gradient penalty by `autograd.grad`."""
    for _ in range(2):
        with torch.no_grad():
            fake = g(latents(g))
        share = torch.rand(BATCH, 1, 1, 1)
        between = (share * real + (1 - share) * fake).requires_grad_(True)
        (slope,) = torch.autograd.grad(d(between).sum(), between, create_graph=True)
        penalty = ((slope.flatten(1).norm(2, dim=1) - 1) ** 2).mean()
        d_optimizer.zero_grad()
        (d(fake).mean() - d(real).mean() + 0.1 * penalty).backward()
        d_optimizer.step()
    g_optimizer.zero_grad()
    (-d(g(latents(g))).mean()).backward()
    g_optimizer.step()


def wgan_clipped(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    d_optimizer.zero_grad()
    (d(g(latents(g)).detach()).mean() - d(real).mean()).backward()
    d_optimizer.step()
    for parameter in d.parameters():
        parameter.data.clamp_(-0.05, 0.05)
    g_optimizer.zero_grad()
    (-d(g(latents(g))).mean()).backward()
    g_optimizer.step()


def hinge(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    d_optimizer.zero_grad()
    fake = g(latents(g)).detach()
    (functional.relu(1 - d(real)).mean() + functional.relu(1 + d(fake)).mean()).backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    (-d(g(latents(g))).mean()).backward()
    g_optimizer.step()


def least_squares_clipped_gradients(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    """The gradients of both are clipped to a hundredth."""
    d_optimizer.zero_grad()
    fake = g(latents(g))
    (((d(real) - 1) ** 2).mean() + (d(fake.detach()) ** 2).mean()).backward()
    nn.utils.clip_grad_norm_(d.parameters(), 0.01)
    d_optimizer.step()
    g_optimizer.zero_grad()
    ((d(fake) - 1) ** 2).mean().backward()
    nn.utils.clip_grad_norm_(g.parameters(), 0.01)
    g_optimizer.step()


def closures(g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
    """Each optimizer calls a function that makes the gradients."""
    bce = nn.BCEWithLogitsLoss()

    def d_loss() -> torch.Tensor:
        d_optimizer.zero_grad()
        loss = bce(d(real).flatten(), torch.ones(BATCH)) + bce(d(g(latents(g)).detach()).flatten(), torch.zeros(BATCH))
        loss.backward()
        return loss

    def g_loss() -> torch.Tensor:
        g_optimizer.zero_grad()
        loss = bce(d(g(latents(g))).flatten(), torch.ones(BATCH))
        loss.backward()
        return loss

    d_optimizer.step(d_loss)
    g_optimizer.step(closure=g_loss)


class Scaled:
    """Mixed precision's loss scaling, on the CPU."""

    def __init__(self) -> None:
        self.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def __call__(self, g: Any, d: Any, g_optimizer: Any, d_optimizer: Any, real: torch.Tensor) -> None:
        bce = nn.BCEWithLogitsLoss()
        d_optimizer.zero_grad()
        fake = g(latents(g))
        loss = bce(d(real).flatten(), torch.ones(BATCH)) + bce(d(fake.detach()).flatten(), torch.zeros(BATCH))
        self.scaler.scale(loss).backward()
        self.scaler.step(d_optimizer)
        g_optimizer.zero_grad()
        self.scaler.scale(bce(d(fake).flatten(), torch.ones(BATCH))).backward()
        self.scaler.step(g_optimizer)
        self.scaler.update()
