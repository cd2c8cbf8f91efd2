"""GradientNorms: the gradient norms of each player in its own update, whole and by layer, before clipping."""

from __future__ import annotations

from typing import Any

from gandoctor.message import Absence, Absent, Message, counted
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.recording.in_step import LAYERS_MAX, LayerGradients, Update
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.signals import member_of


class GradientNorms(Instrument):
    """Records d_grad_norm and g_grad_norm at every update, and at a probe the norms of the layers.

    Only the player's own weights count: where the generator's optimizer is also given the discriminator's weights,
    their gradients are left out of g_grad_norm. Of a player with more than 64 layers, the 64 with the most weights
    are recorded one by one.
    """

    name = "GradientNormMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._layers: LayerGradients = recording.backend.layer_gradients()

    def before_update(self, update: Update) -> Readings:
        """Say that no weight of the player is given a gradient: Keras ends the training there."""
        if update.phase in update.moves:
            return {}
        why = Message("none of the {player}'s weights is given a gradient", player=NAMES[update.phase])
        absence = Absence(Absent.NO_GRADIENT, why)
        return dict.fromkeys((f"{update.phase}_grad_norm", f"{update.phase}_update_in_{update.phase}_step"), absence)

    def on_gradients(self, update: Update) -> Readings:
        """Record the norms of this update's gradients.

        A step that a loss-scaling optimizer skips because the scale was too high is absent: nothing is wrong with it.
        """
        norm = update.gradient_norm()
        if norm is not None:
            self.recording.backend.put({f"{update.phase}_grad_norm": norm}, when=update.finite)
            self._layers.keep(update)
        if update.left_over is not None:
            self.recording.backend.put({f"{update.phase}_grad_left_over": update.left_over})
        return {}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Read the layers' norms in the last step; after training has begun, say whose updates were never seen."""
        found: dict[str, Any] = {}
        for player in PLAYERS:
            family = f"{player}_layer_grad_norm"
            found |= {member_of(family, layer): norm for layer, norm in self._layers.read(player).items()}
        if step > self.recording.first_step:
            names: dict[Player, tuple[str, ...]] = {p: (f"{p}_grad_norm", f"{p}_layer_grad_norm") for p in PLAYERS}
            found |= self.recording.unseen(step, names)
            for player in PLAYERS:
                unsummed = self.recording.backend.unsummed(player)
                if unsummed is not None:
                    found |= dict.fromkeys(names[player], unsummed)
                note_left_out(self.recording, player, f"{player}_layer_grad_norm", found)
        return found


def note_left_out(recording: Recording, player: Player, family: str, found: dict[str, Any]) -> None:
    """Add to readings that a player has more layers than are recorded, unless there is a weightier reason."""
    left_out = recording.backend.layers_left_out(player)
    if left_out and found.get(family) is None:
        why = counted(
            "only the {most} layers with the most weights are recorded; {n} is not",
            "only the {most} layers with the most weights are recorded; {n} are not",
            left_out,
            most=LAYERS_MAX,
        )
        found[family] = Absence(Absent.LEFT_OUT, why)
