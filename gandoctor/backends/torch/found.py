"""What a monitor finds among its options: the players, their optimizers, and what the generator is fed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from gandoctor.backends.torch.made_optimizers import take_made_optimizers
from gandoctor.backends.torch.players import inner, inner_optimizer
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.players import Players
from gandoctor.recording.session.options import Options

_LATENTS = ("latent_dim", "z_dim", "nz", "latent_size", "noise_dim")
"""Attributes of a generator that say how long its latents are."""


def found(options: Options) -> Players:
    """Return the players as the user passed them, and what is to be said of each."""
    generator, discriminator = inner(options.generator), inner(options.discriminator)
    optimizers = inner_optimizer(options.g_optimizer), inner_optimizer(options.d_optimizer)
    players = Players(generator, discriminator, *optimizers)
    for name in ("generator", "discriminator", "g_optimizer", "d_optimizer"):
        if getattr(options, name) is not None:
            players.sources[name] = "passed"
    for player, slot in (("generator", "g_optimizer"), ("discriminator", "d_optimizer")):
        if getattr(options, slot) is None:
            why = Message("the {player}'s optimizer has not been called yet; pass {slot}=...", player=player, slot=slot)
            players.absent[slot] = Absence(Absent.NO_OPTIMIZER, why)
    if options.changes:
        take_made_optimizers(players)
    sampler, size = options.latent_sampler, _latent_size(generator)
    if sampler is not None:
        players.latent_sampler, players.latent_is_given = _as_tensors(sampler), True
        players.sources["latent_sampler"] = "passed"
    elif size is not None:
        name, length = size
        shape = (length, 1, 1) if _takes_maps(generator) else (length,)
        players.latent_sampler = lambda n: torch.randn((n, *shape), device=_device(generator))
        players.sources["latent_sampler"] = f"standard normal, as long as attribute .{name}"
        why = Message("latents were assumed to be standard normal; pass latent_sampler=lambda n: ...")
        players.absent["latent_law"] = Absence(Absent.ASSUMED, why)
    else:
        why = Message("it is not known what the generator takes; pass latent_sampler=lambda n: ...")
        players.absent["latent_sampler"] = Absence(Absent.NO_LATENTS, why)
    return players


def _latent_size(generator: torch.nn.Module) -> tuple[str, int] | None:
    for name in _LATENTS:
        value = getattr(generator, name, None)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return name, value
    return None


def _takes_maps(generator: torch.nn.Module) -> bool:
    """Tell whether a generator begins with a convolution, which takes latents as maps of one place."""
    own = (m for m in generator.modules() if isinstance(m, torch.nn.Linear | torch.nn.modules.conv._ConvNd))
    return isinstance(next(own, None), torch.nn.modules.conv._ConvNd)


def _device(network: torch.nn.Module) -> Any:
    return next((p.device for p in network.parameters()), torch.device("cpu"))


def _as_tensors(sampler: Callable[[int], Any]) -> Callable[[int], Any]:
    """Return a sampler whose arrays are tensors, so that they are taken to be as the generator takes them."""

    def sample(n: int) -> Any:
        drawn = sampler(n)
        if isinstance(drawn, np.ndarray):
            return torch.from_numpy(drawn)
        if isinstance(drawn, list | tuple):
            return type(drawn)(torch.from_numpy(d) if isinstance(d, np.ndarray) else d for d in drawn)
        return drawn

    return sample
