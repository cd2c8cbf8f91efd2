"""Losses: the raw losses of every step."""

from __future__ import annotations

from typing import Any

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.in_step import StepTrace
from gandoctor.recording.instrument import Instrument, Readings, Recording

_NAMES: dict[Player, tuple[str, ...]] = {
    "d": ("d_loss", "disc_loss", "discriminator_loss", "critic_loss", "c_loss", "loss_d", "loss_D", "dis_loss"),
    "g": ("g_loss", "gen_loss", "generator_loss", "loss_g", "loss_G"),
}


class Losses(Instrument):
    """Records d_loss and g_loss of each step.

    In this order: what a metric of a common name was given, what the step returned under one (unless that is a running
    mean), what was differentiated with respect to the player's weights (of one loss an image, its mean). The last
    counts where a step has several updates of a player. Averaged over the replicas of one process; of several workers,
    that of the chief's first.
    """

    name = "LossMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._from_metric: set[str] = set()
        self._found: set[str] = set()

    def begin(self) -> Readings:
        """Say what to do about losses that do not come."""
        return {
            signal: self.recording.backend.blocked or Absence(Absent.NOT_SEEN, _pass_it(signal))
            for signal in (f"{player}_loss" for player in PLAYERS)
        }

    def after_step(self, trace: StepTrace) -> Readings:
        """Find the losses under their common names, or as what was differentiated."""
        found: dict[str, Any] = {}
        for player, names in _NAMES.items():
            signal = f"{player}_loss"
            place, value = _loss(trace, player, names)
            if not trace.complete and place.startswith("metric"):
                self._from_metric.add(signal)
            if value is None or (signal in self._from_metric and not place.startswith("metric")):
                if trace.complete and signal not in self._found:
                    found[signal] = _none_of(trace, names)
                continue
            found[signal] = value
            self._found.add(signal)
            source = f"{place}, this worker's share" if trace.is_share else place
            self.recording.manifest.players[signal] = source
        return found


def _pass_it(signal: str) -> Message:
    return Message("pass it at each step: monitor.step({signal}=...)", signal=signal)


def _none_of(trace: StepTrace, names: tuple[str, ...]) -> Absence:
    withheld = next((trace.withheld[name] for name in names if name in trace.withheld), None)
    if withheld is not None:
        return withheld
    returned = tuple(sorted({*trace.metrics, *trace.returned}))
    if returned:
        why = Message("train_step returned {returned}, none of {names}", returned=returned, names=names)
    else:
        why = Message("train_step returned nothing, none of {names}", names=names)
    return Absence(Absent.NOT_SEEN, why)


def _loss(trace: StepTrace, player: Player, names: tuple[str, ...]) -> tuple[str, Any]:
    """Return where a loss was found and its value; None where there is no single number."""
    for place, values in (("metric", trace.metrics), ("returned as", trace.returned)):
        for name in names:
            if name in values and _is_number(values[name]):
                return f"{place} {name}", values[name]
    target = trace.targets.get(player)
    if target is not None and _is_number(target):
        if player in trace.averaged:
            return "the mean of one loss an image, whose sum was differentiated", target
        return "what was differentiated with respect to the player's weights", target
    return "", None


def _is_number(value: Any) -> bool:
    return getattr(value, "shape", ()) in ((), (1,))
