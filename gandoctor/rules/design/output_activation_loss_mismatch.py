"""GD105: the loss misreads the discriminator's output.

What it is
    The discriminator ends in an activation, or in none, and its loss expects something else: a cross-entropy of logits
    gets probabilities, a cross-entropy of probabilities gets any number, a Wasserstein critic or one with hinge loss
    is held between 0 and 1, or a single unit goes through a softmax.

Why it hurts
    A probability taken for a logit means 0.5 to 0.73 at most: the discriminator's loss cannot fall below 0.50 nor the
    generator's rise above 0.69, and gradients shrink. A logit taken for a probability is clipped to 0 ... 1, outside
    of which there is no gradient at all. A bounded Wasserstein critic cannot measure a distance; a sigmoid never
    reaches the margin of -1 that hinge loss wants for generated images. A softmax of one unit is always 1.

How it is recognised
    By the last activation in the model card and the Keras losses found on the model or compiled into the
    discriminator; for Wasserstein and hinge, by the loss family. In any loop, by the numbers of the first steps: the
    loss is compared with the cross-entropy of the discriminator's own outputs, taken for logits and for
    probabilities. Later too: losses that stay within those bounds in every step although the logits lie far apart are
    proof, and so is a generator's loss that stands at the logarithm of where probabilities are clipped while the
    logits are small.

What it is not
    Keras 3 notices a final sigmoid before a cross-entropy of logits and removes it: that trains correctly and is only
    mentioned. It cannot do so before a further layer or in half precision. Least squares with a sigmoid is unusual
    and works. A cross-entropy object on the model that the training step never uses is not recognised as unused.

What to do
    Both or neither: no activation and `from_logits=True`, or a sigmoid and `from_logits=False`. The first is
    numerically safer. For Wasserstein, hinge and least-squares losses, no activation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandoctor.loss_families import OBJECTIVES
from gandoctor.message import Message, sentences
from gandoctor.networks.network import Network
from gandoctor.networks.output_reach import image_of
from gandoctor.rules.reading.discriminator_output import Output, bounded_critic, output_of, softmax_of_one
from gandoctor.rules.reading.model_card import card_evidence, network_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds of the proof by numbers; the model card needs none.

    Attributes:
        rounding: By which a loss may lie beyond its bound.
        steps: Losses that must keep to the bounds. Judgement: a healthy generator's leave them within a few steps.
        fake_logit: Mean logit of generated images, on the side of fakes, that a generator's loss within the bounds
            contradicts: with it, a cross-entropy of logits is 1.7 at least.
        probes: Probes with such a logit.
        still: Losses whose median is looked at to see that they stand still.
        pinned: Distance of that median from where a clipped cross-entropy, or half of it, stands. Measured: 0.001.
    """

    rounding: float = 2e-3
    steps: int = 100
    fake_logit: float = 1.5
    probes: int = 3
    still: int = 20
    pinned: float = 0.02


