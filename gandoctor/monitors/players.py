"""Finding the two players and their optimizers on the user's objects; what was guessed is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from gandoctor.errors import GandoctorError

Phase = Literal["d", "g"]

_GENERATORS = ("generator", "gen", "G", "g", "netG", "g_model", "generator_model")
_DISCRIMINATORS = ("discriminator", "disc", "D", "d", "netD", "d_model", "discriminator_model", "critic")
_D_OPTIMIZERS = (
    "d_optimizer",
    "disc_optimizer",
    "discriminator_optimizer",
    "critic_optimizer",
    "optimizer_d",
    "d_opt",
)
_G_OPTIMIZERS = ("g_optimizer", "gen_optimizer", "generator_optimizer", "optimizer_g", "g_opt")
_LATENT_DIMS = ("latent_dim", "noise_dim", "z_dim", "latent_size", "noise_size", "latent_dimension")


@dataclass
class Players:
    """The two networks of a GAN and what moves them; None where it was not found.

    Attributes:
        latent_sampler: n -> batch of n latents for the generator.
        latent_is_given: False when the latent law is a guess from the generator's input shape.
        missing: What was not found -> what to do about it.
    """

    generator: Any
    discriminator: Any
    g_optimizer: Any = None
    d_optimizer: Any = None
    latent_sampler: Callable[[int], Any] | None = None
    latent_is_given: bool = False
    missing: dict[str, str] = field(default_factory=dict)
    _owners: dict[int, Phase] = field(default_factory=dict, repr=False)

    def phase_of(self, optimizer: Any, variables: list[Any]) -> Phase | None:
        """Tell whose update this is: by the optimizer where the players have their own, else by the variables."""
        if self.g_optimizer is not self.d_optimizer:
            if optimizer is self.d_optimizer:
                return "d"
            if optimizer is self.g_optimizer:
                return "g"
        owners = {self.owner_of(v) for v in variables} - {None}
        if owners == {"d"}:
            return "d"
        return "g" if "g" in owners else None

    def owner_of(self, variable: Any) -> Phase | None:
        """Tell whose weight a variable is; None if neither's. Keras variables and the tf.Variables inside both work."""
        key = _key(variable)
        if key not in self._owners:
            # Networks may be built after the monitor was made, so a miss looks again.
            self._owners = {_key(v): "g" for v in self.generator.variables}
            self._owners |= {_key(v): "d" for v in self.discriminator.variables}
        return self._owners.get(key)


def find_players(
    model: Any | None,
    generator: Any = None,
    discriminator: Any = None,
    g_optimizer: Any = None,
    d_optimizer: Any = None,
    latent_sampler: Callable[[int], Any] | None = None,
) -> Players:
    """Take what the user passed, and look for the rest on the model under keras-io's names and common aliases.

    Raises:
        GandoctorError: No generator or no discriminator can be told; the message says how to pass them.
    """
    generator = generator if generator is not None else _attribute(model, _GENERATORS)
    discriminator = discriminator if discriminator is not None else _attribute(model, _DISCRIMINATORS)
    for name, found in (("generator", generator), ("discriminator", discriminator)):
        if found is None:
            where = f"{type(model).__name__} has no attribute .{name}" if model is not None else "none was passed"
            raise GandoctorError(
                f"gandoctor cannot tell which network is the {name}: {where}. Pass GANMonitor(..., {name}=...)."
            )
    players = Players(
        generator,
        discriminator,
        g_optimizer if g_optimizer is not None else _attribute(model, _G_OPTIMIZERS),
        d_optimizer if d_optimizer is not None else _attribute(model, _D_OPTIMIZERS),
        latent_sampler,
        latent_is_given=latent_sampler is not None,
    )
    for name in ("g_optimizer", "d_optimizer"):
        if getattr(players, name) is None:
            players.missing[name] = f"no optimizer was found; pass GANMonitor(..., {name}=...)"
    if latent_sampler is None:
        _guess_latents(players, model)
    return players


def _guess_latents(players: Players, model: Any | None) -> None:
    dimension = _attribute(model, _LATENT_DIMS)
    shape: tuple[int, ...] | None = (int(dimension),) if isinstance(dimension, int | np.integer) else None
    if shape is None:
        declared = getattr(players.generator, "input_shape", None)
        if isinstance(declared, tuple) and declared and all(isinstance(d, int) for d in declared[1:]):
            shape = tuple(declared[1:])
    if shape is None:
        players.missing["latent_sampler"] = "the generator's input is unknown; pass latent_sampler=lambda n: ..."
        return
    generator = np.random.default_rng(0)
    players.latent_sampler = lambda n: generator.standard_normal((n, *shape)).astype(np.float32)
    players.missing["latent_law"] = (
        "latents were taken to be standard normal; if yours are not, pass latent_sampler=lambda n: ..."
    )


def _attribute(model: Any | None, names: tuple[str, ...]) -> Any:
    return next((getattr(model, n) for n in names if getattr(model, n, None) is not None), None)


def _key(variable: Any) -> int:
    """Identify a variable by the tf.Variable that holds its value (a Keras variable wraps one)."""
    return id(getattr(variable, "value", variable)) if hasattr(variable, "path") else id(variable)
