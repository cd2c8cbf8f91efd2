"""Signals of generated images as a set: variety, coverage of the real data, distance to it, copying, movement."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_CLASS_SHARES = Chart(
    "class-shares",
    groups.SAMPLES,
    Message("Digits among the samples"),
    Message(
        "Over the last 256 images; for digit data only. Rows as bright as the column of the real data: the digits come "
        "in your data's proportions. A dark row: that digit is missing. One bright row among dark ones: mode collapse "
        "onto that digit."
    ),
    kind="shares",
)
_TRAJECTORY = Chart(
    "sample-trajectory",
    groups.SAMPLES,
    Message("Path of the images of fixed latents"),
    Message(
        "The step should shrink as training settles. The step stays large while the distance to an earlier probe is no "
        "larger: the generator goes in circles."
    ),
)

SIGNALS = (
    Signal(
        "sample_nn_distance",
        units.L2_NORM,
        Message("Median distance from a generated image to its nearest other generated image."),
        "probe",
        Chart(
            "sample-nn-distance",
            groups.SAMPLES,
            Message("Distance to the nearest other sample"),
            Message("Below the band: samples repeat one another, the mark of mode collapse."),
        ),
    ),
    Signal(
        "sample_duplicate_pairs",
        units.PAIRS,
        Message("Pairs of generated images that are closer than real images ever are."),
        "probe",
        Chart(
            "sample-duplicate-pairs",
            groups.SAMPLES,
            Message("Duplicate pairs"),
            Message("Above the band: full or partial mode collapse."),
        ),
    ),
    Signal(
        "sample_pairwise_distance",
        units.L2_NORM,
        Message("Mean distance between two generated images."),
        "probe",
        Chart(
            "sample-pairwise-distance",
            groups.SAMPLES,
            Message("Mean distance between samples"),
            Message("Far below the band: all samples look alike. It does not show partial collapse."),
        ),
    ),
    Signal(
        "sample_coverage",
        None,
        Message("Share of real images with a generated neighbour. 1: as real data would score."),
        "probe",
        Chart(
            "sample-coverage",
            groups.SAMPLES,
            Message("Coverage of the real data"),
            Message("1: as real data would score. Low: parts of your data are never generated."),
        ),
    ),
    Signal(
        "sample_kid",
        units.KID,
        Message("Kernel distance to the real data in a fixed random convolutional embedding."),
        "probe",
        Chart(
            "sample-kid",
            groups.SAMPLES,
            Message("Kernel distance to the real data"),
            Message("Falls as samples approach your data. Rising again: quality is getting worse."),
        ),
    ),
    Signal(
        "feature_distance",
        None,
        Message("Energy distance to the real data in features of your own, in mean distances among real data."),
        "probe",
        Chart(
            "feature-distance",
            groups.SAMPLES,
            Message("Distance in your own features"),
            Message("0: as real data would score. It is shown and not judged."),
        ),
    ),
    Signal(
        "sample_missing_share",
        units.SHARE,
        Message("Share of the real data in regions where the last 256 generated images are missing or rare."),
        "probe",
        Chart(
            "sample-missing-share",
            groups.SAMPLES,
            Message("Missing share of the real data"),
            Message(
                "Over the last 256 images, so it lags by a few probes. Above the band: whole regions of your data are "
                "not generated."
            ),
        ),
    ),
    Signal(
        "sample_class_perplexity",
        units.CLASSES,
        Message("Effective number of digits among the last 256 generated images, according to a digit classifier."),
        "probe",
        Chart(
            "sample-class-perplexity",
            groups.SAMPLES,
            Message("Effective number of digits"),
            Message(
                "Over the last 256 images; for digit data only. Below the band: digits are missing or rare. 10: all "
                "digits are equally frequent, or the images are noise and show no digit."
            ),
        ),
    ),
    Signal(
        "sample_class_share",
        units.SHARE,
        Message("Share of one digit among the last 256 generated images."),
        "probe",
        _CLASS_SHARES,
        is_family=True,
    ),
    Signal(
        "sample_class_kid",
        units.KID,
        Message("Kernel distance to the real data in the features of a digit classifier."),
        "probe",
        Chart(
            "sample-class-kid",
            groups.SAMPLES,
            Message("Kernel distance to the real digits"),
            Message(
                "For digit data only. Falls as samples become digits like yours. Above the band: they are no digits, "
                "or some digits are missing."
            ),
        ),
    ),
    Signal(
        "sample_copying",
        None,
        Message("Probability that a generated image is nearer to the trained-on real images than a held-out one is."),
        "probe",
        Chart(
            "sample-copying",
            groups.SAMPLES,
            Message("Copying of training images"),
            Message(
                "0.5: as new as held-out real images. Near 1: samples repeat training images, or are smoother than "
                "real ones. Near 0: far from all real images."
            ),
        ),
    ),
    Signal(
        "sample_step_distance",
        units.L2_NORM,
        Message("Mean distance between the images of fixed latents now and at the previous probe."),
        "probe",
        _TRAJECTORY,
    ),
    Signal(
        "sample_return_distance",
        units.L2_NORM,
        Message(
            "Smallest mean distance between the images of fixed latents now and at an earlier probe, without the last "
            "two."
        ),
        "probe",
        _TRAJECTORY,
        "generator",
        "dash",
    ),
)
