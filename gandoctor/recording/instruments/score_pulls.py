"""Score pulls: which way each player's loss pulls the discriminator's scores."""

from __future__ import annotations

from typing import Any, Literal

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import Player
from gandoctor.recording.in_step import StepTrace
from gandoctor.recording.instrument import Instrument, Readings

_SIGNALS: dict[tuple[Player, Literal["real", "fake"]], str] = {
    ("d", "real"): "real_score_pull_in_d_step",
    ("d", "fake"): "fake_score_pull_in_d_step",
    ("g", "fake"): "fake_score_pull_in_g_step",
}
STALE = "stale_fake_share"
NOT_STALE = Absence(
    Absent.NOT_APPLICABLE,
    Message("in the discriminator's step images were judged that the generator had just made, as they should be"),
)


class ScorePulls(Instrument):
    """Records the direction of each loss, whatever it is made of: the sign of its gradient by the scores.

    Scores count where the discriminator returns one number an image, or a map of them, and where generated images are
    known again among what it is given. PyTorch only: what is read in a graph of TensorFlow changes how it rounds.
    """

    name = "ScorePullMonitor"

    def begin(self) -> Readings:
        """Say why they may not come."""
        why = Message(
            "no loss was differentiated by scores of images that the generator is known to have made, one score an "
            "image"
        )
        absence = self.recording.backend.blocked or Absence(Absent.NOT_SEEN, why)
        return dict.fromkeys((*_SIGNALS.values(), STALE), absence)

    def after_step(self, trace: StepTrace) -> Readings:
        """Record them."""
        found: dict[str, Any] = {}
        for player, pulls in trace.pulls.items():
            found |= {_SIGNALS[player, side]: pull for side, pull in pulls.items() if (player, side) in _SIGNALS}
        if trace.stale is not None:
            found[STALE] = trace.stale
        elif "fake" in trace.pulls.get("d", ()):
            found[STALE] = NOT_STALE
        return found
