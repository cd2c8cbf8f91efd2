"""Signals of the discriminator's answers: scores, logits, accuracy, and how well it separates real from fake."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Colour, Dash, Signal

_SHARES = (-0.04, 1.04)

_SCORES = Chart(
    "scores",
    groups.DISCRIMINATOR,
    Message("Scores"),
    Message(
        "Real and fake converge: the generator is catching up. Real and held-out drift apart: the discriminator is "
        "memorising its training images."
    ),
)
_LOGITS = Chart(
    "logits",
    groups.DISCRIMINATOR,
    Message("Logits"),
    Message(
        "The scores before the sigmoid. They still tell very sure from sure where the scores sit at 0 and 1. A gap "
        "that only widens: the discriminator is running away."
    ),
)
_LOGIT_SPREAD = Chart(
    "logit-spread",
    groups.DISCRIMINATOR,
    Message("Spread of the logits"),
    Message(
        "Real and generated bands overlap: the discriminator cannot tell many of the images apart. Bands that no "
        "longer touch: it is sure of every image, and its feedback fades. Real and held-out bands apart: it memorises "
        "its training images. A generated band as thin as a line: all samples get the same score, often because they "
        "look the same."
    ),
    kind="bands",
)
_ACCURACY = Chart(
    "accuracy",
    groups.DISCRIMINATOR,
    Message("Accuracy"),
    Message(
        "Near 1 early on is normal. One of them at 0: the discriminator gives every image the same answer. Held-out "
        "well below real: it overfits."
    ),
    limits=_SHARES,
)
_ACCURACY_TRAINING = Chart(
    "accuracy-training",
    groups.DISCRIMINATOR,
    Message("Accuracy in training mode"),
    Message(
        "The same with dropout and batch norm as in training. Far from the previous chart: the discriminator behaves "
        "differently in training and in inference."
    ),
    limits=_SHARES,
)
_SEPARATION = Chart(
    "separation",
    groups.DISCRIMINATOR,
    Message("Separation of real and fake"),
    Message(
        "Above 0, real images score higher, as they should. Rising without end: the discriminator dominates. At or "
        "below 0 for long: it has learned nothing, or its labels are swapped."
    ),
    unit=units.POOLED_DEVIATIONS,
)
_LOGIT_GAP = Chart(
    "logit-gap",
    groups.DISCRIMINATOR,
    Message("Logit gap"),
    Message(
        "How confidently the discriminator tells real from fake. In healthy training it grows at first and shrinks as "
        "the generator improves."
    ),
)
_AUC = Chart(
    "auc",
    groups.DISCRIMINATOR,
    Message("Ranking of real over fake (AUC)"),
    Message(
        "1: every real image scores above every fake, which is normal early on, and later too on easy data. 0.5: a "
        "coin toss. Near 0: the labels are inverted."
    ),
    unit=units.PROBABILITY,
    limits=_SHARES,
)
_LOGIT_CHANGES = Chart(
    "logit-changes",
    groups.DISCRIMINATOR,
    Message("Effect of each update on the logits"),
    Message(
        "Measured on the same fakes before and after. The gap's change in the discriminator's step and the fakes' "
        "change in the generator's step should have the same sign. Opposite signs: both players pull the same way. "
        "Zero throughout: that update changes nothing."
    ),
)
_SCORE_PULLS = Chart(
    "score-pulls",
    groups.DISCRIMINATOR,
    Message("Which way each loss pulls the scores"),
    Message(
        "1: the loss wants every score higher; -1: lower; 0: it asks for nothing. In one game the discriminator's loss "
        "pulls scores of real and of generated images apart, and the generator's pulls those of generated ones the "
        "other way than the discriminator's."
    ),
)
_BATCH_GAP = Chart(
    "d-batch-gap",
    groups.DISCRIMINATOR,
    Message("Effect of the rest of the batch on a score"),
    Message(
        "Near zero: a fake gets the same score in any batch. Large: batch norm compares the images of a batch, so "
        "fakes score differently next to real images than alone."
    ),
)
_INPUT_GRADIENT = Chart(
    "d-input-gradient",
    groups.DISCRIMINATOR,
    Message("Slope of the discriminator"),
    Message(
        "How fast a score changes with the image. A gradient penalty between real and generated images holds it near "
        "1. Growing by factors of ten: the discriminator becomes a cliff. Zero: the generator learns nothing from it."
    ),
    log=True,
)
_SLOPES: tuple[tuple[str, Message, Colour, Dash], ...] = (
    (
        "real",
        Message("Norm of the gradient of the logit with respect to a real image; mean over images (inference mode)."),
        "real",
        "solid",
    ),
    (
        "fake",
        Message("Norm of the gradient of the logit with respect to a generated image; mean over images."),
        "fake",
        "solid",
    ),
    (
        "between",
        Message("The same at points between real and generated images, where a gradient penalty is usually taken."),
        "discriminator",
        "dash",
    ),
)

SIGNALS = (
    Signal(
        "d_real_score",
        units.SCORE,
        Message("Mean output of the discriminator on real images it trains on (inference mode)."),
        "probe",
        _SCORES,
        "real",
    ),
    Signal(
        "d_holdout_score",
        units.SCORE,
        Message("Mean output of the discriminator on real images it never trains on (inference mode)."),
        "probe",
        _SCORES,
        "holdout",
        "dash",
    ),
    Signal(
        "d_fake_score",
        units.SCORE,
        Message("Mean output of the discriminator on generated images (inference mode)."),
        "probe",
        _SCORES,
        "fake",
    ),
    Signal(
        "d_real_logit",
        units.LOGIT,
        Message("Mean logit of the discriminator on real images it trains on (inference mode)."),
        "probe",
        _LOGITS,
        "real",
    ),
    Signal(
        "d_holdout_logit",
        units.LOGIT,
        Message("Mean logit of the discriminator on held-out real images (inference mode)."),
        "probe",
        _LOGITS,
        "holdout",
        "dash",
    ),
    Signal(
        "d_fake_logit",
        units.LOGIT,
        Message("Mean logit of the discriminator on generated images (inference mode)."),
        "probe",
        _LOGITS,
        "fake",
    ),
    Signal(
        "d_real_logit_quantile",
        units.LOGIT,
        Message("Logit that this percentage of a probe's trained-on real images do not exceed (inference mode)."),
        "probe",
        _LOGIT_SPREAD,
        "real",
        is_family=True,
    ),
    Signal(
        "d_holdout_logit_quantile",
        units.LOGIT,
        Message("Logit that this percentage of a probe's held-out real images do not exceed (inference mode)."),
        "probe",
        _LOGIT_SPREAD,
        "holdout",
        "dash",
        is_family=True,
    ),
    Signal(
        "d_fake_logit_quantile",
        units.LOGIT,
        Message("Logit that this percentage of a probe's generated images do not exceed (inference mode)."),
        "probe",
        _LOGIT_SPREAD,
        "fake",
        "dot",
        is_family=True,
    ),
    Signal(
        "d_real_accuracy",
        units.SHARE,
        Message("Share of trained-on real images that the discriminator calls real (inference mode)."),
        "probe",
        _ACCURACY,
        "real",
    ),
    Signal(
        "d_holdout_accuracy",
        units.SHARE,
        Message("Share of held-out real images that the discriminator calls real (inference mode)."),
        "probe",
        _ACCURACY,
        "holdout",
        "dash",
    ),
    Signal(
        "d_fake_accuracy",
        units.SHARE,
        Message("Share of generated images that the discriminator calls fake (inference mode)."),
        "probe",
        _ACCURACY,
        "fake",
    ),
    Signal(
        "d_real_accuracy_training",
        units.SHARE,
        Message("d_real_accuracy with dropout and batch norm as in training."),
        "probe",
        _ACCURACY_TRAINING,
        "real",
    ),
    Signal(
        "d_fake_accuracy_training",
        units.SHARE,
        Message("d_fake_accuracy with dropout and batch norm as in training."),
        "probe",
        _ACCURACY_TRAINING,
        "fake",
    ),
    Signal(
        "stale_fake_share",
        units.SHARE,
        Message(
            "Share of the batches that stand for generated images in the discriminator's step and were judged in the "
            "step before, too. Absent where it judges images that were just made."
        ),
        "step",
        Chart(
            "stale-fakes",
            groups.DISCRIMINATOR,
            Message("Fakes that come again"),
            Message("1: the discriminator is shown the same fakes at every step, whatever the generator makes."),
        ),
    ),
    Signal(
        "d_prime",
        None,
        Message("Distance between real and fake logits, in pooled standard deviations."),
        "probe",
        _SEPARATION,
    ),
    Signal(
        "d_logit_gap",
        units.LOGIT,
        Message("d_real_logit minus d_fake_logit: how confidently the discriminator tells them apart."),
        "probe",
        _LOGIT_GAP,
    ),
    Signal(
        "d_auc",
        None,
        Message("Probability that a real image scores above a generated one (inference mode)."),
        "probe",
        _AUC,
    ),
    Signal(
        "fake_logit_change_in_g_step",
        units.LOGIT,
        Message("How much the generator's update changed the discriminator's mean logit on a fixed set of fakes."),
        "probe",
        _LOGIT_CHANGES,
        "generator",
    ),
    Signal(
        "fake_logit_change_in_d_step",
        units.LOGIT,
        Message("How much the discriminator's update changed its mean logit on a fixed set of fakes."),
        "probe",
        _LOGIT_CHANGES,
        "fake",
        "dash",
    ),
    Signal(
        "logit_gap_change_in_d_step",
        units.LOGIT,
        Message("How much the discriminator's update changed the gap between its mean real and mean fake logits."),
        "probe",
        _LOGIT_CHANGES,
    ),
    Signal(
        "real_score_pull_in_d_step",
        None,
        Message("Which way the discriminator's loss pulls its scores of real images, from -1 (down) to 1 (up)."),
        "step",
        _SCORE_PULLS,
        "real",
    ),
    Signal(
        "fake_score_pull_in_d_step",
        None,
        Message("Which way the discriminator's loss pulls its scores of generated images, from -1 (down) to 1 (up)."),
        "step",
        _SCORE_PULLS,
        "fake",
    ),
    Signal(
        "fake_score_pull_in_g_step",
        None,
        Message("Which way the generator's loss pulls the scores of generated images, from -1 (down) to 1 (up)."),
        "step",
        _SCORE_PULLS,
        "generator",
        "dash",
    ),
    Signal(
        "d_batch_gap",
        None,
        Message(
            "Difference between the discriminator's logits of fakes next to real images and of fakes alone, relative "
            "to their spread."
        ),
        "probe",
        _BATCH_GAP,
    ),
    *(
        Signal(f"d_input_gradient_{where}", units.L2_NORM, meaning, "probe", _INPUT_GRADIENT, colour, dash)
        for where, meaning, colour, dash in _SLOPES
    ),
)
