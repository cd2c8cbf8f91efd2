"""Cards: what a manifest says of the data, the latents, the labels, the losses and the program's own samples."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Source = Literal["given", "inferred", "assumed", "unknown"]
DataKind = Literal["images", "series", "vectors"]


class DataCard(BaseModel):
    """The user's real data, as measured by the monitor on the probe data.

    Attributes:
        shape: Shape of one example, such as (28, 28, 1).
        minimum: Smallest value, in the data's own units.
        maximum: Largest value, in the data's own units.
        probe_count: Number of probe examples, which are real data that the discriminator trains on.
        holdout_count: Number of real examples that it never trains on; 0 if none were given.
        share_at_minimum: Share of all values that equal the minimum, 0..1.
        share_at_maximum: Share of all values that equal the maximum, 0..1.
        distinct_count: Number of different examples among the probe examples. Exact copies count once.
        kind: "images", also flat ones of shape (784,); "series" of shape (T, C); or "vectors" of shape (c,), such
            as the rows of a table. Runs of earlier versions are of images.
        column_stds: Smallest and largest standard deviation of a column (of series: a channel) that varies, in data
            units. None for images.
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    std: float
    probe_count: int
    holdout_count: int = 0
    share_at_minimum: float | None = None
    share_at_maximum: float | None = None
    distinct_count: int | None = None
    kind: DataKind = "images"
    column_stds: tuple[float, float] | None = None


class LatentLaw(BaseModel):
    """Mean and standard deviation of the latents that one call of the generator in a step was fed, over some steps."""

    mean: float
    std: float
    count: int


class LatentCard(BaseModel):
    """The distribution of the generator's input, measured on one batch of latents, or known by its shape only.

    Attributes:
        at_a_time: The most that one call of the generator is given in training; None where that was not seen.
    """

    shape: tuple[int, ...]
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    at_a_time: int | None = None
    source: Source = "inferred"


class LabelCard(BaseModel):
    """The labels of a conditional GAN, as they were recognised in what its players are fed.

    Attributes:
        generator: How a class is written in the generator's input: "class numbers", "one-hot rows", ...
        generator_beside: Whether the noise shares an array with it.
        discriminator: Likewise in the discriminator's; "none" where it is given images alone, None where that is not
            known.
        classes: Number of classes among the probe's latents; 1 where the generator is given one label only.
        places: Classes that a one-hot label has room for; None for class numbers.
        seen: Labels of training that were seen, one a latent.
        real_classes: Number of classes beside the real images; None where it is not known.
        agreement: Share of generated images that the discriminator is shown under the label they were made for, 0..1.
            None where that is not known.
        real_visibility: Share of random draws of 64 real images in which their labels show beyond chance, 0..1: how
            likely it is that labels of good samples would be seen. None where the labels are not known.
        source: Where this is from.
    """

    generator: str
    generator_beside: bool = False
    discriminator: str | None = None
    classes: int
    places: int | None = None
    seen: int | None = None
    real_classes: int | None = None
    agreement: float | None = None
    real_visibility: float | None = None
    source: Source = "inferred"


class PairCard(BaseModel):
    """Inputs of the generator that training pairs with real samples, as it was told from the rows of its batches.

    Attributes:
        count: Pairs that were looked at.
        told: Share of the real samples' variance that a linear map of the inputs foretells: the least that good samples
            have in common with their partners. 0 and less: inputs and real samples have nothing to do with each other.
        shown_to_discriminator: Whether the discriminator is given anything beside the sample; None if unknown.
    """

    count: int
    told: float
    shown_to_discriminator: bool | None = None


class DrawnCard(BaseModel):
    """Samples that the program itself has made outside of the training steps, the latest of each kind of call.

    Attributes:
        network: "generator", or "copy": another network of the same build that is not trained, such as an average.
        step: Completed steps when they were made.
        count: Samples that were looked at.
        at_a_time: Samples that one call returned.
        training: Whether the network was in training mode; None where that is not known.
        normalised: Whether, in training mode, a sample hangs on the others of its batch.
        drawn, trained: Law of the latents that they were made from, and of those of training; None where there are too
            few, or where the generator is given images.
        labels: "strange" where the label has a form that training's never had, "unknown" where it is one that training
            never gave; None where no label was recognised or all is as in training.
        spread: Mean standard deviation over the samples, over that of the generator's own from the same inputs.
        distance: Energy distance from the real data, in mean distances among them.
        own_distance: That of the generator's own samples from the same inputs, in one batch of the same mode.
    """

    network: Literal["generator", "copy"]
    step: int
    count: int
    at_a_time: int
    training: bool | None = None
    normalised: bool = False
    drawn: LatentLaw | None = None
    trained: LatentLaw | None = None
    labels: Literal["strange", "unknown"] | None = None
    spread: float | None = None
    distance: float | None = None
    own_distance: float | None = None


Given = Literal["probabilities", "log-probabilities", "any"]
"""What a loss of classes was given: rows that add up to 1, their logarithms, or neither."""


class LossCallCard(BaseModel):
    """A loss of classes as the program calls it.

    Attributes:
        given: What it was given, in all calls that were looked at.
        calls: How many these were; None where it was read from a graph, which holds for all.
    """

    given: Given
    calls: int | None = None


class ObjectiveCard(BaseModel):
    """How the losses are computed from the discriminator's outputs, told from the numbers of the first steps.

    Attributes:
        reads: What a cross-entropy takes the discriminator's output for; "either" where Keras knows the logits of a
            final sigmoid, None of other losses and where no formula fits.
        is_sum: Whether the generator's loss is a sum over the batch and not a mean; None where that is not known.
        labels: "own" where each output of the discriminator meets its own label, "crossed" where its loss is the mean
            over every pairing of an output with a label, "same" where it asks the same of real and of generated images;
            None where no formula fits.
        low_label: Of a least-squares discriminator the lower one of the labels that its outputs are compared with, 0 or
            -1, the higher one being 1; None of other losses, and where none or both fit.
        output_low: Smallest output of the discriminator in those steps; output_high: its largest.
        penalised: Whether something was differentiated with respect to the discriminator's input.
        changed_at_random: Which of the discriminator's batches random numbers were added to, or multiplied with; None
            where that could not be seen.
        steps: Steps that were compared.
    """

    reads: Literal["logits", "probabilities", "either"] | None = None
    is_sum: bool | None = None
    labels: Literal["own", "crossed", "same"] | None = None
    low_label: float | None = None
    output_low: float
    output_high: float
    penalised: bool = False
    changed_at_random: Literal["none", "real", "fake", "both"] | None = None
    steps: int
