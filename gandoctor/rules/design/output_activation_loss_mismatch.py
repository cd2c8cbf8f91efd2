"""GD105: the loss takes the discriminator's output for what it is not.

What it is
    A discriminator ends in an activation, or in none, and its loss expects something else: a cross-entropy of logits
    is given probabilities, a cross-entropy of probabilities is given any number, a Wasserstein critic or one with
    hinge loss is held between 0 and 1, a single unit goes through a softmax.

Why it hurts
    A probability taken for a logit says 0.5 to 0.73 at most: the discriminator's loss cannot fall below 0.50 nor the
    generator's rise above 0.69, and gradients shrink. A logit taken for a probability is clipped to 0 ... 1, outside
    of which there is no gradient at all. A bounded Wasserstein critic cannot measure a distance; a sigmoid never
    reaches the margin of -1 that hinge loss wants for generated images. A softmax of one unit is 1, whatever it sees.

How it is recognised
    From the last activation in the model card and the Keras losses found on the model or compiled into the
    discriminator; for Wasserstein and hinge from the loss family. Where the loss is a function of the user's own, from
    the numbers: losses that stay within those bounds in every step although the logits lie far apart are proof, and so
    is a generator's loss that stands at the logarithm of where probabilities are clipped while the logits are small.

What it is not
    Keras 3 notices a final sigmoid before a cross-entropy of logits and takes it off again: that trains as it should
    and is only mentioned. It cannot do so behind a further layer or in half precision. Least squares with a sigmoid is
    unusual and works. A cross-entropy object on the model that the training step never uses is not seen to be unused.

What to do
    Both or neither: no activation and `from_logits=True`, or a sigmoid and `from_logits=False`. The first is
    numerically safer. For Wasserstein, hinge and least-squares losses, no activation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gandoctor.networks.layer_roles import Role
from gandoctor.networks.output_reach import image_of
from gandoctor.rules.reading.model_card import IDLE, INPUT, Network, card_evidence, network_of
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


_CROSS_ENTROPY = (None, "non_saturating", "minimax")
_LOWEST_D_LOSS = 0.5 * (math.log1p(math.exp(-1.0)) + math.log(2.0))
_G_LOSS = (math.log1p(math.exp(-1.0)), math.log(2.0))
"""Bounds of both losses where a probability is taken for a logit."""
_CLIPPED = (-math.log(1e-7), -math.log(2.0**-23))
"""Cross-entropy of a probability that Keras has clipped to 1e-7, and to the largest number below 1."""
_THROUGH: frozenset[Role] = IDLE | {"pooling", "rescaling"}


@dataclass(frozen=True)
class _Output:
    """The end of the discriminator.

    Attributes:
        position: Of the stage that decides what values there are.
        activation: Its name; None for a linear output.
        is_seen_through: Keras can take a sigmoid off again: nothing comes behind it, and it is in single precision.
    """

    position: int
    activation: str | None
    is_seen_through: bool


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence in the model card, else in the losses."""
    network = network_of(run, "discriminator")
    family = run.manifest.loss_family
    output = _output(network)
    evidence = [*_softmax_of_one(network, output), *_bounded_critic(network, output, family)]
    entropies = _cross_entropies(run) if family in _CROSS_ENTROPY else {}
    for where, from_logits in entropies.items():
        evidence += _cross_entropy(run, network, output, where, from_logits, limits)
    if evidence:
        return evidence
    by_numbers = _logit_clipped(run, network, output, limits) or _by_numbers(run, network, output, limits)
    if by_numbers is not None:
        return [by_numbers]
    if not entropies and family in _CROSS_ENTROPY and not _numbers_suffice(run, limits):
        raise NotEvaluated(
            "What the loss takes the discriminator's output for is not known: no Keras loss was found on the model, "
            f"and its own losses tell after {limits.steps} steps."
        )
    return []


def _output(network: Network) -> _Output:
    ends = network.before(network.end, _THROUGH)
    if len(ends) != 1 or INPUT in ends:
        raise NotEvaluated("The discriminator's last layer is not among those whose output is known.")
    (position,) = ends
    stage = network.stages[position]
    if stage.role not in ("activation", "weights", "batch_norm", "norm") or stage.activation == "unknown":
        raise NotEvaluated(f"What {network.named(position)}, the discriminator's last layer, gives is not known.")
    whole = "dtype" not in stage.layer.settings
    return _Output(position, stage.activation, whole and network.outputs[0] == position)


def _softmax_of_one(network: Network, output: _Output) -> Iterator[Evidence]:
    shape = network.stages[output.position].layer.output_shape
    if output.activation == "softmax" and shape is not None and shape[-1] == 1:
        statement = (
            f"The discriminator ends in {network.named(output.position)} over a single unit: that is 1 for every "
            "image, and its gradient is 0."
        )
        yield card_evidence(statement, 1, None, [network.address(output.position)], Severity.CRITICAL)


