"""Failure modes, one file each; RULES lists them. Rules judge recorded runs and never measure, draw or train.

Third parties add rules through the entry-point group `gandoctor.rules`: each entry point loads a `Rule`.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from gandoctor.errors import GandoctorError
from gandoctor.rules.rule import MODEL_CARD, Cause, Evidence, Finding, NotEvaluated, Rule, Severity, Status, limits_of
from gandoctor.rules.warmup import warm_up_end

__all__ = [
    "MODEL_CARD",
    "Cause",
    "Evidence",
    "Finding",
    "NotEvaluated",
    "Rule",
    "Severity",
    "Status",
    "all_rules",
    "find_rule",
    "limits_of",
    "warm_up_end",
]

_BUILT_IN = (
    "non_finite_values",
    "discriminator_not_training",
    "generator_not_training",
    "discriminator_updated_by_generator_step",
    "generator_updated_by_discriminator_step",
    "output_range_mismatch",
    "degenerate_latent_noise",
    "conflicting_objectives",
    "degenerate_real_data",
    "train_inference_mismatch",
    "batch_norm_placement",
    "layer_order",
    "dropout_out_of_range",
    "learning_rate_imbalance",
    "output_activation_loss_mismatch",
    "mixed_batch_batch_norm",
    "sparse_discriminator",
    "checkerboard_prone_upsampling",
    "pretrained_discriminator",
    "vanishing_generator_gradient",
    "exploding_gradient",
    "update_size_out_of_range",
    "dead_units",
    "discriminator_loss_collapse",
    "ineffective_discriminator",
    "oscillating_training",
    "discriminator_overfitting",
    "clipped_loss_plateau",
    "noise_like_samples",
    "noisy_samples",
    "mode_collapse",
    "mode_dropping",
    "blank_samples",
    "checkerboard_artifacts",
    "blurry_samples",
    "memorised_samples",
    "quality_regression",
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, built-in and from entry points, by id.

    Raises:
        GandoctorError: A third-party rule cannot be loaded, is not a Rule, or reuses an id.
    """
    from importlib import import_module

    rules: dict[str, Rule] = {}
    for module in _BUILT_IN:
        rule = import_module(f"gandoctor.rules.{module}").RULE
        rules[rule.id] = rule
    for entry in entry_points(group="gandoctor.rules"):
        try:
            rule = entry.load()
        except Exception as error:
            raise GandoctorError(f"The rule plug-in {entry.value!r} cannot be loaded: {error}") from error
        if not isinstance(rule, Rule):
            raise GandoctorError(f"The rule plug-in {entry.value!r} is a {type(rule).__name__}, not a gandoctor Rule.")
        if rule.id in rules:
            raise GandoctorError(f"The rule plug-in {entry.value!r} uses the id {rule.id}, which is taken.")
        rules[rule.id] = rule
    return tuple(rules[i] for i in sorted(rules))


def find_rule(wanted: str) -> Rule:
    """Return a rule by id or name.

    Raises:
        GandoctorError: There is no such rule; the message names the nearest one.
    """
    import difflib

    rules = all_rules()
    for rule in rules:
        if wanted.lower() in (rule.id.lower(), rule.name):
            return rule
    names = [n for r in rules for n in (r.id, r.name)]
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise GandoctorError(f"There is no rule {wanted!r}.{hint} `gandoctor rules` lists them all.")
