"""Faults of the real images: their range, their number and how they are loaded."""

from __future__ import annotations

from reference_models.faults.fault import Fault

_CHOSEN_ONCE = "the training images are chosen before the first step"

DATA = (
    Fault(
        name="symmetric-data",
        title="A sigmoid generator on data in [-1, 1]",
        description=(
            "The real images are scaled to [-1, 1], but the generator ends in a sigmoid, so it can never produce their "
            "background of -1. Switched on mid-run, the fault rescales the batches from that step on. The real images "
            "that the monitor was given at the start do not change."
        ),
        expected=("GD301", "GD006"),
        key="faults.symmetric_data.start",
        undone_by=("data.range",),
    ),
    Fault(
        name="byte-data",
        title="A sigmoid generator on data in [0, 255]",
        description=(
            "The real images are not scaled at all: a forgotten `/ 255`. Switched on mid-run, the fault scales the "
            "batches from that step on. The real images that the monitor was given at the start do not change."
        ),
        expected=("GD006", "GD301"),
        key="faults.byte_data.start",
        undone_by=("data.range",),
    ),
    Fault(
        name="repeated-batch",
        title="The data loader returns the same batch in every step",
        description=(
            "Every step creates a new iterator, or a cache is in the wrong place. The discriminator sees only one "
            "batch of real images."
        ),
        expected=("GD009",),
        key="faults.repeated_batch.start",
        undone_by=("feed-varied-batches",),
    ),
    Fault(
        name="few-real-images",
        title="There are only 64 real images",
        description="The discriminator can memorise 64 images. The samples show it only after thousands of steps.",
        expected=("GD304", "GD408"),
        changes={"data.training_images": 64},
        only_from_the_start=_CHOSEN_ONCE,
    ),
    Fault(
        name="one-digit",
        title="The data are only zeros: not a fault",
        description=(
            "Trains only on the digit 0. Samples that are all zeros are then correct, and no rule may call them "
            "collapsed."
        ),
        expected=(),
        changes={"data.digits": 1},
        only_from_the_start=_CHOSEN_ONCE,
    ),
    Fault(
        name="seven-digits",
        title="The data have no 7, 8 or 9: not a fault",
        description="Trains on the digits 0 to 6. No rule may report that the samples lack the others.",
        expected=(),
        changes={"data.digits": 7},
        only_from_the_start=_CHOSEN_ONCE,
    ),
)
