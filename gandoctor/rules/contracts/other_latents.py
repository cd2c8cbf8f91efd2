"""GD013: latents are drawn from different distributions.

What it is
    The generator is trained on one distribution of latents, say uniform from -1 to 1, and sampled from another, say a
    standard normal. Or the two steps of training differ: the discriminator learns from images of the one, and the
    generator is trained, and used, with the other.

Why it hurts
    The generator was never asked for the images of such latents. Wider ones lie outside of all that it has seen and
    give distorted, oversaturated images; narrower ones give few kinds. Training is sound, and yet the samples, and
    every measurement of them, tell of another generator. A discriminator that is not shown the images the generator is
    trained for cannot correct them.

How it is recognised
    By mean and standard deviation of the latents that the generator is fed in the training steps, against those of the
    sampler that the monitor was given; in a hand-written loop, call by call within a step; and against those of the
    samples that the program makes outside of the steps.

What it is not
    Where no sampler was given, the monitor draws from what training was seen to use. Sampling closer to the mean on
    purpose (the truncation trick) trades variety for quality: below three quarters of training's spread it is found all
    the same.

What to do
    Define the sampler once, and use it in the training step, for pictures and for the monitor.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.reading.drawn import drawn_cards
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds. Judgement, between chance and the laws in use.

    Attributes:
        ratio: Of the standard deviations, one way or the other. Uniform on -1 ... 1 against standard normal: 1.73; a
            truncation to 0.7 of it: 1.43. By chance, with one draw of 64 latents of 2 numbers: 1.13.
        shift: Of the means, in standard deviations of training's. Uniform on 0 ... 1 against the others: 1.7. By chance
            0.2.
        steps: Training steps that must have been seen.
        few: Numbers that the sampler's one draw must hold.
    """

    ratio: float = 1.35
    shift: float = 0.5
    steps: int = 5
    few: int = 128


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the latents of two calls in a step differ, or the sampler's from those of the steps."""
    for found in (_between_calls(run, limits), _of_the_program(run, limits)):
        if found is not None:
            return [found]
    try:
        return _of_the_sampler(run, limits)
    except NotEvaluated:
        if len(run.manifest.latent_laws) > 1 or any(card.drawn is not None for card in drawn_cards(run)):
            return []
        raise


def _of_the_program(run: Run, limits: Limits) -> Evidence | None:
    """Compare the latents of the program's own samples with training's."""
    for card in drawn_cards(run):
        one, other = card.trained, card.drawn
        if one is None or other is None or not _differ(one.mean, one.std, other.mean, other.std, limits):
            continue
        statement = Message(
            "In training the generator is fed latents of mean {fed:.2g} and standard deviation {trained:.2g}. The "
            "program's samples at step {step} come from latents of mean {mean:.2g} and standard deviation {std:.2g}.",
            fed=one.mean,
            trained=one.std,
            step=card.step,
            mean=other.mean,
            std=other.std,
        )
        return Evidence("latent_spread", other.std, one.std, card.step, card.step, statement)
    return None


def _between_calls(run: Run, limits: Limits) -> Evidence | None:
    """Compare what the calls of the generator in one step are fed, the first with each of the others."""
    one, *others = run.manifest.latent_laws or (None,)
    for other in others:
        if one is None or not _differ(one.mean, one.std, other.mean, other.std, limits):
            continue
        statement = Message(
            "Within a training step the generator is fed latents of mean {mean:.2g} and standard deviation {std:.2g} "
            "in one call and of mean {other_mean:.2g} and standard deviation {other_std:.2g} in another; the "
            "discriminator is shown the images of both.",
            mean=one.mean,
            std=one.std,
            other_mean=other.mean,
            other_std=other.std,
        )
        return Evidence("latent_spread", other.std, one.std, 1, run.last_step, statement)
    return None


def _differ(mean: float, std: float, other_mean: float, other_std: float, limits: Limits) -> bool:
    """Tell whether two laws differ, the second against the first."""
    if not std > 0:
        return False
    ratio = max(other_std / std, std / other_std) if other_std > 0 else float("inf")
    return ratio > limits.ratio or abs(other_mean - mean) / std > limits.shift


def _of_the_sampler(run: Run, limits: Limits) -> list[Evidence]:
    """Compare the sampler that the monitor was given with training."""
    for name in ("latent_mean", "latent_spread"):
        if name not in run:
            raise NotEvaluated(not_recorded(run, name))
    card = run.manifest.latent
    if card is None or card.source != "given" or card.mean is None or card.std is None:
        raise NotEvaluated(Message("No latent sampler was given to the monitor."))
    mean, spread = (run[name].dropna() for name in ("latent_mean", "latent_spread"))
    trained, fed = float(spread.median()), float(mean.mean())
    numbers = 1
    for size in card.shape:
        numbers *= size
    if len(spread) < limits.steps or not trained > 0 or numbers * _PROBED < limits.few:
        raise NotEvaluated(Message("Too few latents of training were seen to compare them with the sampler's."))
    if not _differ(fed, trained, card.mean, card.std, limits):
        return []
    statement = Message(
        "In training the generator is fed latents of mean {fed:.2g} and standard deviation {trained:.2g}; the sampler "
        "that the monitor was given draws mean {mean:.2g} and standard deviation {std:.2g}.",
        fed=fed,
        trained=trained,
        mean=card.mean,
        std=card.std,
    )
    first, last = int(spread.index[0]), int(spread.index[-1])
    return [Evidence("latent_spread", trained, card.std, first, last, statement)]


_PROBED = 64
"""Latents that the card is measured on."""

LIMITS = Limits()

RULE = Rule(
    id="GD013",
    name="other-latents",
    title=Message("Latents are drawn from different distributions"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("one-latent-sampler",),
    references=(
        "White, Sampling Generative Networks, 2016 (which latents a generator knows)",
        "Brock et al., Large Scale GAN Training, ICLR 2019, section 3.1 (truncation)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD401", "GD402", "GD403", "GD404", "GD407", "GD411"), critical=0.8, warning=0.7, info=0.2
    ),
)
