"""Find the two players and their optimizers on the user's objects, and say where each came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import SLOTS, Player
from gandoctor.recording.players import Players

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
_AVERAGED = ("ema_generator", "generator_ema", "ema_G")


@dataclass
class KerasPlayers(Players):
    """The players of a Keras GAN, and whose weights are whose.

    Attributes:
        candidates: Every further optimizer on the model by attribute; whose it is shows when it is used.
    """

    candidates: dict[str, Any] = field(default_factory=dict)
    _owners: dict[int, Player] = field(default_factory=dict, repr=False)
    _others: set[int] = field(default_factory=set, repr=False)  # weights of neither, such as another game's

    def phase_of(self, optimizer: Any, variables: list[Any]) -> Player | None:
        """Tell whose update this is: by the optimizer where the players have their own, else by the variables.

        One of other networks is nobody's: an optimizer may be shared with the players of another game.
        """
        if variables and all(self.owner_of(v) is None for v in variables):
            return None
        if self.g_optimizer is not self.d_optimizer:
            if optimizer is self.d_optimizer:
                return "d"
            if optimizer is self.g_optimizer:
                return "g"
        return self.phase_of_weights(variables)

    def phase_of_weights(self, variables: list[Any]) -> Player | None:
        """Tell whose update these weights speak for: the discriminator's only where no generator weight is among them.

        A generator update that also moves the discriminator is a known mistake; the reverse has not been seen.
        """
        owners = {self.owner_of(v) for v in variables} - {None}
        if owners == {"d"}:
            return "d"
        return "g" if "g" in owners else None

    def owner_of(self, variable: Any) -> Player | None:
        """Tell whose weight a variable is; None if neither's. Keras variables and the tf.Variables inside both work."""
        key = _key(variable)
        if key not in self._owners and key not in self._others:
            # Networks may be built after the monitor was made, so a miss looks again.
            self._owners = {_key(v): "g" for v in self.generator.variables}
            self._owners |= {_key(v): "d" for v in self.discriminator.variables}
            if key not in self._owners and self.generator.built and self.discriminator.built:
                self._others.add(key)
        return self._owners.get(key)

    def optimizers(self) -> list[Any]:
        """Every optimizer that may move a player, each once."""
        every = (self.d_optimizer, self.g_optimizer, *self.candidates.values())
        return list({id(o): o for o in every if o is not None}.values())

    def adopt(self, optimizer: Any, phase: Player) -> None:
        """Take an optimizer that was seen to update a player whose own was not found for that player's."""
        slot = f"{phase}_optimizer"
        name = next((n for n, o in self.candidates.items() if o is optimizer), None)
        if name is not None and getattr(self, slot) is None:
            setattr(self, slot, optimizer)
            self.sources[slot] = f"attribute .{name}, seen to update the {SLOTS[phase]}"
            self.absent.pop(slot, None)

    def find_optimizers(self, model: Any | None) -> None:
        """Look for the optimizers on the model, as at first and again where it may have been compiled anew."""
        for slot, names in (("g_optimizer", _G_OPTIMIZERS), ("d_optimizer", _D_OPTIMIZERS)):
            if self.sources.get(slot) == "passed":
                continue
            name, found = _attribute(model, names, keras.optimizers.Optimizer)
            source = f"attribute .{name}"
            if found is None and slot == "d_optimizer":
                found = getattr(self.discriminator, "optimizer", None)  # compiled by itself, for train_on_batch
                source = "the discriminator's own, as it was compiled"
            setattr(self, slot, found)
            self.sources.pop(slot, None)
            if found is not None:
                self.sources[slot] = source
        named = {id(self.d_optimizer), id(self.g_optimizer)}
        self.candidates = {n: o for n, o in _optimizers_on(model) if id(o) not in named}
        for slot in ("g_optimizer", "d_optimizer"):
            if getattr(self, slot) is not None:
                self.absent.pop(slot, None)
            else:
                self.absent[slot] = _no_optimizer(slot, bool(self.candidates))


def _no_optimizer(slot: str, has_candidates: bool) -> Absence:
    if has_candidates:
        why = Message("no optimizer on the model has been seen to update this player; pass {slot}=...", slot=slot)
    else:
        why = Message("no optimizer was found; pass {slot}=...", slot=slot)
    return Absence(Absent.NO_OPTIMIZER, why)


