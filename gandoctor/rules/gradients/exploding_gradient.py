"""GD202: a gradient has grown far beyond what it was in this run, or is so large that clipping erases it.

What it is
    Within 200 steps the norm of a player's gradient has grown to more than ten times the highest level it ever had
    before, and stays there. Or nearly every entry of the gradient is larger than the value that entries are clipped
    at, so that only its signs are left.

Why it hurts
    Plain gradient descent takes steps as large as the gradient. Adam and RMSprop divide most of a large gradient away
    again, yet not the moment at which it grows; and what is clipped entry by entry no longer points where the gradient
    did. A norm that goes on growing ends in NaN.

How it is recognised
    By the run's own history: the running median of the norm over 60 steps against its highest level until 200 steps
    earlier, in 3 of 4 successive values over at least 60 steps, after warm-up. It is a warning; critical where the
    player's updates became large too, or where the norm stopped being a number; only noted where the samples go on
    improving. And by the clipping in the model card: the root mean square of the gradient's entries above `clipvalue`.

What it is not
    A single spike: every GAN has them. A large norm by itself: norms of a Wasserstein critic are in the hundreds from
    the start, those of a generator facing a sure discriminator above 10, and a fixed limit of 100 found none of 12
    failing runs. A norm that is large from the first step, without clipping by value, is a matter of units. Slow
    growth: a discriminator's gradient rose sixfold in 400 steps of a healthy run. A gradient that comes back after the
    quiet time many discriminators pass through before step 150 is compared with the time before.

What to do
    See at which step it began, and what changed there. A jump within one step points at the loss (a sum in place of
    a mean, a weight on a penalty) or at the data; growth over many steps at the learning rate or at a discriminator
    that gets ever steeper. Clip the global norm, which keeps the direction, in place of single entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gandoctor.rules.gradients.exploding_gradient_causes import causes
from gandoctor.rules.gradients.own_level import early_level, finite, highest_before, reaching_back
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.persistence import SPAN_STEPS, Episode, persistent_episode, running_median
from gandoctor.rules.reading.sample_progress import sample_progress
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import PlayerCard, Run

_NAMES = {"d": "discriminator", "g": "generator"}


@dataclass(frozen=True)
class Limits:
    """Thresholds; read off single runs of the reference model at 1/8 width, to be calibrated.

    Attributes:
        growth: Running median of the norm over the highest it was until `growth_steps` earlier. Healthy runs of the
            first round stayed within 3 of their running median.
        growth_steps: Steps within which it must have grown; a healthy discriminator's rose 2.5-fold in as many, and
            6.5-fold over 400. More than persistence needs (60 steps, and 30 that a running median is late).
        clipped: Root mean square of the gradient's entries over the value they are clipped at. Healthy runs of the
            reference model have 0.003 to 0.08; above 1 most of what is left is the sign. By arithmetic, not measured.
        large_update: Movement of the player's weights in an update, over their norm, that makes it critical: the upper
            limit of update-size-out-of-range (GD203).
    """

    growth: float = 10.0
    growth_steps: int = 200
    clipped: float = 1.0
    large_update: float = 0.1


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence for each player on the growth of its gradient and on its clipping."""
    evidence: list[Evidence] = []
    reasons = []
    for player, name in _NAMES.items():
        signal = f"{player}_grad_norm"
        norm = finite(run, signal)
        level, early = running_median(norm), early_level(run, norm)
        if signal not in run:
            why = run.manifest.missing.get(signal)
            reasons.append(f"{signal} was not recorded{f': {why}' if why else ''}.")
            continue
        if level.empty or early is None:
            reasons.append(f"{signal} covers fewer than {SPAN_STEPS} steps.")
            continue
        try:
            evidence += _grown(run, player, norm, level, early, limits)
            evidence += _clipped(run, player, norm, level, limits)
        except NotEvaluated as reason:
            reasons.append(f"Of the {name}: {reason}")
    if len(reasons) == len(_NAMES):
        raise NotEvaluated(" ".join(reasons))
    return evidence


