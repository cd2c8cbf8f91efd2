"""LossMonitor: the raw losses of every step."""

from __future__ import annotations

from typing import Any

from gandoctor.backends.tensorflow.forward_passes import Probe
from gandoctor.backends.tensorflow.in_graph.taps import StepTrace
from gandoctor.backends.tensorflow.players.players import Phase
from gandoctor.backends.tensorflow.replicas import spans_processes
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.session.session import Session

_NAMES: dict[Phase, tuple[str, ...]] = {
    "d": ("d_loss", "disc_loss", "discriminator_loss", "critic_loss", "c_loss", "loss_d", "loss_D", "dis_loss"),
    "g": ("g_loss", "gen_loss", "generator_loss", "loss_g", "loss_G"),
}


class LossMonitor(Monitor):
    """Records d_loss and g_loss of each step.

    In this order: what a metric of a common name was given, what the step returned under one (unless that is a running
    mean), what was differentiated with respect to the player's weights. The last counts where a step has several
    updates of a player. Averaged over the replicas of one process; of several workers, that of the chief's first.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._from_metric: set[str] = set()
        self._found: set[str] = set()

    def attached(self, session: Session) -> None:
        """Until they come, losses are missing, with what to do about it."""
        for signal in ("d_loss", "g_loss"):
            reason = session.taps.blocked or f"pass it at each step: monitor.step({signal}=...)"
            session.manifest.missing[signal] = reason

    def after_step(self, trace: StepTrace) -> dict[str, Any]:
        """Find the losses under their common names, or as what was differentiated."""
        assert self.session is not None
        found: dict[str, Any] = {}
        for player, names in _NAMES.items():
            signal = f"{player}_loss"
            place, value = _loss(trace, player, names)
            if not trace.complete and place.startswith("metric"):
                self._from_metric.add(signal)
            if value is None or (signal in self._from_metric and not place.startswith("metric")):
                if trace.complete and signal not in self._found:
                    there = ", ".join(sorted({*trace.metrics, *trace.returned})) or "nothing"
                    self.session.manifest.missing[signal] = f"train_step returned {there}, none of {', '.join(names)}"
                continue
            found[signal] = value
            self._found.add(signal)
            self.session.manifest.missing.pop(signal, None)
            self.session.manifest.players[signal] = f"{place}, this worker's share" if spans_processes() else place
        return found

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """See which losses a hand-written loop passes."""
        assert self.session is not None
        for signal in {"d_loss", "g_loss"} & self.session.scalar_names:
            self.session.manifest.missing.pop(signal, None)
            self.session.manifest.players[signal] = "passed to monitor.step"
        return {}


def _loss(trace: StepTrace, player: Phase, names: tuple[str, ...]) -> tuple[str, Any]:
    """Return where a loss was found and its value; None where there is no single number."""
    for place, values in (("metric", trace.metrics), ("returned as", trace.returned)):
        for name in names:
            if name in values and getattr(values[name], "shape", ()) in ((), (1,)):
                return f"{place} {name}", values[name]
    target = trace.targets.get(player)
    if target is not None and getattr(target, "shape", ()) in ((), (1,)):
        return "what was differentiated with respect to the player's weights", target
    return "", None
