"""One call of `optimizer.apply`: whose update it is, what it is given, and the norm of its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tensorflow as tf

from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.player_names import PLAYERS, Player


@dataclass(frozen=True)
class KerasUpdate:
    """One call of `optimizer.apply`, before clipping; see `recording.in_step.Update`.

    Attributes:
        gradients: Player -> its (gradient, variable) pairs among those given; a gradient may be None.
        scale: What the gradients must be divided by: the loss scale of mixed precision, 1 without.
    """

    phase: Player
    gradients: dict[Player, list[tuple[Any, Any]]]
    scale: Any = 1.0
    applied: Any = True
    finite: Any = True

    @property
    def moves(self) -> list[Player]:
        """The players given a gradient: an optimizer skips weights without one."""
        return [player for player in PLAYERS if any(g is not None for g, _ in self.gradients[player])]

    @property
    def given(self) -> set[int]:
        """The variables of the phase's own player that are given a gradient, by id of the tf.Variable inside."""
        return {id(inner(v)) for g, v in self.gradients[self.phase] if g is not None}

    @cached_property
    def halves(self) -> dict[int, Any]:
        """Half the squared norm of each gradient of the phase's own player, by id of the tf.Variable inside."""
        return {id(inner(v)): _half_square(g) for g, v in self.gradients[self.phase] if g is not None}

    left_over = None

    def gradient_norm(self) -> Any | None:
        """Return the norm of the gradient of the phase's own player; None without any."""
        if not self.halves:
            return None
        return tf.sqrt(2.0 * tf.add_n(list(self.halves.values()))) / self.scale


def _half_square(gradient: Any) -> Any:
    """Half the sum of a gradient's squares, float32, one fused pass; a sparse one counts its non-zero rows."""
    dense = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
    return tf.nn.l2_loss(tf.cast(dense, tf.float32))