def find_players(
    model: Any | None,
    generator: Any = None,
    discriminator: Any = None,
    g_optimizer: Any = None,
    d_optimizer: Any = None,
    latent_sampler: Callable[[int], Any] | None = None,
) -> KerasPlayers:
    """Take what the user passed, and look for the rest on the model under keras-io's names and common aliases.

    Raises:
        GandoctorError: No generator or no discriminator can be told; the message says how to pass them.
    """
    sources: dict[str, str] = {}
    networks: dict[str, Any] = {"generator": generator, "discriminator": discriminator}
    for role, names in (("generator", _GENERATORS), ("discriminator", _DISCRIMINATORS)):
        if networks[role] is not None:
            sources[role] = "passed"
            continue
        name, networks[role] = _attribute(model, names, keras.Layer)
        if networks[role] is None:
            raise GandoctorError(
                f"gandoctor cannot tell which network is the {role}: {_what_there_is(model, role)}. Pass {role}=..."
            )
        sources[role] = f"attribute .{name}"
    if networks["generator"] is networks["discriminator"]:
        raise GandoctorError("generator and discriminator are the same network. Pass generator=...")
    averaged, average = _attribute(model, _AVERAGED, keras.Layer)
    if average is not None:
        sources["ema_generator"] = f"attribute .{averaged}, not recorded: samples are the trained generator's"
    players = KerasPlayers(
        networks["generator"],
        networks["discriminator"],
        g_optimizer,
        d_optimizer,
        latent_sampler,
        latent_is_given=latent_sampler is not None,
        sources=sources,
    )
    for slot, given in (("g_optimizer", g_optimizer), ("d_optimizer", d_optimizer), ("latent_sampler", latent_sampler)):
        if given is not None:
            sources[slot] = "passed"
    players.find_optimizers(model)
    if latent_sampler is None:
        _guess_latents(players, model)
    return players


def _guess_latents(players: Players, model: Any | None) -> None:
    """Assume a standard normal of the size the model declares, unless the generator's own input contradicts it."""
    name, dimension = _attribute(model, _LATENT_DIMS, (int, np.integer))
    declared = getattr(players.generator, "input_shape", None) if players.generator.built else None
    known = isinstance(declared, tuple) and len(declared) > 1 and all(isinstance(d, int) for d in declared[1:])
    source = "the generator's input shape"
    if dimension is not None and not known and not isinstance(declared, list | dict):
        shape, source = (int(dimension),), f"attribute .{name}"
    elif known:
        assert isinstance(declared, tuple)
        shape = tuple(declared[1:])
        if dimension is not None and int(np.prod(shape)) != int(dimension):
            contradiction = Message(
                "the generator takes inputs of shape {shape} but .{attribute} is {dimension} (is it conditional?); "
                "pass latent_sampler=lambda n: ... returning what the generator takes",
                shape=str(shape),
                attribute=name,
                dimension=int(dimension),
            )
            players.absent["latent_sampler"] = Absence(Absent.NO_LATENTS, contradiction)
            return
        if len(shape) == 3 and max(shape[:-1]) > 1:
            images = Message(
                "the generator takes images of shape {shape} and no latents; pass latent_sampler=lambda n: ... "
                "returning n of them",
                shape=str(shape),
            )
            players.absent["latent_sampler"] = Absence(Absent.NO_LATENTS, images)
            return
    else:
        unknown = _SEVERAL_INPUTS if isinstance(declared, list | dict) else _UNKNOWN_INPUT
        players.absent["latent_sampler"] = Absence(Absent.NO_LATENTS, unknown)
        return
    generator = np.random.default_rng(0)
    players.latent_sampler = lambda n: generator.standard_normal((n, *shape)).astype(np.float32)
    players.sources["latent_sampler"] = f"a standard normal of shape {shape}, from {source}"
    players.absent["latent_law"] = Absence(
        Absent.ASSUMED,
        Message(
            "latents were assumed to be standard normal; if yours are not, pass latent_sampler=lambda n: ...",
        ),
    )


_SEVERAL_INPUTS = Message(
    "the generator takes several inputs; pass latent_sampler=lambda n: ... returning what the generator takes"
)
_UNKNOWN_INPUT = Message(
    "the generator takes an input of unknown shape; "
    "pass latent_sampler=lambda n: ... returning what the generator takes"
)


def _attribute(model: Any | None, names: tuple[str, ...], kind: Any) -> tuple[str, Any]:
    """Return name and value of the first attribute of the right kind; `.d` may well be a number."""
    for name in names:
        value = getattr(model, name, None)
        if isinstance(value, kind) and not isinstance(value, bool):
            return name, value
    return "", None


def _optimizers_on(model: Any | None) -> Iterator[tuple[str, Any]]:
    """Every optimizer held by the model, directly or in a list or dictionary."""
    for name, value in list(getattr(model, "__dict__", {}).items()):
        members: list[tuple[str, Any]] = [(name, value)]
        if isinstance(value, dict):
            members = [(f"{name}[{key!r}]", v) for key, v in value.items()]
        elif isinstance(value, list | tuple):
            members = [(f"{name}[{i}]", v) for i, v in enumerate(value)]
        if not name.startswith("_"):
            yield from ((n, v) for n, v in members if isinstance(v, keras.optimizers.Optimizer))


def _what_there_is(model: Any | None, role: str) -> str:
    if model is None:
        return "none was passed"
    kind = type(model).__name__
    names = [n for n, v in list(vars(model).items()) if isinstance(v, keras.Model) and not n.startswith("_")]
    there = f"; it has {', '.join('.' + n for n in names)}" if names else ""
    return f"{kind} has no attribute .{role}{there}"


def _key(variable: Any) -> int:
    """Identify a variable by the tf.Variable that holds its value (a Keras variable wraps one)."""
    return id(getattr(variable, "value", variable)) if hasattr(variable, "path") else id(variable)
