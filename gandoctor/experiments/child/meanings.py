"""Meanings: what the errors that GAN loops raise most often mean for a GAN, and what to look for."""

from __future__ import annotations

import re

_MEANINGS = (
    (
        r"No gradients provided for any variable",
        "The loss does not depend on these weights through anything that has a gradient. Look between the players for "
        "numpy(), predict, argmax, one_hot or round, and for images made outside the tape.",
    ),
    (
        r"does not require grad and does not have a grad_fn",
        "The loss depends on no parameter. Look for detach(), no_grad(), .data, numpy() or argmax on the way to it.",
    ),
    (
        r"backward through the graph a second time",
        "The discriminator's backward() has used up the graph of the generated images. Give its loss fake.detach(), "
        "and score the images anew for the generator's loss.",
    ),
    (
        r"modified by an inplace operation",
        "An optimizer moved weights between a forward pass and its backward(). Score the generated images anew after "
        "the discriminator's step.",
    ),
    (
        r"all elements of (input|target) should be between 0 and 1|Assertion `?x >= 0\. && x <= 1",
        "BCELoss takes probabilities. End the discriminator with a sigmoid, or use BCEWithLogitsLoss without one.",
    ),
    (
        r"Using a target size .* that is different to the input size|Target size .* must be the same as input size",
        "Labels need the shape of the discriminator's output: torch.ones_like(output).",
    ),
    (
        r"optimizer cannot recognize variable",
        "A Keras optimizer belongs to the weights that it was built with. Give each player an optimizer of its own.",
    ),
)


def meaning_of(error: str) -> str | None:
    """Return what an error means for a GAN, in a few sentences; None where it is none of the known ones.

    Args:
        error: The error as Python prints it, in one line or more.
    """
    return next((meaning for pattern, meaning in _MEANINGS if re.search(pattern, error)), None)
