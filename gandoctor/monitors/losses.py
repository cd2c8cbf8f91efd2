"""LossMonitor: the raw losses of every step."""

from __future__ import annotations

from typing import Any

from gandoctor.monitors.monitor import Monitor
from gandoctor.monitors.taps import StepTrace

_NAMES = {
    "d_loss": ("d_loss", "disc_loss", "discriminator_loss", "critic_loss", "c_loss", "loss_d"),
    "g_loss": ("g_loss", "gen_loss", "generator_loss", "loss_g"),
}


class LossMonitor(Monitor):
    """Records d_loss and g_loss of each step from what the model's metrics are given or the step returns."""

    def after_step(self, trace: StepTrace) -> dict[str, Any]:
        """Find the losses under their common names."""
        found: dict[str, Any] = {}
        for signal, names in _NAMES.items():
            name = next((n for n in names if n in trace.values), None)
            if name is not None:
                found[signal] = trace.values[name]
            elif self.session is not None:
                returned = ", ".join(sorted(trace.values)) or "nothing"
                self.session.manifest.missing[signal] = f"train_step returned {returned}, none of {', '.join(names)}"
        return found
