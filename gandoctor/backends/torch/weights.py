"""Weights: a player's parameters as one vector, copies of it, and how far it is from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from gandoctor.backends.torch.rows import Rows
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.in_step import LAYERS_MAX
from gandoctor.recording.players import Players


class Weights:
    """Both players' parameters.

    PyTorch walks through all modules to list them, which is asked for a dozen times a step: a list is kept until
    `list_anew`.

    Args:
        players: Generator, discriminator.
    """

    def __init__(self, players: Players) -> None:
        self._players = players
        self._listed: dict[Player, list[tuple[str, torch.nn.Parameter]]] = {}
        self._owners: dict[int, Player] | None = None

    def list_anew(self) -> None:
        """Forget the lists: between steps a program may exchange or add modules."""
        self._listed.clear()
        self._owners = None

    def named(self, player: Player) -> list[tuple[str, torch.nn.Parameter]]:
        """Return name and parameter, shared ones once; lazy ones that have no shape yet are left out."""
        if player not in self._listed:
            every = list(self._players.network(player).named_parameters())
            found = [(name, p) for name, p in every if not isinstance(p, torch.nn.parameter.UninitializedParameter)]
            if len(found) < len(every):
                return found  # the next call may give them a shape
            self._listed[player] = found
        return self._listed[player]

    def owners(self) -> Mapping[int, Player]:
        """Return id of a parameter -> whose it is."""
        if self._owners is not None:
            return self._owners
        owners = {id(p): player for player in PLAYERS for _, p in self.named(player)}
        self._owners = owners if len(self._listed) == len(PLAYERS) else None
        return owners

    def vector(self, player: Player) -> torch.Tensor:
        """Return a copy of all parameters, float32 (n,)."""
        parts = [p.detach().reshape(-1).float() for _, p in self.named(player)]
        return torch.cat(parts) if parts else torch.zeros(0)

    def by_name(self, player: Player, vector: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return a vector in the parameters' shapes and precision, by name."""
        named = self.named(player)
        parts = vector.split([p.numel() for _, p in named])
        return {name: part.view(p.shape).to(p.dtype) for (name, p), part in zip(named, parts, strict=True)}

    def layers(self, player: Player) -> dict[str, list[str]]:
        """Return module path -> names of its own parameters, of the modules with the most; see `LAYERS_MAX`."""
        found: dict[str, list[str]] = {}
        sizes: dict[str, int] = {}
        for name, parameter in self.named(player):
            layer = layer_of(name)
            found.setdefault(layer, []).append(name)
            sizes[layer] = sizes.get(layer, 0) + parameter.numel()
        kept = sorted(sizes, key=lambda layer: -sizes[layer])[:LAYERS_MAX]
        return {layer: names for layer, names in found.items() if layer in kept}

    def layers_left_out(self, player: Player) -> int:
        """Return how many modules with parameters are not among `layers`."""
        every = {layer_of(name) for name, _ in self.named(player)}
        return len(every) - len(self.layers(player))


def layer_of(name: str) -> str:
    """Return the module a parameter belongs to; parametrised ones belong to what is parametrised."""
    path = name.partition(".parametrizations.")[0] if ".parametrizations." in name else name.rpartition(".")[0]
    return path.replace(".", "/") or name


@dataclass(frozen=True)
class WeightMovement:
    """The way from a copy to the weights as they are; see `recording.in_step.Movement`."""

    before: torch.Tensor
    vector: torch.Tensor

    @cached_property
    def distance(self) -> torch.Tensor:
        """L2 norm of the difference."""
        return torch.linalg.vector_norm(self.vector)

    @property
    def ratio(self) -> torch.Tensor:
        """The distance relative to the norm of the copy; 0 where that is 0."""
        norm = torch.linalg.vector_norm(self.before)
        return torch.where(norm > 0, self.distance / norm, torch.zeros_like(norm))


class KeptWeights:
    """A place for one copy; see `recording.in_step.WeightSlot`."""

    def __init__(self, weights: Weights, player: Player) -> None:
        self._weights, self._player = weights, player
        self._kept = weights.vector(player)

    def keep(self) -> None:
        """Copy the weights as they are now."""
        self._kept = self._weights.vector(self._player)

    def read(self) -> torch.Tensor:
        """Return the last copy."""
        return self._kept


class LayerNorms:
    """Gradient norms, or movements, of layers in the last step; see `LayerGradients` and `LayerMovement`.

    Args:
        rows: Knows which step is under way.
        weights: Both players'.
    """

    def __init__(self, rows: Rows, weights: Weights) -> None:
        self._rows, self._weights = rows, weights
        self._kept: dict[Player, tuple[int, dict[str, torch.Tensor], float]] = {}

    def keep(self, update: Any, movement: Any = None) -> None:
        """Keep the norms of an update's gradients, or how it moved the weights that were given one."""
        if movement is None:
            self._kept[update.phase] = self._rows.ended, update.norms, update.scale
            return
        moved = self._weights.by_name(update.phase, movement.vector)
        given = {name: moved[name] for name in update.gradients[update.phase] if name in moved}
        self._kept[update.phase] = self._rows.ended, given, 1.0

    def read(self, player: Player, before: Any = None) -> dict[str, float]:
        """Return layer -> norm in the last completed step, over the norm before where that is given."""
        step, values, scale = self._kept.get(player, (-2, {}, 1.0))
        if step != self._rows.ended - 1:
            return {}
        then = None if before is None else self._weights.by_name(player, before)
        found = {}
        for layer, names in self._weights.layers(player).items():
            own = [name for name in names if name in values]
            if not own:
                continue
            norm = _norm([values[name] for name in own]) / scale
            size = 1.0 if then is None else _norm([then[name] for name in own])
            if size:
                found[layer] = norm / size
        return found


def _norm(tensors: list[torch.Tensor]) -> float:
    return float(sum(float(torch.linalg.vector_norm(t.float())) ** 2 for t in tensors) ** 0.5)
