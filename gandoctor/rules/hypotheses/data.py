"""Hypotheses on the real images: what they hold and how they reach the discriminator."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.rules.hypothesis import Hypothesis

BAD_DATA = Hypothesis(
    "bad-data",
    Message("The data contain NaN, or values far outside the range the networks expect"),
    Message(
        "Check `numpy.isfinite(x).all()` over the training data, and their minimum and maximum. A single bad image "
        "strikes once per epoch."
    ),
)

LOADER_REPEATS = Hypothesis(
    "loader-repeats",
    Message("The data pipeline keeps yielding the same images"),
    Message(
        "Compare two successive batches from the pipeline with `numpy.array_equal`, and count the different images in "
        "an epoch."
    ),
)
