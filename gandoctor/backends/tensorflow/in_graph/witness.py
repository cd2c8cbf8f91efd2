"""KerasWitness: copies of losses, discriminator outputs and latents, from which the objective is recognised."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.anew import anew
from gandoctor.backends.tensorflow.in_graph.kept_values import KeptValues
from gandoctor.backends.tensorflow.in_graph.switch import KerasSwitch
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph
from gandoctor.backends.tensorflow.replicas import own_variable
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.in_step import Said, Sides

OUTPUTS = 4
"""The latest discriminator outputs of a step that a loss may be made of: real, fake, interpolated, one to spare."""


class _Kind(NamedTuple):
    """The kind of an output of the discriminator."""

    places: int  # numbers that belong to one image
    has_logit: bool


class KerasWitness:
    """Copies numbers of the first steps inside the graph; see `recording.in_step.Witness`.

    Args:
        loss: Whether losses and the discriminator's outputs are wanted.
        latents: Whether the generator's inputs are.
    """

    def __init__(self, loss: bool = False, latents: bool = False) -> None:
        self.saw_penalty = False
        self.changed_at_random: Sides | None = None
        self._switches = {
            name: KerasSwitch(f"gandoctor_witness_{name}")
            for name, wanted in (("loss", loss), ("latents", latents))
            if wanted
        }
        for switch in self._switches.values():
            switch.set(True)
        self._kinds: dict[Player, list[_Kind]] = {}
        # Made now: variables born inside a train function make TensorFlow trace it twice.
        self._losses: dict[Player, Any] = {}
        self._outputs: dict[Player, list[tuple[KeptValues, KeptValues]]] = {}
        if loss:
            for player in PLAYERS:
                self._losses[player] = own_variable(0.0, "gandoctor_loss")
                self._outputs[player] = [
                    (KeptValues("gandoctor_output"), KeptValues("gandoctor_logit")) for _ in range(OUTPUTS)
                ]
        self._latents = KeptValues("gandoctor_latents") if latents else None

    # Inside the training step. --------------------------------------------------------------------------------

    def begin_step(self) -> None:
        """Begin a new call (a new trace) of the step."""
        self.saw_penalty = False

    def see_loss(self, phase: Player, loss: Any, outputs: list[Any], penalty: bool, may_be_compiled: bool) -> None:
        """Copy a loss and what the discriminator had said before it was differentiated."""
        if "loss" not in self._switches:
            return
        self.saw_penalty |= penalty
        graph = current_graph()
        here = [o for o in (_first(o) for o in outputs[-OUTPUTS:]) if graph is None or o.graph is graph]
        logits = [getattr(o, "_keras_logits", None) for o in here]
        self._kinds[phase] = [_Kind(_places(o), z is not None) for o, z in zip(here, logits, strict=True)]

        def store() -> None:
            self._losses[phase].assign(tf.cast(tf.reduce_sum(loss), tf.float32))
            for output, logit, (kept, kept_logit) in zip(here, logits, self._outputs[phase], strict=False):
                kept.keep(anew(output), may_be_compiled)
                if logit is not None:
                    kept_logit.keep(anew(logit), may_be_compiled)

        self._switches["loss"].when_on(store)

    def see_latents(self, inputs: Any, may_be_compiled: bool) -> None:
        """Copy what the generator is given in training."""
        latents = self._latents
        if latents is None or "latents" not in self._switches:
            return
        arrays = [t for t in tf.nest.flatten(inputs) if hasattr(t, "dtype") and tf.as_dtype(t.dtype).is_floating]
        if arrays:
            self._switches["latents"].when_on(lambda: latents.keep(arrays[0], may_be_compiled))

    # On the host, between steps. ------------------------------------------------------------------------------

    def losses(self) -> dict[Player, float]:
        """Return what was last differentiated for each player."""
        return {player: float(loss.numpy()) for player, loss in self._losses.items()}

    def said(self, player: Player) -> list[Said] | None:
        """Return what the discriminator said before a player's last update; None where no loss of it was seen."""
        if not self._kinds.get(player):
            return None
        found = []
        for kind, (kept, kept_logit) in zip(self._kinds[player], self._outputs[player], strict=False):
            output = kept.read()
            if kept.is_whole(output):
                found.append(Said(output, kept_logit.read() if kind.has_logit else output, kind.places))
        return found

    def latents(self) -> np.ndarray:
        """Return the numbers the generator was last given."""
        return np.zeros(0, np.float32) if self._latents is None else self._latents.read()

    def forget(self, what: Literal["loss", "latents"]) -> None:
        """Copy one of the two no longer."""
        if what in self._switches:
            self._switches.pop(what).set(False)


def _first(output: Any) -> Any:
    return output[0] if isinstance(output, list | tuple) else output


def _places(output: Any) -> int:
    return math.prod(output.shape[1:]) if output.shape[1:].is_fully_defined() else 1
