"""Attach a GANMonitor to a GAN that is trained in a hand-written loop, as soon as its players are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gandoctor.player_names import PLAYERS, Player


class LoopAttachment:
    """Follows a program from the import of Keras on, and records the first pair of players it trains.

    Args:
        make_monitor: Takes keyword arguments of GANMonitor, returns the monitor, not entered.
        further_pairs: Called with the discriminator and how many further pairs were found.
        cannot_tell: Called once, with what was seen, where players stay unknown for some updates.
    """

    def __init__(
        self,
        make_monitor: Callable[..., Any],
        further_pairs: Callable[[Any, int], None],
        cannot_tell: Callable[[Any], None],
    ) -> None:
        from gandoctor.backends.tensorflow.discovery.hooks import Hooks
        from gandoctor.backends.tensorflow.discovery.steps import InGraphSteps, StepCycle

        self._make_monitor, self._further_pairs = make_monitor, further_pairs
        self._cycle = StepCycle()
        self._counted = InGraphSteps()
        self._monitor: Any = None
        self._committed = 0
        self._hooks = Hooks(self._found, self._updated, self._moved_nothing, self._unknown, cannot_tell)
        self._hooks.install()

    def is_ours(self, monitor: Any) -> bool:
        """Tell whether a monitor is the one made here."""
        return monitor is self._monitor

    def close(self, reason: str, **fields: Any) -> None:
        """End the recording and put everything back; safe to call twice."""
        self._hooks.remove()
        if self._monitor is not None and self._monitor.session is not None:
            self._monitor.close(reason, **fields)
            self._monitor.session.detach()

    def _found(self, pairs: list[Any]) -> None:
        pair = pairs[0]
        self._monitor = monitor = self._make_monitor(
            generator=pair.generator,
            discriminator=pair.discriminator,
            g_optimizer=pair.g_optimizer,
            d_optimizer=pair.d_optimizer,
        )
        monitor.__enter__()
        if monitor.session is None:
            return
        monitor.session.backend.when_updated(self._in_graph)
        sources = monitor.session.manifest.players
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
            model.train_function = _retraced(model, monitor.session.backend)
        if len(pairs) > 1:
            self._further_pairs(pair.discriminator, len(pairs) - 1)

    def _unknown(self, optimizer: Any, variables: list[Any]) -> bool:
        if self._monitor is None or self._monitor.session is None:
            return False
        with self._monitor.session.contained():
            return bool(self._monitor.session.backend.adopt(optimizer, variables))
        return False

    def _moved_nothing(self, model: Any) -> None:
        """Count the training of a compiled player that is all frozen: it is meant to be a part of the step."""
        session = None if self._monitor is None else self._monitor.session
        if session is None:
            return
        session.collect_fed()
        with session.contained():
            players = session.backend.players
            for player in PLAYERS:
                if players.network(player) is model:
                    self._take_note(player)

    def _take_note(self, player: Player) -> None:
        if self._cycle.updated(player):
            self._monitor.step()
            self._committed += 1

    def _in_graph(self, player: Player) -> None:
        """Close the step where the graph itself goes round in steps."""
        session = self._monitor.session
        with session.contained():
            if self._counted.updated(player):
                session.backend.end_step()

    def _updated(self, updates: list[tuple[Any, list[Any]]], graph: Any) -> None:
        if self._monitor is None or self._monitor.session is None:
            return
        session = self._monitor.session
        session.collect_fed()
        with session.contained():
            if self._counted.counts(graph):
                steps = session.backend.committed() - self._committed
                if steps:
                    session.end_step(steps)
                self._committed += steps
                return
            for optimizer, variables in updates:
                phase = session.backend.phase_of(optimizer, variables)
                if phase is not None:
                    self._take_note(phase)


def _retraced(model: Any, backend: Any) -> Any:
    """Return the train function that a compiled model goes on with: none, to have it traced anew where that is safe."""
    from gandoctor.backends.tensorflow.in_graph.retracing import cannot_retrace

    if getattr(model, "train_function", None) is None:
        return None
    return model.train_function if cannot_retrace(model, backend.players.optimizers()) else None
