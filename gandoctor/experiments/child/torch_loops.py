"""Attach a GANMonitor to each GAN that a PyTorch program trains, as soon as its players are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gandoctor.backends.discovery.cycle import StepCycle
from gandoctor.experiments.child.games import named_games
from gandoctor.experiments.child.loops import OTHERS_ARE_TRAINED, OTHERS_UNTIL_TOLD, note_sources, players_of


@dataclass
class _Game:
    """A pair of players, and where its steps end."""

    monitor: Any
    cycle: StepCycle = field(default_factory=StepCycle)

    def updated(self, optimizer: Any) -> bool:
        """Take note of an update; tell whether it was a player's."""
        session = self.monitor.session
        if session is None:
            return False
        phase = None
        with session.contained():
            phase = session.backend.phase_of(optimizer)
        if phase is not None and self.cycle.updated(phase):
            self.monitor.step()
        return phase is not None


class TorchLoops:
    """Follows a program from the import of PyTorch on, and records the pairs of players that it trains together.

    Args:
        make_monitors: Takes the keyword arguments of a GANMonitor for each pair, returns the monitors, not entered.
        cannot_tell: Called once, with what was seen, where players stay unknown for some updates.
    """

    def __init__(
        self,
        make_monitors: Callable[[list[dict[str, Any]]], list[Any]],
        cannot_tell: Callable[[Any], None],
    ) -> None:
        from gandoctor.backends.torch.discovery.hooks import Hooks
        from gandoctor.backends.torch.players import name_of

        self._name_of = name_of
        self._make_monitors = make_monitors
        self._games: list[_Game] = []
        self._others = 0
        self._hooks = Hooks(self._found, self._updated, cannot_tell)
        self._hooks.install()

    def is_ours(self, monitor: Any) -> bool:
        """Tell whether a monitor is one of those made here."""
        return any(monitor is game.monitor for game in self._games)

    def close(self, reason: str, **fields: Any) -> None:
        """End the recording and put everything back; safe to call twice."""
        self._hooks.remove()
        for game in reversed(self._games):  # games share what is wrapped, which the last one has wrapped last
            if game.monitor.session is not None:
                game.monitor.close(reason, **fields)
                game.monitor.session.detach()

    def _found(self, pairs: list[Any], made: Sequence[Any], events: Sequence[Any]) -> None:
        named = named_games(pairs) if len(pairs) > 1 else [(None, pair) for pair in pairs]
        self._games = [_Game(m) for m in self._make_monitors([players_of(pair, name) for name, pair in named])]
        for (_, pair), game in zip(named, self._games, strict=True):
            game.monitor.options = replace(game.monitor.options, game_source="inferred")
            game.monitor.__enter__()
            session = game.monitor.session
            if session is None:
                continue
            note_sources(session, self._name_of(pair.generator), self._name_of(pair.discriminator))
            with session.contained():
                session.backend.replay(events)
                for update in made:  # a round may be half over
                    phase = pair.shared_phase_of(update) or session.backend.phase_of(update.optimizer)
                    if phase is not None:
                        game.cycle.updated(phase)

    def _updated(self, optimizer: Any) -> None:
        moved = [game.updated(optimizer) for game in self._games]  # each is told
        if any(moved):
            self._others = 0
            return
        self._others += 1
        recorded = next((game for game in self._games if game.monitor.session is not None), None)
        if recorded is not None and self._others == OTHERS_UNTIL_TOLD:
            recorded.monitor.session.warn(OTHERS_ARE_TRAINED)
