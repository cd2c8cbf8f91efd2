"""Why the updates of a player, or the sum of its gradients, were not seen."""

from __future__ import annotations

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import NAMES, Player


def frozen(player: Player) -> Absence:
    """Return that a player has no weight that may be trained."""
    why = Message(
        "the {player} is not being trained: all its weights are frozen. In Keras 3 `trainable` is read when training "
        "is first traced, not at compile; set it to True around the first step that should train it",
        player=NAMES[player],
    )
    return Absence(Absent.FROZEN, why)


def used_before(player: Player) -> Absence:
    """Return that a player's optimizer had been used, so that its step was traced without the taps."""
    why = Message(
        "the {player}'s optimizer had been used before the monitor was attached, so its step was traced without it; "
        "attach the monitor before the first training step",
        player=NAMES[player],
    )
    return Absence(Absent.USED_BEFORE, why)


def not_called(player: Player, steps: int) -> Absence:
    """Return that a player's optimizer was not called in some steps."""
    why = Message(
        "the {player}'s optimizer was not called in {steps} steps; is this the optimizer that trains it, and was the "
        "monitor attached before the first training step?",
        player=NAMES[player],
        steps=steps,
    )
    return Absence(Absent.NOT_CALLED, why)


def not_summed() -> Absence:
    """Return that the sum of a player's gradients over several workers cannot be seen."""
    why = Message(
        "several processes train together and this optimizer clips, accumulates or scales gradients before it sums "
        "them, so that their sum as given exists nowhere"
    )
    return Absence(Absent.NOT_SUMMED, why)