def _grown(
    run: Run, player: str, norm: pd.Series[float], level: pd.Series[float], early: float, limits: Limits
) -> Iterator[Evidence]:
    start = warm_up_end(run.manifest)
    thresholds = limits.growth * highest_before(level, early, limits.growth_steps)
    grown = persistent_episode(level > thresholds, start)
    if grown is None or early == 0:
        return  # from 0 everything is growth: the first gradients never arrived, which is another matter
    # What it grew from stays the measure; against its own new level it would soon look as if it had recovered.
    threshold = float(thresholds.loc[grown.first_step])
    episode = persistent_episode(level > threshold, start) or grown
    episode = reaching_back(episode, norm > threshold)
    observed, before = float(episode.of(level).median()), threshold / limits.growth
    severity, told = _harm(run, player, episode, limits)
    yield Evidence(
        f"{player}_grad_norm",
        observed,
        threshold,
        episode.first_step,
        episode.last_step,
        f"The norm of the {_NAMES[player]}'s gradient is {observed:.3g} in the median, {observed / before:.3g} times "
        f"the highest level before ({before:.3g}), from step {episode.first_step} to {episode.last_step}. {told}"
        f"{episode.ending}",
        episode.severity(severity),
    )


def _harm(run: Run, player: str, episode: Episode, limits: Limits) -> tuple[Severity, str]:
    """Grade the growth by what it did to the weights and to the samples."""
    recorded = run[f"{player}_grad_norm"]
    broken = recorded.index[~np.isfinite(recorded.to_numpy()) & (recorded.index >= episode.first_step)]
    if len(broken):
        return Severity.CRITICAL, f"At step {broken[0]} it was no number any more."
    update = median_between(run, f"{player}_update_ratio", episode.first_step, episode.last_step)
    if update is not None and update > limits.large_update:
        return Severity.CRITICAL, f"Its updates move its weights by {update:.2g} of their size."
    told = "How large its updates are is not known." if update is None else _small(update)
    progress = sample_progress(run, episode.first_step, episode.last_step)
    if progress is not None and progress.state == "improving":
        return Severity.INFO, f"{told} {progress.statement}"
    return Severity.WARNING, told


def _small(update: float) -> str:
    return f"Its updates move its weights by {update:.2g} of their size: the optimizer divides the growth away."


def _clipped(
    run: Run, player: str, norm: pd.Series[float], level: pd.Series[float], limits: Limits
) -> Iterator[Evidence]:
    card: PlayerCard | None = getattr(run.manifest, _NAMES[player])
    value = card.optimizer.get("clipvalue") if card is not None else None
    if card is None or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return
    if card.parameters <= 0:
        return
    threshold = limits.clipped * float(value) * float(np.sqrt(card.parameters))
    episode = persistent_episode(level > threshold, warm_up_end(run.manifest))
    if episode is None:
        return
    episode = reaching_back(episode, norm > threshold)
    observed = float(episode.of(level).median())
    entry = observed / float(np.sqrt(card.parameters))
    yield Evidence(
        f"{player}_grad_norm",
        observed,
        threshold,
        episode.first_step,
        episode.last_step,
        f"Clipping by value erases the {_NAMES[player]}'s gradient: its {card.parameters} entries have a root mean "
        f"square of {entry:.3g} and are clipped at {value:g}, so that little but their signs is left, from step "
        f"{episode.first_step} to {episode.last_step}.{episode.ending}",
        episode.severity(Severity.WARNING),
    )


LIMITS = Limits()

RULE = Rule(
    id="GD202",
    name="exploding-gradient",
    title="A gradient has exploded",
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "lower-learning-rates-and-clip",
        "average-the-loss",
        "spectral-normalisation",
        "r1-regularisation",
        "check-data",
    ),
    references=(
        "Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013 (clip the norm)",
        "Lin et al., Why Spectral Normalization Stabilizes GANs, NeurIPS 2021 (exploding gradients in GANs)",
        "Zhang et al., AutoTrainer, ICSE 2021 (gradients that grow from layer to layer and step to step)",
    ),
    page=__doc__,
    causes=causes,
)
