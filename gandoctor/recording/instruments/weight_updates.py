"""WeightUpdates: how far each player's weights move in each player's update, and between two probes."""

from __future__ import annotations

from typing import Any

from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.in_step import Update, WeightSlot
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.instruments.gradient_norms import note_left_out
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.signals import member_of

_OF_AN_UPDATE = ("d_update_in_{}_step", "g_update_in_{}_step", "{}_update_ratio", "{}_layer_update_ratio")


class WeightUpdates(Instrument):
    """Records the movement of weights per phase, on steps that are measured (the first two and every probe).

    Weights are copied before the update and compared after it, behind a switch: steps that are not measured pay for
    the switch only. From probe to probe, all weights that were created trainable are compared too, whatever moved them
    and whatever their flag says since. Keeps two copies of the weights. Of a player with more than 64 layers, the 64
    with the most weights are recorded one by one.
    """

    name = "WeightUpdateMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._backend = recording.backend
        # All of it made now, as far as it can be: what is born inside a traced step has that step traced twice.
        self._measured = self._backend.switch("measured")
        self._layers = self._backend.layer_movement()
        self._before: dict[Player, WeightSlot] = {}
        for player in PLAYERS:
            if self._backend.variables(player):
                self._slot(player)
        self._at_last_probe: dict[Player, Any] = {}
        self._made: dict[Player, tuple[int, int]] = {}  # step and updates at the last probe

    def before_step(self, measured: bool) -> None:
        """Have the next step measured or not."""
        self._measured.set(measured)

    def before_update(self, update: Update) -> Readings:
        """Copy the weights the optimizer is about to move."""
        slots = [self._slot(player) for player in update.moves]

        def copy() -> None:
            for slot in slots:
                slot.keep()

        self._measured.when_on(copy)
        return {}

    def after_update(self, update: Update) -> Readings:
        """Compare the weights with their copies.

        Absent on steps that are not measured, and where nothing was to move: while gradients are being accumulated, or
        when a loss-scaling optimizer skips a step.
        """

        def record() -> None:
            values: dict[str, Any] = {f"{player}_update_in_{update.phase}_step": 0.0 for player in PLAYERS}
            values[f"{update.phase}_update_ratio"] = 0.0  # stays so where it was given no gradient
            for player in update.moves:
                movement = self._backend.moved(self._slot(player).read(), player)
                values[f"{player}_update_in_{update.phase}_step"] = movement.distance
                if player == update.phase:
                    values[f"{player}_update_ratio"] = movement.ratio
                    self._layers.keep(update, movement)
            self._backend.put(values, when=update.applied)

        self._measured.when_on(record)
        return {}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Record the rates in force, the updates made, and how far all weights have moved since the last probe."""
        found: dict[str, Any] = {}
        for player in PLAYERS:
            rate = self._backend.learning_rate(player)
            if rate is not None:
                found[f"{player}_learning_rate"] = rate
            if player in self._before:
                family, before = f"{player}_layer_update_ratio", self._before[player].read()
                ratios = self._layers.read(player, before)
                found |= {member_of(family, layer): ratio for layer, ratio in ratios.items()}
            found |= self._movement(player)
            found |= self._updates(step, player)
        if step > self.recording.first_step:
            found |= self.recording.unseen(step, {p: tuple(n.format(p) for n in _OF_AN_UPDATE) for p in PLAYERS})
            for player in PLAYERS:
                note_left_out(self.recording, player, f"{player}_layer_update_ratio", found)
        return found

    def _movement(self, player: Player) -> Readings:
        now, before = self._backend.snapshot(player), self._at_last_probe.get(player)
        self._at_last_probe[player] = now
        if before is None or before.shape != now.shape:
            return {}
        return {f"{player}_movement": self._backend.number(self._backend.moved(before, player).distance)}

    def _updates(self, step: int, player: Player) -> Readings:
        made, before = self._backend.updates_made(player), self._made.get(player)
        if made is None:
            return {}
        self._made[player] = step, made
        if before is None or step <= before[0] or made < before[1]:
            return {}
        return {f"{player}_updates_a_step": (made - before[1]) / (step - before[0])}

    def _slot(self, player: Player) -> WeightSlot:
        if player not in self._before:
            self._before[player] = self._backend.slot(player)
        return self._before[player]
