"""Standstill: a stretch in which a player's weights stay where they are, why, and how that is said.

Shared by discriminator-not-training (GD002) and generator-not-training (GD003), which ask the same of either player.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, OTHER, Player
from gandoctor.rules.rule import Evidence, Severity

Reason = Literal[
    "frozen",
    "no_weights",
    "learning_rate",
    "no_gradient",
    "cut_off",
    "not_applied",
    "other_step_only",
    "undone",
    "never_updated",
    "nothing_moves",
    "unknown",
]


@dataclass(frozen=True)
class Standstill:
    """A stretch of training in which a player did not train.

    Attributes:
        signal: The signal that shows it: the player's own update, or its movement between probes.
        first_step: First step of the stretch; last_step: its last.
        probes: Number of probes that show it.
        ongoing: Whether it lasts to the last probe.
        reason: Why, as far as the run shows.
        other_movement: Median movement of the other player meanwhile; None where it was not recorded.
    """

    player: Player
    signal: str
    first_step: int
    last_step: int
    probes: int
    ongoing: bool
    reason: Reason
    other_movement: float | None

    @property
    def severity(self) -> Severity:
        """Critical; less where it ended, where it looks intended and where the wrong networks may be watched."""
        if self.reason == "nothing_moves":
            return Severity.WARNING
        if self.reason == "learning_rate" and self.first_step > 1:
            return Severity.INFO if self.other_movement == 0 else Severity.WARNING
        return Severity.CRITICAL if self.ongoing else Severity.WARNING

    @property
    def fits_freeze_trap(self) -> bool:
        """Whether Keras 3's freeze trap explains it: it holds from the first step, and nothing else explains it."""
        if self.reason in ("frozen", "no_weights", "other_step_only"):
            return True
        return self.player == "d" and self.first_step <= 2 and self.reason in ("never_updated", "unknown")

    def evidence(self, more: Message | None = None) -> Evidence:
        """Return the observation; `more` is a sentence to add about this player."""
        return Evidence(
            self.signal,
            0.0,
            0.0,
            self.first_step,
            self.last_step,
            sentences(self._observation, self._explanation, self._ending, more),
            severity=self.severity,
            detail=self,
        )

    @property
    def _observation(self) -> Message:
        player, first, last = NAMES[self.player], self.first_step, self.last_step
        if self.signal.endswith("_movement"):
            if not self.other_movement:
                return Message(
                    "The {player}'s weights did not move at all from step {first} to {last}.",
                    player=player,
                    first=first,
                    last=last,
                )
            return Message(
                "The {player}'s weights did not move at all from step {first} to {last}, while the {other}'s moved by "
                "{movement:.3g} (L2 norm) from probe to probe.",
                player=player,
                first=first,
                last=last,
                other=NAMES[OTHER[self.player]],
                movement=self.other_movement,
            )
        if self.probes:
            return Message(
                "The {player}'s own update moved its weights by exactly 0 in {probes} successive probes, from step "
                "{first} to {last}.",
                player=player,
                probes=self.probes,
                first=first,
                last=last,
            )
        if self.reason == "cut_off":
            return Message("Of all the {player}'s weights the gradients are None.", player=player)
        return Message("No update of the {player} was ever seen.", player=player)

    @property
    def _explanation(self) -> Message:
        other = NAMES[OTHER[self.player]]
        explanations: dict[Reason, Message] = {
            "frozen": Message("All its weights are frozen: it has nothing to train."),
            "no_weights": Message(
                "Its optimizer is called without any of its weights: they are frozen, or missing from the list."
            ),
            "learning_rate": Message("Its learning rate is 0 during that time."),
            "no_gradient": Message("Its gradient is exactly 0 as well, so nothing can move it."),
            "cut_off": Message(
                "Its loss does not depend on them in any way that can be differentiated: argmax, one-hot, rounding, "
                "a cast to integers, NumPy or a tape that was closed before lies in between."
            ),
            "not_applied": Message("Its gradient is not 0: the update is computed, but has no effect."),
            "other_step_only": Message(
                "It moves only in the {other}'s step, and is trained towards the {other}'s goal instead of its own.",
                other=other,
            ),
            "undone": Message("Its own updates do move it, so something restores the old weights in between."),
            "never_updated": Message(
                "No update of it was seen either: nothing trains it, or another network is trained in its place."
            ),
            "nothing_moves": Message(
                "Neither did the {other}'s: either nothing trains, or the networks being watched are not the ones "
                "being trained.",
                other=other,
            ),
            "unknown": Message("The run does not show why."),
        }
        return explanations[self.reason]

    @property
    def _ending(self) -> Message | None:
        return None if self.ongoing else Message("It moved again after step {step}.", step=self.last_step)
