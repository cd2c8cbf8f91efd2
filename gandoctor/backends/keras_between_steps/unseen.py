"""What happens inside a step and cannot be seen from between two: places that stay empty, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import NAMES, Player
from gandoctor.recording.in_step import Said

INSIDE_STEP = {
    "jax": Absence(
        Absent.BETWEEN_STEPS,
        Message("Keras on JAX compiles the step as a whole, and gandoctor looks between steps only"),
    ),
    "torch": Absence(
        Absent.BETWEEN_STEPS,
        Message("of Keras on PyTorch gandoctor looks between steps only, and not into the step"),
    ),
}
"""Name of a backend of Keras -> why what happens in a step is absent."""


def not_followed(player: Player) -> Absence:
    """Return why learning rate and updates of an optimizer are absent that JAX's trainer does not know."""
    why = Message(
        "the step has the {player}'s optimizer to itself: its variables are none of the model's, nor of the optimizer "
        "it was compiled with",
        player=NAMES[player],
    )
    return Absence(Absent.BETWEEN_STEPS, why)


class NeverOn:
    """A switch for measurements inside a step, of which there are none; see `recording.in_step.Switch`."""

    def set(self, on: bool) -> None:
        """Do nothing."""

    def when_on(self, action: Callable[[], None]) -> None:
        """Do nothing: this is called inside a step only."""


class NoLayers:
    """No gradients and no movement of single layers; see `LayerGradients` and `LayerMovement`."""

    def keep(self, update: Any, movement: Any = None) -> None:
        """Do nothing: this is called inside a step only."""

    def read(self, player: Player, before: Any = None) -> dict[str, float]:
        """Return nothing."""
        return {}


class BlindWitness:
    """A witness that sees nothing; see `recording.in_step.Witness`."""

    saw_penalty = False
    changed_at_random = None

    def losses(self) -> dict[Player, float]:
        """Return nothing."""
        return {}

    def said(self, player: Player) -> list[Said] | None:
        """Return None: no loss was seen."""
        return None

    def latents(self) -> np.ndarray:
        """Return no numbers."""
        return np.zeros(0, np.float32)

    def forget(self, what: Literal["loss", "latents"]) -> None:
        """Do nothing."""