_LOWEST_D_LOSS = 0.5 * (math.log1p(math.exp(-1.0)) + math.log(2.0))
_G_LOSS = (math.log1p(math.exp(-1.0)), math.log(2.0))
"""Bounds of both losses where a probability is taken for a logit."""
_CLIPPED = (-math.log(1e-7), -math.log(2.0**-23))
"""Cross-entropy of a probability that Keras has clipped to 1e-7, and to the largest number below 1."""


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence in the model card, else in the losses."""
    network = network_of(run, "d")
    output = output_of(network)
    evidence = [*softmax_of_one(network, output), *bounded_critic(network, output, run.manifest.loss_family)]
    by_form = _as_read(run, network, output)
    if by_form is not None:
        return [*evidence, by_form]
    entropies = _cross_entropies(run) if _may_be_cross_entropy(run) else {}
    if _read_as(run) is not None:  # what the training step does is known: an object it never uses says nothing
        entropies = {where: value for where, value in entropies.items() if not where.startswith("attribute") or value}
    for where, from_logits in entropies.items():
        evidence += _cross_entropy(run, network, output, where, from_logits, limits)
    if evidence:
        return evidence
    by_numbers = _logit_clipped(run, network, output, limits) or _probability_as_logit(run, network, output, limits)
    if by_numbers is not None:
        return [by_numbers]
    # Losses of a known family were recognised as formulas of this output, or come with Keras losses on the card.
    told = run.manifest.loss_family is not None and _numbers_suffice(run, limits)
    if not entropies and _may_be_cross_entropy(run) and not _form_is_known(run) and not told:
        raise NotEvaluated(
            Message(
                "Whether the loss reads the discriminator's output as logits or as probabilities is not known: no "
                "Keras loss was found on the model. The recorded losses tell from {steps} steps on, where their family "
                "is known.",
                steps=limits.steps,
            )
        )
    return []


def _read_as(run: Run) -> str | None:
    """Return what the loss takes the output for, by the numbers of the first steps; None where they do not tell."""
    return None if run.manifest.objective is None else run.manifest.objective.reads


def _form_is_known(run: Run) -> bool:
    """Tell whether the numbers of the first steps told what the losses are, cross-entropies or not."""
    objective = run.manifest.objective
    return objective is not None and (objective.reads is not None or objective.labels is not None)


def _as_read(run: Run, network: Network, output: Output) -> Evidence | None:
    """Compare what the loss takes the output for, as its numbers have it, with what the output is."""
    objective = run.manifest.objective
    if objective is None:
        return None
    layers = (network.address(output.position),)
    reach = run.manifest.discriminator.reach if run.manifest.discriminator is not None else None
    known: dict[str, Any] = {
        "layer": network.named(output.position),
        "steps": objective.steps,
        "low": objective.output_low,
        "high": objective.output_high,
    }
    if objective.reads == "probabilities" and (objective.output_low < 0 or objective.output_high > 1):
        statement = Message(
            "In each of {steps} steps the loss was the cross-entropy of the output of {layer}, taken for a "
            "probability. Yet that output went from {low:.2g} to {high:.2g}. What lies outside of 0 ... 1 is clipped "
            "and has no gradient.",
            **known,
        )
        return Evidence("g_loss", objective.output_high, 1.0, 1, objective.steps, statement, Severity.CRITICAL, layers)
    is_share = output.activation == "sigmoid" or (reach is not None and (reach.low, reach.high) == (0.0, 1.0))
    if objective.reads == "logits" and is_share and 0 <= objective.output_low <= objective.output_high <= 1:
        statement = Message(
            "In each of {steps} steps the loss was the cross-entropy of the output of {layer}, taken for a logit. Yet "
            "it is a probability, from {low:.2g} to {high:.2g}: read as logits, its values give probabilities from "
            "0.50 to 0.73, and no more certain ones.",
            **known,
        )
        return Evidence("g_loss", objective.output_high, 1.0, 1, objective.steps, statement, Severity.WARNING, layers)
    return None


def _may_be_cross_entropy(run: Run) -> bool:
    family = run.manifest.loss_family
    return family is None or OBJECTIVES[family].is_cross_entropy


def _cross_entropies(run: Run) -> dict[str, bool]:
    """Return where a binary cross-entropy was found -> from_logits; none where several disagree."""
    found = {
        where: bool(card["from_logits"])
        for where, card in run.manifest.losses.items()
        if card.get("type") == "BinaryCrossentropy" and isinstance(card.get("from_logits"), bool)
    }
    compiled = {where: value for where, value in found.items() if not where.startswith("attribute")}
    found = compiled or found
    if len(set(found.values())) > 1:
        return {}
    return dict(list(found.items())[:1])


def _cross_entropy(
    run: Run, network: Network, output: Output, where: str, from_logits: bool, limits: Limits
) -> Iterator[Evidence]:
    layers = [network.address(output.position)]
    bounds = image_of(output.activation, -math.inf, math.inf) if output.activation else (-math.inf, math.inf)
    if output.activation == "softmax" or bounds is None:
        return
    fit = _how_they_fit(network, output, where, from_logits)
    if from_logits and output.activation == "sigmoid" and output.is_seen_through:
        luck = Message("Keras removes the sigmoid with a warning: the training is right by luck.")
        yield card_evidence(sentences(fit, luck), 1, None, layers, Severity.INFO)
    elif from_logits and math.isfinite(bounds[0]) and math.isfinite(bounds[1]):
        low, high = (1 / (1 + math.exp(-bound)) for bound in bounds)
        unsure = Message(
            "Read as logits, its values give probabilities from {low:.2f} to {high:.2f}, and no more certain ones.",
            low=low,
            high=high,
        )
        yield card_evidence(sentences(fit, unsure), high, 1.0, layers, Severity.WARNING)
    elif from_logits and bounds[0] >= 0:
        never = Message("No logit is below 0, so no image can be called fake.")
        yield card_evidence(sentences(fit, never), bounds[0], None, layers, Severity.WARNING)
    elif not from_logits and not (bounds[0] >= 0 and bounds[1] <= 1):
        clipped = Message(
            "The loss takes any number for a probability and clips it to 0 ... 1, outside of which there is no "
            "gradient."
        )
        pinned, is_attribute = _pinned(run, limits), where.startswith("attribute")
        proof = None
        if pinned is not None:
            proof = Message(
                "A loss stands still at {level:.2f}, the logarithm of where probabilities are clipped.", level=pinned
            )
        elif is_attribute:
            proof = Message("The training step may apply a sigmoid itself; then nothing is wrong.")
        severity = Severity.CRITICAL if pinned is not None or not is_attribute else Severity.WARNING
        yield card_evidence(sentences(fit, clipped, proof), 1, None, layers, severity)


def _how_they_fit(network: Network, output: Output, where: str, from_logits: bool) -> Message:
    known = {"layer": network.named(output.position), "where": where, "from_logits": str(from_logits)}
    if output.activation is None:
        return Message(
            "The discriminator ends in {layer} without an activation, and the cross-entropy ({where}) has "
            "from_logits={from_logits}.",
            **known,
        )
    return Message(
        "The discriminator ends in {layer}, and the cross-entropy ({where}) has from_logits={from_logits}.", **known
    )


def _pinned(run: Run, limits: Limits, names: tuple[str, ...] = ("d_loss", "g_loss")) -> float | None:
    """Return where a loss stands still because every probability is clipped; None where none does."""
    for name in names:
        values = run[name].to_numpy() if name in run else np.array([])
        median = float(np.median(values)) if len(values) >= limits.still else math.nan
        for bound in (bound / parts for bound in _CLIPPED for parts in (1, 2)):
            if abs(median - bound) < limits.pinned:
                return median
    return None


def _logit_clipped(run: Run, network: Network, output: Output, limits: Limits) -> Evidence | None:
    """Prove from the generator's loss that a logit was clipped as if it were a probability."""
    if output.activation is not None or not _may_be_cross_entropy(run):
        return None
    if "g_loss" not in run or "d_fake_logit" not in run or (pinned := _pinned(run, limits, ("g_loss",))) is None:
        return None
    sign = -1.0 if run.manifest.real_is_high is False else 1.0
    held = run["g_loss"][(run["g_loss"] - pinned).abs() < limits.pinned]
    first, last = int(held.index[0]), int(held.index[-1])
    logits = sign * run["d_fake_logit"].loc[first:last]
    # A loop that applies the sigmoid itself and clips is pinned there too, but only by logits as extreme as the loss.
    if not len(logits) or (cost := float(np.logaddexp(0.0, -logits.median()))) > pinned / 2:
        return None
    statement = Message(
        "The generator's loss stands still at {level:.2f}, the logarithm of where a cross-entropy clips probabilities. "
        "Yet generated images have a mean logit of {logit:.2g}, which as a logit costs {cost:.2g}: the loss takes the "
        "output of {layer} for a probability, and once clipped it has no gradient.",
        level=pinned,
        logit=float(logits.median()),
        cost=cost,
        layer=network.named(output.position),
    )
    layers = (network.address(output.position),)
    return Evidence("g_loss", pinned, cost, first, last, statement, Severity.CRITICAL, layers)


