"""The correct causes of every fault: ids of contract rules, design rules and hypotheses.

They were fixed before any run was judged. A fault has several correct causes if they say the same in other words, or
name a link of the same chain ("the generator hardly moves" for a learning rate of 1e-7). A symptom that was put on the
images directly has no correct cause, unless a hypothesis names exactly that.
"""

from __future__ import annotations

_LABELS = ("GD008", "labels-disagree", "phases-disagree")
_RANGE = ("GD006", "range-mismatch")
_MIXED_BATCHES = ("GD106", "GD010", "batch-norm-in-discriminator", "phases-disagree", "batch-norm-mode")
_FAST_DISCRIMINATOR = ("GD104", "discriminator-learns-faster", "learning-rate-mistyped")

RIGHT_CAUSES: dict[str, tuple[str, ...]] = {
    "generator-step-moves-discriminator": ("GD004", "discriminator-moved-in-both-steps"),
    "discriminator-step-moves-generator": ("GD005", "generator-moved-in-both-steps"),
    "discriminator-frozen": ("GD002", "discriminator-frozen"),
    "generator-frozen": ("GD003", "generator-frozen", "generator-not-moving"),
    "swapped-labels": _LABELS,
    "generator-wants-fake": _LABELS,
    "logits-taken-for-probabilities": ("GD105", "logits-taken-for-probabilities"),
    "probabilities-taken-for-logits": ("GD105",),
    "loss-scale-1e4": ("loss-too-large",),
    "nan-at-step": ("GD001",),
    "generator-learning-rate-1e-7": ("GD104", "learning-rate-mistyped", "generator-not-moving"),
    "discriminator-learning-rate-x10": _FAST_DISCRIMINATOR,
    "discriminator-learning-rate-x100": _FAST_DISCRIMINATOR,
    "pretrained-discriminator": ("GD109", "discriminator-pretrained"),
    "constant-latent": ("GD007", "degenerate-latents"),
    "repeated-latent": ("GD007", "seed-reset", "degenerate-latents"),
    "half-latents-collapsed": (),
    "ten-latents": (),
    "symmetric-data": _RANGE,
    "byte-data": _RANGE,
    "repeated-batch": ("GD009", "loader-repeats"),
    "few-real-images": ("GD009", "too-few-images", "discriminator-overfits"),
    "linear-generator": _RANGE,
    "batch-norm-on-output": ("GD101", "batch-norm-placement"),
    "batch-norm-in-discriminator": _MIXED_BATCHES,
    "batch-norm-in-frozen-discriminator": _MIXED_BATCHES,
    "batch-norm-momentum-0.999": ("GD010", "batch-norm-mode"),
    "no-batch-norm": ("no-batch-norm", "saturated-output"),
    "relu-before-output": ("GD102", *_RANGE),
    "activation-before-batch-norm": ("GD102",),
    "dropout-before-batch-norm": ("GD102",),
    "dropout-0.9": ("GD103", "too-much-dropout"),
    "strided-upsampling": ("GD108", "uneven-upsampling"),
    "relu-discriminator": ("GD107", "dead-units", "relu-without-leak", *_FAST_DISCRIMINATOR),
    "max-pooling-discriminator": ("GD107",),
    "output-noise": ("noise-layer",),
    "salt-and-pepper": ("noise-layer",),
}
