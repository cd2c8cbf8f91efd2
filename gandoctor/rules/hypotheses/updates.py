"""Hypotheses on what drives an update: the learning rate, the gradient and the data."""

from __future__ import annotations

from collections.abc import Mapping

from gandoctor.message import Message
from gandoctor.player_names import NAMES, Player
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis

LOWEST_RATE, HIGHEST_RATE = 1e-6, 5e-2
"""Usual learning rates of an optimizer that divides by the gradient's size: two and a half decades below and above
2e-4, the most usual one; 1e-2 did no harm in one run. Judgement."""

LEARNING_RATE_MISTYPED = Hypothesis(
    "learning-rate-mistyped",
    Message("A learning rate was mistyped by orders of magnitude"),
    Message("Read it in the code: 1e-4 and 4e-4 are usual with Adam and RMSprop."),
)
EXPLODING_UPDATES = Hypothesis(
    "exploding-updates",
    Message("The learning rate is too large: updates exploded"),
    Message("A learning rate ten times smaller moves the explosion or removes it."),
)
NO_GRADIENT_ARRIVES = Hypothesis(
    "no-gradient-arrives",
    Message("Its loss does not depend on its weights, or is saturated"),
    Message(
        "The norm of its gradient is exactly 0: the images were made outside the tape, went through NumPy, or met a "
        "loss that is flat there."
    ),
)
BAD_DATA = Hypothesis(
    "bad-data",
    Message("The data hold NaN or values far outside the range the networks expect"),
    Message(
        "Check `numpy.isfinite(x).all()` over the training data, and their minimum and maximum. A single bad image "
        "strikes once an epoch."
    ),
)


def shown_rates(rates: Mapping[Player, float]) -> Message:
    """Return learning rates as a clause."""
    if not rates:
        return NOT_RECORDED
    shown = tuple(Message("{rate:.2g} for the {player}", rate=rates[p], player=NAMES[p]) for p in rates)
    return Message("the learning rate is {rates}", rates=shown)