def _probability_as_logit(run: Run, network: Network, output: Output, limits: Limits) -> Evidence | None:
    """Prove from the losses that a probability was taken for a logit."""
    if output.activation != "sigmoid" or not _may_be_cross_entropy(run) or not _numbers_suffice(run, limits):
        return None
    sign = -1.0 if run.manifest.real_is_high is False else 1.0
    d_loss, g_loss = run["d_loss"], run["g_loss"]
    low, high = _G_LOSS[0] - limits.rounding, _G_LOSS[1] + limits.rounding
    within = bool(((g_loss >= low) & (g_loss <= high)).all() and (d_loss >= _LOWEST_D_LOSS - limits.rounding).all())
    sure = sign * run["d_fake_logit"] <= -limits.fake_logit
    if not within or int(sure.sum()) < limits.probes:
        return None
    logit = float(run["d_fake_logit"][sure].median())
    statement = Message(
        "In all {steps} recorded steps the generator's loss lay between {low:.3f} and {high:.3f} and the "
        "discriminator's above {d_low:.3f}. Yet generated images had a mean logit of {logit:.2g}, which costs "
        "{cost:.2g}: the loss takes the probability from {layer} for a logit.",
        steps=len(g_loss),
        low=float(g_loss.min()),
        high=float(g_loss.max()),
        d_low=float(d_loss.min()),
        logit=logit,
        cost=math.log1p(math.exp(abs(logit))),
        layer=network.named(output.position),
    )
    first, last = int(g_loss.index[0]), int(g_loss.index[-1])
    layers = (network.address(output.position),)
    return Evidence("g_loss", float(g_loss.max()), _G_LOSS[1], first, last, statement, None, layers)


def _numbers_suffice(run: Run, limits: Limits) -> bool:
    if any(name not in run for name in ("d_loss", "g_loss", "d_fake_logit")):
        return False
    finite = np.isfinite(run["g_loss"].to_numpy()).all() and np.isfinite(run["d_loss"].to_numpy()).all()
    return bool(finite) and len(run["g_loss"]) >= limits.steps


LIMITS = Limits()

RULE = Rule(
    id="GD105",
    name="output-activation-loss-mismatch",
    title=Message("The loss does not match the discriminator's output activation"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("loss-from-logits", "linear-critic"),
    references=(
        "Keras documentation, BinaryCrossentropy (from_logits)",
        "Arjovsky et al., Wasserstein GAN, ICML 2017 (a critic without sigmoid)",
        "Lim and Ye, Geometric GAN, 2017 (hinge loss)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD001", "GD201", "GD301", "GD302", "GD305", "GD401", "GD405", "GD407"),
        critical=0.9,
        warning=0.7,
        info=0.15,
        same_as=("logits-taken-for-probabilities",),
    ),
)