def _bounded_critic(network: Network, output: _Output, family: str | None) -> Iterator[Evidence]:
    reach = None if output.activation is None else image_of(output.activation, -math.inf, math.inf)
    if reach is None or family not in ("wasserstein", "hinge", "least_squares"):
        return
    low, high = reach
    severity, why = Severity.WARNING, ""
    if family == "wasserstein" and math.isfinite(low) and math.isfinite(high):
        why = f"the critic's scores stay within {low:g} and {high:g}, which bounds the distance it can measure"
    elif family == "hinge" and low > -1:
        why = "hinge loss wants scores of -1 and less for generated images, which it cannot give"
    elif family == "hinge" and math.isfinite(low):
        severity, why = Severity.INFO, "hinge loss wants scores beyond 1 and -1, which it only approaches"
    elif family == "least_squares" and math.isfinite(low) and math.isfinite(high):
        severity, why = Severity.INFO, "least squares was made for scores without bounds, whose gradient never fades"
    if why:
        statement = f"The discriminator ends in {network.named(output.position)}: {why}."
        yield card_evidence(statement, low, None, [network.address(output.position)], severity)


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
    run: Run, network: Network, output: _Output, where: str, from_logits: bool, limits: Limits
) -> Iterator[Evidence]:
    layers = [network.address(output.position)]
    end = (
        network.named(output.position) if output.activation else f"{network.named(output.position)} without activation"
    )
    opening = f"The discriminator ends in {end}; the cross-entropy ({where}) has from_logits={from_logits}"
    bounds = image_of(output.activation, -math.inf, math.inf) if output.activation else (-math.inf, math.inf)
    if output.activation == "softmax" or bounds is None:
        return
    if from_logits and output.activation == "sigmoid" and output.is_seen_through:
        statement = f"{opening}. Keras takes the sigmoid off again and warns of it: the training is right by luck."
        yield card_evidence(statement, 1, None, layers, Severity.INFO)
    elif from_logits and math.isfinite(bounds[0]) and math.isfinite(bounds[1]):
        low, high = (1 / (1 + math.exp(-bound)) for bound in bounds)
        statement = (
            f"{opening}: what it takes for logits are {low:.2f} to {high:.2f} as probabilities, and never surer."
        )
        yield card_evidence(statement, high, 1.0, layers, Severity.WARNING)
    elif from_logits and bounds[0] >= 0:
        statement = f"{opening}: no logit is below 0, so that no image can be called fake."
        yield card_evidence(statement, bounds[0], None, layers, Severity.WARNING)
    elif not from_logits and not (bounds[0] >= 0 and bounds[1] <= 1):
        statement = (
            f"{opening}: it takes any number for a probability, clips it to 0 ... 1, and outside of that there is no "
            "gradient."
        )
        pinned = _pinned(run, limits)
        if pinned is not None:
            statement += f" Its losses stand still at {pinned:.2f}, the logarithm of where it clips."
        elif where.startswith("attribute"):
            statement += " Unless the training step applies a sigmoid itself."
        certain = pinned is not None or not where.startswith("attribute")
        yield card_evidence(statement, 1, None, layers, Severity.CRITICAL if certain else Severity.WARNING)


def _pinned(run: Run, limits: Limits, names: tuple[str, ...] = ("d_loss", "g_loss")) -> float | None:
    """Return where a loss stands still because every probability is clipped; None where none does."""
    for name in names:
        values = run[name].to_numpy() if name in run else np.array([])
        median = float(np.median(values)) if len(values) >= limits.still else math.nan
        for bound in (bound / parts for bound in _CLIPPED for parts in (1, 2)):
            if abs(median - bound) < limits.pinned:
                return median
    return None


def _logit_clipped(run: Run, network: Network, output: _Output, limits: Limits) -> Evidence | None:
    """Prove from the generator's loss that a logit was clipped as if it were a probability."""
    if output.activation is not None or run.manifest.loss_family not in _CROSS_ENTROPY:
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
    statement = (
        f"The generator's loss stands still at {pinned:.2f}, the logarithm of where a cross-entropy of probabilities "
        f"clips, while generated images have a mean logit of {logits.median():.2g}, which as a logit costs {cost:.2g}: "
        f"the loss takes what {network.named(output.position)} gives for a probability, and clipped it has no gradient."
    )
    layers = (network.address(output.position),)
    return Evidence("g_loss", pinned, cost, first, last, statement, Severity.CRITICAL, layers)


def _by_numbers(run: Run, network: Network, output: _Output, limits: Limits) -> Evidence | None:
    """Prove from the losses that a probability was taken for a logit."""
    if output.activation != "sigmoid" or run.manifest.loss_family not in _CROSS_ENTROPY:
        return None
    if not _numbers_suffice(run, limits):
        return None
    sign = -1.0 if run.manifest.real_is_high is False else 1.0
    d_loss, g_loss = run["d_loss"], run["g_loss"]
    low, high = _G_LOSS[0] - limits.rounding, _G_LOSS[1] + limits.rounding
    within = bool(((g_loss >= low) & (g_loss <= high)).all() and (d_loss >= _LOWEST_D_LOSS - limits.rounding).all())
    sure = sign * run["d_fake_logit"] <= -limits.fake_logit
    if not within or int(sure.sum()) < limits.probes:
        return None
    logit = float(run["d_fake_logit"][sure].median())
    statement = (
        f"In all {len(g_loss)} recorded steps the generator's loss lay within {g_loss.min():.3f} and "
        f"{g_loss.max():.3f} and the discriminator's above {d_loss.min():.3f}, although generated images had a mean "
        f"logit of {logit:.2g}. That costs {math.log1p(math.exp(abs(logit))):.2g}: the loss takes the probability that "
        f"{network.named(output.position)} gives for a logit."
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
    title="The loss takes the discriminator's output for what it is not",
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
