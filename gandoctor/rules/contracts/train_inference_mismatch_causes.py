"""Why the networks may behave differently in training and in inference mode: ranked hypotheses for GD010."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.rules.hypotheses.networks import (
    batch_norm_in_discriminator,
    batch_norm_mode,
    layer_settings,
    too_much_dropout,
)
from gandoctor.rules.hypotheses.players import labels_disagree
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

GENERATOR_MOVED_IN_BOTH_STEPS = Hypothesis(
    "generator-moved-in-both-steps",
    Message("The discriminator's update also trains the generator, on images of the other mode"),
    Message(
        "If the fakes of the discriminator's step are made in inference mode, that step trains the generator to make "
        "images that are rejected, while its own step trains those of training mode to be accepted (GD005)."
    ),
)


SAMPLED_ONE_BY_ONE = Hypothesis(
    "sampled-one-by-one",
    Message("Samples are drawn one by one in training mode"),
    Message("Draw a batch, or call the generator in inference mode, and look at the samples again."),
)


BATCHES_OF_ONE = Hypothesis(
    "batches-of-one",
    Message("Batch normalisation is trained on batches of one"),
    Message(
        "Make samples in training mode, one at a time as in training, and beside them in inference mode: only the "
        "first are what the discriminator was shown."
    ),
)


def normalises_single_inputs(run: Run) -> bool:
    """Tell whether the generator has batch normalisation and is given one input at a time in training."""
    latent = run.manifest.latent
    if latent is None or latent.at_a_time != 1:
        return False
    return bool(layer_settings(run.manifest.generator, "BatchNorm", "momentum"))


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    if found.details == ["one-by-one"] and len(found.evidence) == 1:
        return [SAMPLED_ONE_BY_ONE.cause(0.95)]  # training itself shows nothing
    ranked = (
        batch_norm_mode,
        batch_norm_in_discriminator,
        generator_moved_in_both_steps,
        too_much_dropout,
        labels_disagree,
    )
    of_one = [BATCHES_OF_ONE.cause(0.95)] if normalises_single_inputs(run) else []
    return [*of_one, *(hypothesis(run) for hypothesis in ranked)]


def generator_moved_in_both_steps(run: Run) -> Cause:
    """Return the hypothesis that the discriminator's step also trains the generator.

    The scores are judgement: any movement is a fact (0.95), none rules it out (0.01).
    """
    moved = late_median(run, "g_update_in_d_step")
    if moved is None:
        return GENERATOR_MOVED_IN_BOTH_STEPS.cause(0.1)
    shown = Message("the discriminator's step moves it by {movement:.3g} (L2 norm)", movement=moved)
    return GENERATOR_MOVED_IN_BOTH_STEPS.cause(0.95 if moved > 0 else 0.01, shown)
