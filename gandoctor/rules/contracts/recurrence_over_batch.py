"""GD024: a recurrent layer takes the batch for time.

What it is
    PyTorch's GRU, LSTM and RNN take time first, unless they are built with `batch_first=True`. Given batches first,
    they run from one example to the next, and each time step is an example to them.

Why it hurts
    What belongs together in a series is judged apart, and what has nothing to do with each other together. Values come
    out right one by one, and nothing makes neighbours fit: the series is noise.

How it is recognised
    By the first call of each network: the layer is not built with `batch_first`, and the first axis of what it is given
    is the batch of the network, and the second is not.

What it is not
    A network that swaps the axes before the layer is right. Where the batch is as large as the series is long, nothing
    can be told.

What to do
    Build the layer with `batch_first=True`, or swap the first two axes of what it is given and of what it returns.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.player_names import NAMES, PLAYERS, SLOTS
from gandoctor.rules.reading.model_card import card_evidence, card_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run
from gandoctor.store.player_card import OVER_BATCH

_RECURRENT = ("RNN", "GRU", "LSTM")


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        layers: Recurrent layers of a player that must go along the batch: the shapes of one tell enough.
    """

    layers: int = 1


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on each player whose recurrent layers go along the batch."""
    evidence, recurrent = [], False
    for player in PLAYERS:
        card = card_of(run, player)
        layers = [layer for layer in card.layers if layer.type in _RECURRENT] if card is not None else []
        recurrent |= bool(layers)
        wrong = [layer.address for layer in layers if layer.settings.get(OVER_BATCH)]
        if len(wrong) >= limits.layers:
            statement = Message(
                "The {player}'s {layers} takes time first and is given the batch first: it runs from one example to "
                "the next.",
                player=NAMES[player],
                layers=", ".join(wrong),
            )
            addresses = [f"{SLOTS[player]}/{address}" for address in wrong]
            evidence.append(card_evidence(statement, len(wrong), None, addresses))
    if not recurrent:
        raise NotEvaluated(Message("No network holds a recurrent layer of PyTorch's."), applies=False)
    return evidence


LIMITS = Limits()

RULE = Rule(
    id="GD024",
    name="recurrence-over-batch",
    title=Message("A recurrent layer takes the batch for time"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("batch-first",),
    references=("PyTorch documentation, torch.nn.GRU (batch_first)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD302", "GD401", "GD402", "GD411"), critical=0.85, warning=0.7, info=0.2),
)
