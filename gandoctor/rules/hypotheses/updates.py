"""Hypotheses on the arithmetic of an update: updates that explode, losses that are infinite, gradients that are 0."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.rules.hypothesis import Hypothesis

EXPLODING_UPDATES = Hypothesis(
    "exploding-updates",
    Message("The learning rate is too high and the updates explode"),
    Message(
        "Gradient norms grow for many steps before the failure, and a learning rate ten times lower delays or prevents "
        "it."
    ),
)

LOGARITHM_OF_ZERO = Hypothesis(
    "logarithm-of-zero",
    Message("The loss takes the logarithm of a probability that reached 0"),
    Message(
        "The loss becomes infinite before the gradients do, while the discriminator is confident. Computing it from "
        "logits prevents that."
    ),
)

NO_GRADIENT_ARRIVES = Hypothesis(
    "no-gradient-arrives",
    Message("The loss is saturated or does not depend on the weights"),
    Message(
        "The gradient norm is exactly 0: the images were generated outside the tape, were converted to NumPy arrays, "
        "or the loss is flat where they lie."
    ),
)
