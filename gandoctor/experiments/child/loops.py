"""Attach a GANMonitor to each GAN that is trained in a hand-written loop, as soon as its players are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gandoctor.experiments.child.games import named_games

if TYPE_CHECKING:
    from gandoctor.backends.tensorflow.discovery.steps import StepCycle


class LoopAttachment:
    """Follows a program from the import of Keras on, and records the pairs of players that it trains together.

    Args:
        make_monitors: Takes the keyword arguments of a GANMonitor for each pair, returns the monitors, not entered.
        cannot_tell: Called once, with an optimizer and the reason, where players stay unknown for some updates.
    """

    def __init__(
        self,
        make_monitors: Callable[[list[dict[str, Any]]], list[Any]],
        cannot_tell: Callable[[Any, str], None],
    ) -> None:
        from gandoctor.backends.tensorflow.discovery.hooks import Hooks
        from gandoctor.backends.tensorflow.discovery.steps import StepCycle

        self._make_monitors, self._make_cycle = make_monitors, StepCycle
        self._games: list[tuple[Any, StepCycle]] = []
        self._hooks = Hooks(self._found, self._updated, self._unknown, cannot_tell)
        self._hooks.install()

    def is_ours(self, monitor: Any) -> bool:
        """Tell whether a monitor is one of those made here."""
        return any(monitor is ours for ours, _ in self._games)

    def close(self, reason: str, **fields: Any) -> None:
        """End the recording and put everything back; safe to call twice."""
        self._hooks.remove()
        for monitor, _ in reversed(self._games):  # games may share a network, which the last one has wrapped last
            if monitor.session is not None:
                monitor.close(reason, **fields)
                monitor.session.detach()

    def _found(self, pairs: list[Any]) -> None:
        games = named_games(pairs) if len(pairs) > 1 else [(None, pair) for pair in pairs]
        monitors = self._make_monitors([_players(pair, name) for name, pair in games])
        self._games = [(monitor, self._make_cycle()) for monitor in monitors]
        for (_, pair), monitor in zip(games, monitors, strict=True):
            monitor.options = replace(monitor.options, observe_loop=True, game_source="inferred")
            monitor.__enter__()
            if monitor.session is not None:
                self._tell(pair, monitor.session)

    def _tell(self, pair: Any, session: Any) -> None:
        """Record how the players were found, and have what was traced before traced anew."""
        sources = session.manifest.players
        sources["generator"] = f"found by data flow: {pair.generator.name}, whose output enters the discriminator"
        sources["discriminator"] = f"found by data flow: {pair.discriminator.name}"
        for slot in ("g_optimizer", "d_optimizer"):
            if slot in sources:
                sources[slot] = "found by what it updates"
        by_batch = self._hooks.trained_by_batch
        for network in (pair.generator, *by_batch):
            if getattr(network, "predict_function", None) is not None:
                network.predict_function = None  # traced anew, it shows what is generated
        for model in by_batch:
            model.train_function = _retraced(model, session.backend)

    def _sessions(self) -> list[tuple[Any, StepCycle]]:
        return [(monitor, cycle) for monitor, cycle in self._games if monitor.session is not None]

    def _unknown(self, optimizer: Any, variables: list[Any]) -> bool:
        adopted = False
        for monitor, _ in self._sessions():
            with monitor.session.contained():
                adopted = bool(monitor.session.backend.adopt(optimizer, variables)) or adopted
        return adopted

    def _updated(self, updates: list[tuple[Any, list[Any]]]) -> None:
        for monitor, cycle in self._sessions():
            monitor.session.collect_fed()
            with monitor.session.contained():
                for optimizer, variables in updates:
                    phase = monitor.session.backend.phase_of(optimizer, variables)
                    if phase is not None and cycle.updated(phase):
                        monitor.step()


def _players(pair: Any, game: str | None) -> dict[str, Any]:
    return {
        "generator": pair.generator,
        "discriminator": pair.discriminator,
        "g_optimizer": pair.g_optimizer,
        "d_optimizer": pair.d_optimizer,
        "game": game,
    }


def _retraced(model: Any, backend: Any) -> Any:
    """Return the train function that a compiled model goes on with: none, to have it traced anew where that is safe."""
    from gandoctor.backends.tensorflow.in_graph.retracing import cannot_retrace

    if getattr(model, "train_function", None) is None:
        return None
    return model.train_function if cannot_retrace(model, backend.players.optimizers()) else None
