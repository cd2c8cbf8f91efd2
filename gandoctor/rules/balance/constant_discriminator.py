"""GD307: the discriminator gives every image the same score.

What it is
    Whatever it is shown, real or generated, the discriminator returns one number: its last units are dead, its weights
    have gone to zero or to infinity, or a normalisation takes away all that differs.

Why it hurts
    There is nothing to learn from one number: the gradient with respect to the image is zero, and the generator stands
    still or drifts. The losses are constant, which may look like equilibrium.

How it is recognised
    By the middle nine tenths of the logits of real and of generated images in a probe: from the lowest to the highest
    of both they span no more than rounding does, in 3 of 4 successive probes over at least 60 steps.

What it is not
    A discriminator at equilibrium gives real and generated images scores that overlap, and not one score to all.
    A generator that collapsed to one image makes all generated scores equal; those of the reals still differ. Scores
    of a critic with clipped weights are small, and differ.

What to do
    Look at dead units (GD204), at the size of its updates (GD203) and at its last layers: a ReLU or a normalisation
    before the last unit, a weight decay or clipping that leaves no weights. Then start again: it does not recover.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.message import Message, sentences
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        spread: Distance of the highest from the lowest logit over the largest logit, up to which all are one number.
            What float32 explains; measured in discriminators whose ReLUs had died: 0, in healthy ones at initialisation
            0.1 and more.
        warm_up: First step that is judged: a network that is built so is so from the start.
    """

    spread: float = 2e-6
    warm_up: int = 0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where all logits of a probe are one number."""
    low, high = _extremes(run)
    size = low.abs().combine(high.abs(), max)
    constant = (high - low) <= limits.spread * size
    episode = persistent_episode(constant, limits.warm_up)
    if episode is None:
        return []
    level = float(episode.of(low).median())
    statement = Message(
        "At least nine tenths of the real and of the generated images were given the same logit, {level:.4g}, from "
        "step {first} to {last}.",
        level=level,
        first=episode.first_step,
        last=episode.last_step,
    )
    observed = float(episode.of(high - low).median())
    severity = episode.severity(Severity.CRITICAL)
    told = sentences(statement, episode.ending)
    return [Evidence("d_real_logit_quantile", observed, None, episode.first_step, episode.last_step, told, severity)]


def _extremes(run: Run) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the lowest and the highest logit of each probe."""
    import pandas as pd

    ends: list[pd.Series[float]] = []
    for kind in ("real", "fake"):
        quantiles = run.family(f"d_{kind}_logit_quantile")
        if not quantiles:
            raise NotEvaluated(Message("The logits of real and of generated images were not recorded."))
        in_order = sorted(quantiles, key=float)
        ends += [quantiles[in_order[0]], quantiles[in_order[-1]]]
    table = pd.concat(ends, axis=1).dropna()
    return table.min(axis=1), table.max(axis=1)


DEAD_UNITS = Hypothesis(
    "all-paths-dead",
    Message("Every path through the discriminator ends in a unit that is 0"),
    Message("The share of dead ReLU units is near 1 (GD204), and the gradient with respect to an image is exactly 0."),
)
TOO_LARGE_A_STEP = Hypothesis(
    "step-killed-discriminator",
    Message("One update was so large that nothing of the discriminator was left"),
    Message("Its weights moved by more than a tenth of their size in an update before; a smaller rate avoids it."),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank dead units against an update that was too large. The scores are judgement."""
    first = found.evidence[0].first_step
    return [_dead(run), _large(run, first)]


def _dead(run: Run) -> Cause:
    dead = late_median(run, "d_dead_units")
    if dead is None:
        return DEAD_UNITS.cause(0.2, Message("it has no ReLU whose units could be counted"))
    score = 0.9 if dead > 0.9 else 0.6 if dead > 0.5 else 0.05
    return DEAD_UNITS.cause(score, Message("{share:.0%} of its ReLU units are dead", share=dead))


def _large(run: Run, first: int) -> Cause:
    if "d_update_ratio" not in run:
        return TOO_LARGE_A_STEP.cause(0.3, NOT_RECORDED)
    ratios = run["d_update_ratio"].loc[:first].dropna()
    largest = float(ratios.max()) if len(ratios) else 0.0
    shown = Message("the largest update until then moved its weights by {ratio:.2g} of their size", ratio=largest)
    return TOO_LARGE_A_STEP.cause(0.85 if largest > 0.1 else 0.1, shown)


LIMITS = Limits()

RULE = Rule(
    id="GD307",
    name="constant-discriminator",
    title=Message("The discriminator gives every image the same score"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("lower-discriminator-learning-rate", "leaky-discriminator", "layer-order"),
    references=(
        "Lu et al., Dying ReLU and Initialization, 2019",
        "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017, section 3 (what clipping does)",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
)
