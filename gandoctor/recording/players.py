"""The players of a GAN as a backend has found them: two networks, their optimizers, and where the latents come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gandoctor.message import Absence
from gandoctor.player_names import Player


@dataclass
class Players:
    """The two networks of a GAN and what trains them; None where it was not found.

    Attributes:
        latent_sampler: n -> batch of n latents for the generator.
        latent_is_given: False where the latent distribution is a guess from the generator's input shape.
        absent: What was not found -> why, and what to do about it.
        sources: Player, optimizer or signal -> where it was found, e.g. "passed", "attribute .critic".
    """

    generator: Any
    discriminator: Any
    g_optimizer: Any = None
    d_optimizer: Any = None
    latent_sampler: Callable[[int], Any] | None = None
    latent_is_given: bool = False
    absent: dict[str, Absence] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def network(self, player: Player) -> Any:
        """Return the discriminator or the generator."""
        return self.discriminator if player == "d" else self.generator

    def optimizer(self, player: Player) -> Any:
        """Return the optimizer of a player; None where it was not found."""
        return self.d_optimizer if player == "d" else self.g_optimizer
