"""Attach a GANMonitor to each GAN that is trained in a hand-written loop, as soon as its players are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gandoctor.backends.discovery.cycle import StepCycle
from gandoctor.experiments.child.games import named_games
from gandoctor.message import Message
from gandoctor.player_names import PLAYERS, Player

if TYPE_CHECKING:
    from gandoctor.backends.tensorflow.discovery.steps import InGraphSteps

IDLE_UNTIL_TOLD = 2
"""Trainings of a player that moved nothing, after which that is told at once."""
OTHERS_UNTIL_TOLD = 12
"""Updates in a row that moved no player, after which it is told that other networks are not recorded."""

OTHERS_ARE_TRAINED = Message(
    "gandoctor: other networks are trained now. Only the players that were found first are recorded; "
    "a second GAN is where it is trained in a script of its own."
)


@dataclass
class _Game:
    """A pair of players, and how its steps are counted.

    Attributes:
        monitor: Records it.
        cycle: Tells where a step ends, by the updates that are seen.
        counted: The same inside a graph that goes round in steps.
        committed: Steps that were counted so far.
    """

    monitor: Any
    cycle: StepCycle
    counted: InGraphSteps
    committed: int = 0

    def took(self, player: Player) -> None:
        """Take note of an update between steps of a graph."""
        if self.cycle.updated(player):
            self.monitor.step()
            self.committed += 1

    def took_in_graph(self, player: Player) -> None:
        """Close the step where the graph itself goes round in steps."""
        session = self.monitor.session
        with session.contained():
            if self.counted.updated(player):
                session.backend.end_step()

    def updated(self, updates: list[tuple[Any, list[Any]]], graph: Any) -> bool:
        """Take note of what a call has updated; tell whether any of it was a player."""
        session = self.monitor.session
        session.collect_fed()
        was_player = False
        with session.contained():
            if self.counted.counts(graph):
                steps = session.backend.committed() - self.committed
                if steps:
                    session.end_step(steps)
                self.committed += steps
                return True
            for optimizer, variables in updates:
                phase = session.backend.phase_of(optimizer, variables)
                if phase is not None:
                    was_player = True
                    self.took(phase)
        return was_player


class LoopAttachment:
    """Follows a program from the import of Keras on, and records the pairs of players that it trains together.

    Args:
        make_monitors: Takes the keyword arguments of a GANMonitor for each pair, returns the monitors, not entered.
        cannot_tell: Called once, with what was seen, where players stay unknown for some updates.
    """

    def __init__(
        self,
        make_monitors: Callable[[list[dict[str, Any]]], list[Any]],
        cannot_tell: Callable[[Any], None],
    ) -> None:
        from gandoctor.backends.tensorflow.discovery.hooks import Hooks
        from gandoctor.backends.tensorflow.discovery.steps import InGraphSteps

        self._make_monitors, self._in_graph = make_monitors, InGraphSteps
        self._games: list[_Game] = []
        self._idle: dict[tuple[int, Player], int] = {}
        self._others = 0
        self._hooks = Hooks(self._found, self._updated, self._moved_nothing, self._unknown, cannot_tell)
        self._hooks.install()

    def is_ours(self, monitor: Any) -> bool:
        """Tell whether a monitor is one of those made here."""
        return any(monitor is game.monitor for game in self._games)

    def close(self, reason: str, **fields: Any) -> None:
        """End the recording and put everything back; safe to call twice."""
        self._hooks.remove()
        for game in reversed(self._games):  # games may share a network, which the last one has wrapped last
            if game.monitor.session is not None:
                game.monitor.close(reason, **fields)
                game.monitor.session.detach()

    def _found(self, pairs: list[Any]) -> None:
        named = named_games(pairs) if len(pairs) > 1 else [(None, pair) for pair in pairs]
        monitors = self._make_monitors([players_of(pair, name) for name, pair in named])
        self._games = [_Game(monitor, StepCycle(), self._in_graph()) for monitor in monitors]
        for (_, pair), game in zip(named, self._games, strict=True):
            game.monitor.options = replace(game.monitor.options, game_source="inferred")
            game.monitor.__enter__()
            if game.monitor.session is not None:
                game.monitor.session.backend.when_updated(game.took_in_graph)
                self._tell(pair, game.monitor.session)

    def _tell(self, pair: Any, session: Any) -> None:
        """Record how the players were found, and have what was traced before traced anew."""
        note_sources(session, str(pair.generator.name), str(pair.discriminator.name))
        by_batch = self._hooks.trained_by_batch
        for network in (pair.generator, *by_batch):
            if getattr(network, "predict_function", None) is not None:
                network.predict_function = None  # traced anew, it shows what is generated
        for model in by_batch:
            model.train_function = _retraced(model, session.backend)

    def _recorded(self) -> Iterator[_Game]:
        return (game for game in self._games if game.monitor.session is not None)

    def _unknown(self, optimizer: Any, variables: list[Any]) -> bool:
        adopted = False
        for game in self._recorded():
            with game.monitor.session.contained():
                adopted = bool(game.monitor.session.backend.adopt(optimizer, variables)) or adopted
        return adopted

    def _moved_nothing(self, model: Any) -> None:
        """Count the training of a compiled player that is all frozen: it is meant to be a part of the step."""
        for game in self._recorded():
            session = game.monitor.session
            session.collect_fed()
            with session.contained():
                for player in PLAYERS:
                    if session.backend.players.network(player) is model:
                        game.took(player)
                        self._tell_idle(player, session)

    def _tell_idle(self, player: Player, session: Any) -> None:
        """Tell of the trap of Keras 3 in the second step: a long training would be for nothing."""
        count = self._idle[id(session), player] = self._idle.get((id(session), player), 0) + 1
        if count == IDLE_UNTIL_TOLD:
            from gandoctor.backends.tensorflow.in_graph.unseen import frozen

            session.warn(Message("gandoctor: {why}.", why=frozen(player).message))

    def _updated(self, updates: list[tuple[Any, list[Any]]], graph: Any) -> None:
        recorded = list(self._recorded())
        moved = [game.updated(updates, graph) for game in recorded]  # each is told
        if any(moved):
            self._others = 0
            return
        before, self._others = self._others, self._others + len(updates)
        if recorded and before < OTHERS_UNTIL_TOLD <= self._others:
            recorded[0].monitor.session.warn(OTHERS_ARE_TRAINED)


def players_of(pair: Any, game: str | None) -> dict[str, Any]:
    """Return the keyword arguments of a monitor that records a pair."""
    return {
        "generator": pair.generator,
        "discriminator": pair.discriminator,
        "g_optimizer": pair.g_optimizer,
        "d_optimizer": pair.d_optimizer,
        "game": game,
    }


def note_sources(session: Any, generator: str, discriminator: str) -> None:
    """Record that the players were found by what they do."""
    sources = session.manifest.players
    sources["generator"] = f"found by data flow: {generator}, whose output enters the discriminator"
    sources["discriminator"] = f"found by data flow: {discriminator}"
    for slot in ("g_optimizer", "d_optimizer"):
        if slot in sources:
            sources[slot] = "found by what it updates"


def _retraced(model: Any, backend: Any) -> Any:
    """Return the train function that a compiled model goes on with: none, to have it traced anew where that is safe."""
    from gandoctor.backends.tensorflow.in_graph.retracing import cannot_retrace

    if getattr(model, "train_function", None) is None:
        return None
    return model.train_function if cannot_retrace(model, backend.players.optimizers()) else None
