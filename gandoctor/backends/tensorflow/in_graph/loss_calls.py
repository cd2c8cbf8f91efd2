"""What cross-entropies of classes are given in a traced step: read from the graph, which names the op before each."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.store.cards import LossCallCard

_LOSSES = frozenset({"SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"})
_PASSED = frozenset({"Reshape", "Identity", "Cast", "Squeeze"})
OPS_MAX = 2000


class LossCalls:
    """Looks at the graphs of the losses that are differentiated.

    Attributes:
        cards: Loss -> what it is given.
    """

    def __init__(self) -> None:
        self.cards: dict[str, LossCallCard] = {}

    def differentiated(self, target: Any) -> None:
        """A tensor has been differentiated; in eager execution it has no graph."""
        for loss in _cross_entropies(target):
            made_by = _before(loss.inputs[0])
            given = "probabilities" if made_by.type == "Softmax" else "any"
            if self.cards.get("cross_entropy", LossCallCard(given="any")).given != "probabilities":
                self.cards["cross_entropy"] = LossCallCard(given=given)  # type: ignore[arg-type]


def _cross_entropies(target: Any) -> list[Any]:
    """Return the ops of cross-entropies that a tensor is made of, as far as they are near."""
    if tf.executing_eagerly() or not tf.is_tensor(target) or not hasattr(target, "graph"):
        return []
    found: list[Any] = []
    seen: set[Any] = set()
    waiting = [target.op]
    while waiting and len(seen) < OPS_MAX:
        op = waiting.pop(0)
        if op in seen:
            continue
        seen.add(op)
        if op.type in _LOSSES:
            found.append(op)
        else:
            waiting += [t.op for t in op.inputs]
    return found


def _before(tensor: Any) -> Any:
    """Return the op that made a tensor, not counting those that change its shape or type only."""
    op = tensor.op
    while op.type in _PASSED and op.inputs:
        op = op.inputs[0].op
    return op
