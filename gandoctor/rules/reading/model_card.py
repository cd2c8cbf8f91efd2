"""The networks of a run as design rules see them: what is done to the values, stage by stage, from input to output.

A layer with an activation of its own is two stages. Read from the model card, which must hold the order of the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gandoctor.networks.layer_roles import Role, activation_of, role_of
from gandoctor.rules.rule import MODEL_CARD, Evidence, NotEvaluated, Severity
from gandoctor.store import LayerCard, PlayerCard, Run

PlayerName = Literal["generator", "discriminator"]

INPUT = -1
"""Stands for the network's input among the positions of stages."""

IN_PLACE: frozenset[Role] = frozenset({"shape"})
"""Stages that only move values."""
IDLE: frozenset[Role] = frozenset({"shape", "dropout", "noise"})
"""Stages that do nothing to values but move them, once the network is trained."""


@dataclass(frozen=True)
class Stage:
    """One thing that is done to values.

    Attributes:
        layer: The layer that does it.
        role: What it is; "activation" also for the function at the end of a layer with weights.
        activation: Name of that function; None for other roles.
        inputs: Positions of the stages whose values it is given; INPUT among them is the network's input.
    """

    layer: LayerCard
    role: Role
    activation: str | None
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Network:
    """A player's network.

    Attributes:
        player: Which.
        stages: Each after those whose values it is given.
        outputs: Positions of the stages that make the network's outputs.
    """

    player: PlayerName
    stages: tuple[Stage, ...]
    outputs: tuple[int, ...]

    @property
    def end(self) -> int:
        """Stands for the network's output among the positions of stages."""
        return len(self.stages)

    def before(self, position: int, passing: frozenset[Role] = IN_PLACE) -> set[int]:
        """Return the nearest stages, or INPUT, whose values arrive at a stage, looking through some roles.

        Args:
            position: Of the stage; `end` asks for what arrives at the first output.
            passing: Roles that are looked through.
        """
        given = self.outputs[:1] if position == self.end else self.stages[position].inputs
        return self._nearest(given, lambda i: self.stages[i].inputs, passing)

    def after(self, position: int, passing: frozenset[Role] = IN_PLACE) -> set[int]:
        """Return the nearest stages, or `end`, that a stage's values arrive at, looking through some roles.

        Args:
            position: Of the stage; INPUT asks for what the network's input arrives at.
            passing: Roles that are looked through.
        """
        return self._nearest(self._followers[position], lambda i: self._followers[i], passing)

    def of_role(self, *roles: Role) -> Iterator[tuple[int, Stage]]:
        """Yield position and stage of those with one of some roles, in order."""
        return ((i, stage) for i, stage in enumerate(self.stages) if stage.role in roles)

    def address(self, position: int) -> str:
        """Return the address of a stage's layer, as evidence gives it."""
        return f"{self.player}/{self.stages[position].layer.address}"

    def named(self, position: int) -> str:
        """Return a stage in words, e.g. "activation_4 (tanh)"."""
        stage = self.stages[position]
        return f"{stage.layer.address} ({stage.activation or stage.layer.type})"

    @cached_property
    def _followers(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {i: [] for i in range(INPUT, self.end)}
        for i, stage in enumerate(self.stages):
            for given in stage.inputs:
                found[given].append(i)
        for output in self.outputs:
            found[output].append(self.end)
        return {i: tuple(positions) for i, positions in found.items()}

    def _nearest(
        self, start: Iterable[int], onward: Callable[[int], Iterable[int]], passing: frozenset[Role]
    ) -> set[int]:
        found: set[int] = set()
        seen: set[int] = set()
        waiting = list(start)
        while waiting:
            i = waiting.pop()
            if i in seen:
                continue
            seen.add(i)
            if INPUT < i < self.end and self.stages[i].role in passing:
                waiting += onward(i)
            else:
                found.add(i)
        return found


def network_of(run: Run, player: PlayerName) -> Network:
    """Return a player's network.

    Raises:
        NotEvaluated: The run has no card of it, or one that does not say in which order the layers are called.
    """
    card: PlayerCard | None = getattr(run.manifest, player)
    if card is None or not card.layers:
        raise NotEvaluated(f"The model card does not hold the layers of the {player}.")
    if card.order != "called":
        why = card.order_note or "the card was written by an earlier version of gandoctor"
        raise NotEvaluated(f"The order in which the {player} calls its layers is not known: {why}.")
    ends: dict[int, int] = {INPUT: INPUT}
    stages: list[Stage] = []
    for i, layer in enumerate(card.layers):
        if layer.inputs is None or not all(INPUT <= given < i for given in layer.inputs):
            raise NotEvaluated(f"The model card of the {player} is damaged: {layer.name} has impossible inputs.")
        role, activation = role_of(layer), activation_of(layer)
        inputs = tuple(ends[given] for given in layer.inputs)
        stages.append(Stage(layer, role, activation if role == "activation" else None, inputs))
        if role == "weights" and activation is not None:
            stages.append(Stage(layer, "activation", activation, (len(stages) - 1,)))
        ends[i] = len(stages) - 1
    if not card.outputs or not all(INPUT <= output < len(card.layers) for output in card.outputs):
        raise NotEvaluated(f"The model card of the {player} is damaged: it does not say what its output is.")
    return Network(player, tuple(stages), tuple(ends[output] for output in card.outputs))


def examined(
    run: Run,
    look: Callable[[Network], list[Evidence]],
    players: tuple[PlayerName, ...] = ("generator", "discriminator"),
) -> list[Evidence]:
    """Return what `look` finds in the players' networks.

    Raises:
        NotEvaluated: Nothing was found and a network could not be read: what is not known is not healthy.
    """
    evidence: list[Evidence] = []
    reasons: list[NotEvaluated] = []
    for player in players:
        try:
            evidence += look(network_of(run, player))
        except NotEvaluated as reason:
            reasons.append(reason)
    if reasons and not evidence:
        raise reasons[0]
    return evidence


def card_evidence(
    statement: str,
    observed: float,
    threshold: float | None = None,
    layers: Iterable[str] = (),
    severity: Severity | None = None,
) -> Evidence:
    """Return evidence that was read off the model card."""
    return Evidence(MODEL_CARD, observed, threshold, 0, 0, statement, severity, tuple(dict.fromkeys(layers)))
