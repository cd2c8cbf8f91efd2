"""Links between hypotheses: which one names the reason for another, and which a symptom rule detects itself."""

from __future__ import annotations

MECHANISMS: dict[str, tuple[str, ...]] = {
    "generator-not-moving": ("no-batch-norm", "saturated-output", "saturating-loss", "range-mismatch", "GD006"),
    "saturated-output": ("no-batch-norm", "range-mismatch", "GD006"),
    "latents-ignored": ("no-batch-norm", "range-mismatch", "saturated-output", "GD006"),
    "no-gradient-arrives": ("logits-taken-for-probabilities", "GD105"),
    "logarithm-of-zero": ("logits-taken-for-probabilities", "GD105"),
    "exploding-updates": (
        "loss-too-large",
        "learning-rate-mistyped",
        "GD104",
        "GD006",
        "penalty-not-at-work",
        "no-lipschitz-bound",
    ),
    "dead-units": ("relu-without-leak", "exploding-updates", "GD107"),
    "discriminator-learns-faster": ("generator-not-moving", "saturating-loss", "GD003"),
    "discriminator-too-weak": ("discriminator-frozen", "GD002", "discriminator-hardly-moves"),
    "discriminator-overfits": ("too-few-images", "loader-repeats", "GD009"),
    "discriminator-unregularised": ("too-few-images", "loader-repeats", "GD009"),
    "discriminator-too-large": ("too-few-images", "loader-repeats", "GD009"),
}
"""Mechanism -> its possible reasons. A likely reason ranks above the mechanism."""

SEEN_BY: dict[str, str] = {"collapsed-later": "GD403"}
"""Hypothesis -> the symptom rule that detects it."""

SEQUELS = ("GD409",)
"""Symptom rules that say only that it became worse, not what it is."""
