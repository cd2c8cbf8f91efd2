"""Why training and inference may see different networks: ranked hypotheses for GD010 and what decides each."""

from __future__ import annotations

from gandoctor.rules.hypotheses.networks import batch_norm_in_discriminator, batch_norm_mode, too_much_dropout
from gandoctor.rules.hypotheses.players import labels_disagree
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    ranked = (
        batch_norm_mode,
        batch_norm_in_discriminator,
        generator_moved_in_both_steps,
        too_much_dropout,
        labels_disagree,
    )
    return [hypothesis(run) for hypothesis in ranked]


def generator_moved_in_both_steps(run: Run) -> Cause:
    """Return the hypothesis that the discriminator's step trains the generator as well."""
    moved = late_median(run, "g_update_in_d_step")
    shown = "not recorded" if moved is None else f"it moves it by {moved:.3g} (L2 norm)"
    return Cause(
        "generator-moved-in-both-steps",
        "The discriminator's update trains the generator too, on images of the other mode",
        0.1 if moved is None else 0.95 if moved > 0 else 0.01,
        "If its fakes are made in inference mode, it teaches those images to be rejected while the generator's own "
        f"step teaches those of training mode to be accepted (GD005). This run: {shown}.",
    )
