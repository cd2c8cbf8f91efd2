"""What each contract and design finding would explain, and which hypotheses say the same thing as it does.

The one table that ties rules to hypotheses. A detected rule proves its hypotheses; one that was evaluated and not
detected refutes them. `gandoctor.causes` ranks by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gandoctor.rules import Severity


@dataclass(frozen=True)
class Explanation:
    """One rule's place among the causes.

    Attributes:
        symptoms: Ids of the rules that what this one finds would set off, were it the only thing wrong.
        scores: How well it explains them, 0..1, by the severity of the finding.
        hypotheses: Ids of the hypotheses that say the same; other rules rank them among their causes.
        refutes: Those of them that are wrong where the rule was evaluated and not detected.
    """

    symptoms: frozenset[str]
    scores: dict[Severity, float]
    hypotheses: tuple[str, ...] = ()
    refutes: tuple[str, ...] = field(default=())


def _explanation(
    symptoms: str,
    critical: float,
    warning: float,
    info: float,
    same: tuple[str, ...] = (),
    refutes: tuple[str, ...] | None = None,
) -> Explanation:
    """Return a row; every hypothesis of it is refuted by its absence where nothing else is said."""
    return Explanation(
        frozenset(f"GD{number}" for number in symptoms.split()),
        {Severity.CRITICAL: critical, Severity.WARNING: warning, Severity.INFO: info},
        same,
        same if refutes is None else refutes,
    )


EXPLANATIONS: dict[str, Explanation] = {
    # What comes after a NaN is the NaN's doing; what made it is among its own causes.
    "GD001": _explanation("201 202 203 301 302 303 305 401 402 403 404 405 406 407 409", 0.96, 0.5, 0.2),
    "GD002": _explanation("203 301 302 303 401 402 403 404 405 407 409", 0.97, 0.7, 0.2, ("discriminator-frozen",)),
    # A generator that moves a little is not one that stands still: only the frozen one is refuted.
    "GD003": _explanation(
        "201 203 301 305 401 402 404 405 407",
        0.97,
        0.7,
        0.2,
        ("generator-frozen", "generator-not-moving"),
        ("generator-frozen",),
    ),
    # Half of the discriminator's training undoes the other half: a brake. It is not known to spoil samples.
    "GD004": _explanation("302", 0.5, 0.4, 0.1, ("discriminator-moved-in-both-steps",)),
    "GD005": _explanation("010 301 302 401 403 405 407", 0.85, 0.75, 0.2, ("generator-moved-in-both-steps",)),
    "GD006": _explanation("001 201 202 204 301 304 305 401 403 404 405 407", 0.96, 0.7, 0.15, ("range-mismatch",)),
    # Latents that vary may still be ignored.
    "GD007": _explanation(
        "301 303 403 404 405 407",
        0.96,
        0.7,
        0.15,
        ("degenerate-latents", "seed-reset", "latents-ignored"),
        ("degenerate-latents", "seed-reset"),
    ),
    "GD008": _explanation(
        "010 201 202 301 302 303 401 402 403 404 405 407 409",
        0.97,
        0.8,
        0.2,
        ("labels-disagree", "phases-disagree"),
        ("labels-disagree",),
    ),
    "GD009": _explanation(
        "301 303 304 403 404 408",
        0.9,
        0.7,
        0.3,
        ("loader-repeats", "whole-data-set-at-once", "too-few-images"),
        ("loader-repeats", "whole-data-set-at-once"),
    ),
    "GD010": _explanation(
        "301 302 303 401 402 403 404 405 407 409", 0.85, 0.7, 0.2, ("batch-norm-mode", "phases-disagree")
    ),
    "GD101": _explanation("010 201 301 302 303 401 402 403 404 405 406 407", 0.93, 0.6, 0.2, ("batch-norm-placement",)),
    "GD102": _explanation("006 010 201 301 401 402 403 405 407", 0.9, 0.6, 0.1, ("layer-order",)),
    "GD103": _explanation("010 201 301 302 401 402 405 407", 0.96, 0.6, 0.15, ("too-much-dropout",)),
    # A large ratio that does no harm is none to repair, and a rate says little by itself: less than what was measured.
    "GD104": _explanation(
        "001 201 202 203 204 301 302 303 304 305 401 405 407 409",
        0.8,
        0.7,
        0.2,
        ("learning-rate-mistyped", "discriminator-learns-faster"),
        ("learning-rate-mistyped",),
    ),
    "GD105": _explanation("001 201 301 302 305 401 405 407", 0.9, 0.7, 0.15, ("logits-taken-for-probabilities",)),
    "GD106": _explanation("010 301 302 303 401 403 404 405 407", 0.96, 0.6, 0.2, ("batch-norm-in-discriminator",)),
    # Remarks on a design that also trains well: nothing, unless just what they warn of was seen.
    "GD107": _explanation("201 204", 0.6, 0.5, 0.45, ("relu-without-leak",)),
    "GD108": _explanation("406", 0.95, 0.93, 0.9, ("uneven-upsampling",)),
    "GD109": _explanation("301 305", 0.8, 0.7, 0.2, ("discriminator-pretrained",)),
}
"""By rule id; the scores are judgement, ordered by how surely the finding alone produces its symptoms."""

MECHANISMS: dict[str, tuple[str, ...]] = {
    "saturated-output": ("no-batch-norm", "range-mismatch", "GD006"),
    "latents-ignored": ("no-batch-norm", "range-mismatch", "saturated-output", "GD006"),
    "gradient-fades-with-depth": ("no-batch-norm", "saturated-output"),
    "no-gradient-arrives": ("logits-taken-for-probabilities", "GD105"),
    "logarithm-of-zero": ("logits-taken-for-probabilities", "GD105"),
    "exploding-updates": ("loss-too-large", "learning-rate-mistyped", "GD104", "GD006"),
    "dead-units": ("relu-without-leak", "exploding-updates", "GD107"),
    "discriminator-learns-faster": ("generator-not-moving", "GD003"),
    "discriminator-too-weak": ("discriminator-frozen", "GD002", "discriminator-hardly-moves"),
    "discriminator-overfits": ("too-few-images", "loader-repeats", "GD009"),
    "discriminator-unregularised": ("too-few-images", "loader-repeats", "GD009"),
    "discriminator-too-large": ("too-few-images", "loader-repeats", "GD009"),
}
"""Hypotheses that say how, and what may be why: where the latter are likely, they come first."""

SEEN_BY: dict[str, str] = {"collapsed-later": "GD403"}
"""Hypotheses that are themselves what a symptom rule finds."""
