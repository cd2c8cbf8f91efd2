"""GD202: a gradient has grown far beyond what it was in this run, or is so large that clipping erases it.

What it is
    Within 200 steps the norm of a player's gradient has grown to more than ten times the highest level it ever had
    before, and stays there. Or nearly every entry of the gradient exceeds the value at which entries are clipped, so
    only the signs are left.

Why it hurts
    Plain gradient descent takes steps as large as the gradient. Adam and RMSprop divide most of a large gradient away
    again, but not at the moment it grows; and a gradient clipped entry by entry no longer points where it did. A norm
    that keeps growing ends in NaN.

How it is recognised
    By the run's own history: the running median of the norm over 60 steps against its highest level until 200 steps
    earlier, in 3 of 4 successive values over at least 60 steps, after warm-up. It is a warning; critical where the
    player's updates became large too, or where the norm stopped being a number; a remark while the samples keep
    improving. And by the clipping in the model card: the root mean square of the gradient's entries above `clipvalue`.

What it is not
    A single spike: every GAN has them. A large norm by itself: norms of a Wasserstein critic are in the hundreds from
    the start, those of a generator facing a confident discriminator above 10, and a fixed limit of 100 found none of
    12 failing runs. A norm that is large from the first step, without clipping by value, is a matter of units. Slow
    growth: a discriminator's gradient rose sixfold in 400 steps of a healthy run. A gradient that returns after the
    quiet phase many discriminators pass through before step 150 is compared with the time before.

What to do
    See at which step it began, and what changed there. A jump within one step points to the loss (a sum in place of a
    mean, a weight on a penalty) or to the data; growth over many steps to the learning rate, or to a discriminator
    that gets ever steeper. Clip the global norm, which keeps the direction, in place of single entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message, counted, sentences
from gandoctor.player_names import NAMES, Player
from gandoctor.rules.gradients.both_players import judge_players
from gandoctor.rules.gradients.exploding_gradient_causes import causes
from gandoctor.rules.gradients.own_level import early_level, finite, highest_before, reaching_back
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.reading.persistence import SPAN_STEPS, Episode, persistent_episode, running_median
from gandoctor.rules.reading.sample_progress import sample_progress
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity, unseen
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


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
    """Return evidence for each player on the growth of its gradient and on its clipping."""
    return judge_players(lambda player: _judge(run, player, limits))


def _judge(run: Run, player: Player, limits: Limits) -> Iterator[Evidence]:
    signal = f"{player}_grad_norm"
    if signal not in run:
        raise unseen(run, signal)
    norm = finite(run, signal)
    level, early = running_median(norm), early_level(run, norm)
    if level.empty or early is None:
        raise NotEvaluated(Message("{signal} covers fewer than {span} steps.", signal=signal, span=SPAN_STEPS))
    yield from _grown(run, player, norm, level, early, limits)
    yield from _clipped(run, player, norm, level, limits)


def _grown(
    run: Run, player: Player, norm: pd.Series[float], level: pd.Series[float], early: float, limits: Limits
) -> Iterator[Evidence]:
    start = warm_up_end(run)
    thresholds = limits.growth * highest_before(level, early, limits.growth_steps)
    grown = persistent_episode(level > thresholds, start)
    if grown is None or early == 0:
        return  # from 0 everything is growth: the first gradients never arrived, which is another matter
    # What it grew from stays the measure; against its own new level it would soon look as if it had recovered.
    threshold = float(thresholds.loc[grown.first_step])
    episode = persistent_episode(level > threshold, start) or grown
    episode = reaching_back(episode, norm > threshold)
    observed, before = float(episode.of(level).median()), threshold / limits.growth
    severity, harm = _harm(run, player, episode, limits)
    larger = Message(
        "The median norm of the {player}'s gradient is {norm:.3g}, {times:.3g} times the highest level before "
        "({before:.3g}), from step {first} to {last}.",
        player=NAMES[player],
        norm=observed,
        times=observed / before,
        before=before,
        first=episode.first_step,
        last=episode.last_step,
    )
    yield Evidence(
        f"{player}_grad_norm",
        observed,
        threshold,
        episode.first_step,
        episode.last_step,
        sentences(larger, harm, episode.ending),
        episode.severity(severity),
    )


def _harm(run: Run, player: Player, episode: Episode, limits: Limits) -> tuple[Severity, Message]:
    """Grade the growth by what it did to the weights and to the samples."""
    recorded = run[f"{player}_grad_norm"]
    broken = recorded.index[~np.isfinite(recorded.to_numpy()) & (recorded.index >= episode.first_step)]
    if len(broken):
        return Severity.CRITICAL, Message("At step {step} it stopped being a number.", step=int(broken[0]))
    update = median_between(run, f"{player}_update_ratio", episode.first_step, episode.last_step)
    if update is None:
        moved = Message("The size of its updates is not known.")
    elif update > limits.large_update:
        return Severity.CRITICAL, Message("Its updates move its weights by {update:.2g} of their size.", update=update)
    else:
        moved = Message(
            "Its updates move its weights by {update:.2g} of their size: the optimizer divides the growth away.",
            update=update,
        )
    progress = sample_progress(run, episode.first_step, episode.last_step)
    if progress is not None and progress.state == "improving":
        return Severity.INFO, sentences(moved, progress.statement)
    return Severity.WARNING, moved


def _clipped(
    run: Run, player: Player, norm: pd.Series[float], level: pd.Series[float], limits: Limits
) -> Iterator[Evidence]:
    card = card_of(run, player)
    value = card.optimizer.get("clipvalue") if card is not None else None
    if card is None or isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return
    if card.parameters <= 0:
        return
    threshold = limits.clipped * float(value) * float(np.sqrt(card.parameters))
    episode = persistent_episode(level > threshold, warm_up_end(run))
    if episode is None:
        return
    episode = reaching_back(episode, norm > threshold)
    observed = float(episode.of(level).median())
    erased = counted(
        "Clipping by value erases the {player}'s gradient from step {first} to {last}: its only entry has a root mean "
        "square of {entry:.3g} and is clipped at {clip:g}, so little more than its sign is left.",
        "Clipping by value erases the {player}'s gradient from step {first} to {last}: its {n} entries have a root "
        "mean square of {entry:.3g} and are clipped at {clip:g}, so little more than their signs is left.",
        card.parameters,
        player=NAMES[player],
        first=episode.first_step,
        last=episode.last_step,
        entry=observed / float(np.sqrt(card.parameters)),
        clip=value,
    )
    yield Evidence(
        f"{player}_grad_norm",
        observed,
        threshold,
        episode.first_step,
        episode.last_step,
        sentences(erased, episode.ending),
        episode.severity(Severity.WARNING),
    )


LIMITS = Limits()

RULE = Rule(
    id="GD202",
    name="exploding-gradient",
    title=Message("A gradient has exploded"),
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
