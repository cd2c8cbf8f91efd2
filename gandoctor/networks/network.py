"""A network as its model card describes it: what happens to the values, stage by stage, from input to output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from gandoctor.errors import GandoctorError
from gandoctor.message import Message, Value
from gandoctor.networks.layer_roles import Role, activation_of, role_of
from gandoctor.player_names import NAMES, SLOTS, Player
from gandoctor.store import LayerCard, PlayerCard

INPUT = -1
"""Stands for the network's input among the positions of stages."""

IN_PLACE: frozenset[Role] = frozenset({"shape"})
"""Stages that only move values."""
IDLE: frozenset[Role] = frozenset({"shape", "dropout", "noise"})
"""Stages that, once the network is trained, do no more than move values."""


class UnreadableCard(GandoctorError):
    """A model card that does not say how its network is built.

    Attributes:
        reason: Why; shown.
    """

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Stage:
    """One operation on the values. A layer with an activation of its own is two stages.

    Attributes:
        layer: The layer that does it.
        role: What it does; "activation" also for the function at the end of a layer with weights.
        activation: Name of that function; None for other roles.
        inputs: Positions of the stages it takes its values from; INPUT among them is the network's input.
    """

    layer: LayerCard
    role: Role
    activation: str | None
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Network:
    """A player's network.

    Attributes:
        player: Whose network it is.
        stages: Every stage comes after those it takes its values from.
        outputs: Positions of the stages that produce the network's outputs. Of a discriminator the first is its score.
    """

    player: Player
    stages: tuple[Stage, ...]
    outputs: tuple[int, ...]

    @property
    def end(self) -> int:
        """Stands for the network's output among the positions of stages."""
        return len(self.stages)

    def before(self, position: int, passing: frozenset[Role] = IN_PLACE) -> set[int]:
        """Return the nearest stages, or INPUT, whose values reach a stage.

        Args:
            position: Of the stage; `end` asks for what reaches the first output.
            passing: Roles to look through.
        """
        given = self.outputs[:1] if position == self.end else self.stages[position].inputs
        return self._nearest(given, lambda i: self.stages[i].inputs, passing)

    def after(self, position: int, passing: frozenset[Role] = IN_PLACE) -> set[int]:
        """Return the nearest stages, or `end`, that a stage's values reach.

        A further output of a discriminator, such as features beside its score, counts as one more than `end`.

        Args:
            position: Of the stage; INPUT asks for what the network's input reaches.
            passing: Roles to look through.
        """
        return self._nearest(self._followers[position], lambda i: self._followers[i], passing)

    def of_role(self, *roles: Role) -> Iterator[tuple[int, Stage]]:
        """Yield position and stage of those with one of the roles, in order."""
        return ((i, stage) for i, stage in enumerate(self.stages) if stage.role in roles)

    def address(self, position: int) -> str:
        """Return the address of a stage's layer as evidence gives it, e.g. "generator/block_1/conv2d"."""
        return f"{SLOTS[self.player]}/{self.stages[position].layer.address}"

    def named(self, position: int) -> str:
        """Return the name of a stage, e.g. "activation_4 (tanh)"."""
        stage = self.stages[position]
        return f"{stage.layer.address} ({stage.activation or stage.layer.type})"

    def listed(self, positions: list[int], most: int) -> tuple[Value, ...]:
        """Return the names of the layers of some stages as a list for a message.

        Args:
            positions: Of the stages.
            most: Names to give; the others are counted.
        """
        names = tuple(self.stages[i].layer.address for i in positions[:most])
        rest = len(positions) - most
        return (*names, Message("{rest} more", rest=rest)) if rest > 0 else names

    @cached_property
    def _followers(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {i: [] for i in range(INPUT, self.end)}
        for i, stage in enumerate(self.stages):
            for given in stage.inputs:
                found[given].append(i)
        for i, output in enumerate(self.outputs):
            found[output].append(self.end + (i > 0 and self.player == "d"))
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


def read_network(card: PlayerCard | None, player: Player) -> Network:
    """Read a player's network from its model card.

    Raises:
        UnreadableCard: There are no layers, the order of their calls is unknown, or the card is damaged.
    """
    if card is None or not card.layers:
        raise UnreadableCard(Message("The model card does not list the layers of the {player}.", player=NAMES[player]))
    if card.order != "called":
        raise UnreadableCard(_unordered(card, player))
    ends: dict[int, int] = {INPUT: INPUT}
    stages: list[Stage] = []
    for i, layer in enumerate(card.layers):
        if layer.inputs is None or not all(INPUT <= given < i for given in layer.inputs):
            raise UnreadableCard(
                Message(
                    "The model card of the {player} is damaged: layer {layer} has impossible inputs.",
                    player=NAMES[player],
                    layer=layer.name,
                )
            )
        role, activation = role_of(layer), activation_of(layer)
        inputs = tuple(ends[given] for given in layer.inputs)
        stages.append(Stage(layer, role, activation if role == "activation" else None, inputs))
        if role == "weights" and activation is not None:
            stages.append(Stage(layer, "activation", activation, (len(stages) - 1,)))
        ends[i] = len(stages) - 1
    if not card.outputs or not all(INPUT <= output < len(card.layers) for output in card.outputs):
        raise UnreadableCard(
            Message("The model card of the {player} is damaged: it does not name the output.", player=NAMES[player])
        )
    return Network(player, tuple(stages), tuple(ends[output] for output in card.outputs))


def _unordered(card: PlayerCard, player: Player) -> Message:
    if not card.order_note:
        return Message(
            "The order in which the {player} calls its layers is not known: an earlier version of gandoctor wrote the "
            "model card.",
            player=NAMES[player],
        )
    return Message(
        "The order in which the {player} calls its layers is not known: {why}.",
        player=NAMES[player],
        why=card.order_note,
    )
