"""Faults of the real images: their range, their number, the loader."""

from __future__ import annotations

from reference_models.faults.fault import Fault

_CHOSEN_ONCE = "which images are trained on is decided before the first step"

DATA = (
    Fault(
        name="symmetric-data",
        title="A sigmoid generator on data in [-1, 1]",
        description=(
            "The real images are scaled to [-1, 1] while the generator ends in a sigmoid, so that it can "
            "never make their background of -1. Switched on mid-run it rescales the batches from then on; "
            "the real images the monitor was given at the start stay as they were."
        ),
        expected=("GD301", "GD006"),
        key="faults.symmetric_data.start",
    ),
    Fault(
        name="byte-data",
        title="A sigmoid generator on data in [0, 255]",
        description=(
            "The real images are not scaled at all: the forgotten `/ 255`. Switched on mid-run it scales the batches "
            "from then on; the real images the monitor was given at the start stay as they were."
        ),
        expected=("GD006", "GD301"),
        key="faults.byte_data.start",
    ),
    Fault(
        name="repeated-batch",
        title="The data loader gives the same batch every step",
        description="An iterator made anew in every step, or a cache in the wrong place: one batch is all D ever sees.",
        expected=("GD009",),
        key="faults.repeated_batch.start",
    ),
    Fault(
        name="few-real-images",
        title="There are 64 real images",
        description=(
            "The discriminator can learn 64 images by heart. It takes thousands of steps until the samples show it."
        ),
        expected=("GD304", "GD408"),
        changes={"data.training_images": 64},
        only_from_the_start=_CHOSEN_ONCE,
    ),
    Fault(
        name="one-digit",
        title="The data are zeros only: not a fault",
        description=(
            "Trains on the zeros among the digits. Samples that are all zeros are then right: no rule may call them "
            "collapsed."
        ),
        expected=(),
        changes={"data.digits": 1},
        only_from_the_start=_CHOSEN_ONCE,
    ),
    Fault(
        name="seven-digits",
        title="The data lack 7, 8 and 9: not a fault",
        description="Trains on the digits 0 to 6. No rule may miss the others in the samples.",
        expected=(),
        changes={"data.digits": 7},
        only_from_the_start=_CHOSEN_ONCE,
    ),
)
