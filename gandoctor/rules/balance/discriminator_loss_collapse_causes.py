"""Why a discriminator's loss may have collapsed: the hypotheses that GD301 ranks."""

from __future__ import annotations

from gandoctor.rules.hypotheses.networks import (
    batch_norm_in_discriminator,
    batch_norm_mode,
    batch_norm_placement,
    no_batch_norm,
    too_much_dropout,
)
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import (
    discriminator_learns_faster,
    discriminator_pretrained,
    generator_not_moving,
    labels_disagree,
    latents_ignored,
    phases_disagree,
)
from gandoctor.rules.hypotheses.training import saturating_loss
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

_RANKED = (
    saturating_loss,
    generator_not_moving,
    labels_disagree,
    phases_disagree,
    batch_norm_mode,
    batch_norm_in_discriminator,
    batch_norm_placement,
    no_batch_norm,
    too_much_dropout,
    latents_ignored,
    range_mismatch,
    discriminator_pretrained,
    discriminator_learns_faster,
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [hypothesis(run) for hypothesis in _RANKED]
