"""The model card of a Keras network on TensorFlow: subclassed ones are followed in a graph that is thrown away."""

from __future__ import annotations

from typing import Any

from gandoctor.backends.keras_networks import model_card
from gandoctor.backends.tensorflow.in_graph.step_log import as_float
from gandoctor.backends.tensorflow.players.call_trace import follow
from gandoctor.store import PlayerCard


def describe(network: Any, optimizer: Any = None) -> PlayerCard:
    """Describe one player, before, during or after training; never raises.

    Args:
        network: A Keras network. A subclassed one that is built is called once on placeholders.
        optimizer: What trains it, or None.
    """
    return model_card.describe(network, optimizer, follow, as_float)


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return class, current learning rate, schedule, clipping and the like of an optimizer; never raises."""
    return model_card.describe_optimizer(optimizer, as_float)
