"""GD204: a large share of a network's ReLU units is 0 for every input.

What it is
    A ReLU unit whose input is negative for every image (or latent) always outputs 0, has no gradient and cannot
    recover by itself.

Why it hurts
    The network shrinks without a word. The generator also learns through the discriminator: what dead units there do
    not pass on never reaches it.

How it is recognised
    The share of ReLU units that are 0 for all inputs of a probe is above 30 %, in 3 of 4 successive probes over at
    least 60 steps, after warm-up, and at least 10 points above the run's own first probe. From 70 % on it is critical,
    and counts even if the run began so.

What it is not
    A unit that is 0 for most inputs is sparse and healthy: one input that activates it keeps it alive. Fresh ReLU
    networks start with some units that are silent in a single probe. Dropout's zeros do not count, as probes run
    without dropout. Leaky ReLU and its relatives always pass a gradient, so nothing is recorded and nothing judged. A
    generator whose latents are all the same shows every unit at one value: that is GD007.

What to do
    Lower the learning rate: one large update pushes a unit below 0 for good. Normalise before the ReLU, which keeps
    half of the inputs above 0, and use leaky ReLU in the discriminator. Dead units stay dead: start again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message, clauses, counted, sentences
from gandoctor.networks.layer_roles import role_of
from gandoctor.player_names import NAMES, Player
from gandoctor.rules.gradients.both_players import judge_players
from gandoctor.rules.gradients.latent_variation import latents_are_constant
from gandoctor.rules.gradients.own_level import RECENT_STEPS, finite, recent
from gandoctor.rules.hypotheses.networks import NO_LAYERS, no_batch_norm
from gandoctor.rules.hypotheses.training import EXPLODING_UPDATES
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity, unseen
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds; from the literature and judgement, to be calibrated.

    Attributes:
        share: Dead units, 0..1. Healthy networks are said to have under 5 %; judgement between that and `critical`.
        rise: How much more than in the first probe. Judgement.
        critical: Dead units that count whatever the run began with, and make it critical. AutoTrainer (Zhang et al.,
            ICSE 2021) calls a model dying from a share of 0.7 zero gradients on.
    """

    share: float = 0.3
    rise: float = 0.1
    critical: float = 0.7


@dataclass(frozen=True)
class _Dying:
    """A player that has lost many units.

    Attributes:
        player: Which.
        share: Its dead units, 0..1, at every probe.
    """

    player: Player
    share: pd.Series[float]


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one evidence for each player with many dead units."""
    return judge_players(lambda player: _judge(run, player, limits))


def _judge(run: Run, player: Player, limits: Limits) -> Iterator[Evidence]:
    signal = f"{player}_dead_units"
    if signal not in run:
        raise unseen(run, signal)
    if player == "g" and latents_are_constant(run):
        raise NotEvaluated(Message("Its latents are all the same, so no unit can be seen to change."))
    share = finite(run, signal)
    if share.empty:
        raise NotEvaluated(Message("{signal} was never a number.", signal=signal))
    first = float(share.iloc[0])
    holds = (share > limits.share) & ((share >= first + limits.rise) | (share >= limits.critical))
    episode = persistent_episode(holds, warm_up_end(run))
    if episode is None:
        return
    observed = float(episode.of(share).median())
    dead = Message(
        "{share:.0%} of the {player}'s ReLU units are 0 for every input of a probe, from step {first} to {last}. In "
        "the first probe it was {before:.0%}.",
        share=observed,
        player=NAMES[player],
        first=episode.first_step,
        last=episode.last_step,
        before=first,
    )
    yield Evidence(
        signal,
        observed,
        limits.share,
        episode.first_step,
        episode.last_step,
        sentences(dead, episode.ending),
        episode.severity(Severity.CRITICAL if observed >= limits.critical else Severity.WARNING),
        detail=_Dying(player, share),
    )


UNNORMALISED_DISCRIMINATOR = Hypothesis(
    "unnormalised-discriminator",
    Message("Nothing keeps the inputs of the discriminator's units around 0"),
    Message(
        "A normalisation before the ReLU keeps half of its inputs above 0 as long as its offset does. With it the "
        "share stays near the first probe's."
    ),
)
RELU_WITHOUT_LEAK = Hypothesis(
    "relu-without-leak",
    Message("ReLU passes no gradient below 0, so a unit that falls there stays there"),
    Message(
        "Replace it by leaky ReLU with a slope of 0.2. If the symptom goes and the samples gain nothing, the dead "
        "units were not what held them back."
    ),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why units died: pushed over by updates, or never held up by a normalisation.

    The scores are judgement: a large update next to the largest rise nearly settles it, and ReLU is always part of it.
    """
    dying: _Dying = max(found.details, key=lambda d: recent(run, f"{d.player}_dead_units") or 0.0)
    shown = counted(
        "{n} probe shows ReLU units in the {player}",
        "{n} probes show ReLU units in the {player}",
        len(dying.share),
        player=NAMES[dying.player],
    )
    return [
        _exploding_updates(run, dying, found.limits),
        no_batch_norm(run) if dying.player == "g" else _unnormalised(run),
        RELU_WITHOUT_LEAK.cause(0.4, shown),
    ]


def _exploding_updates(run: Run, dying: _Dying, limits: Limits) -> Cause:
    update = recent(run, f"{dying.player}_update_ratio")
    rises = np.diff(dying.share.to_numpy(), prepend=dying.share.to_numpy()[:1])
    rise, at = float(rises.max()), int(dying.share.index[int(rises.argmax())])
    around = median_between(run, f"{dying.player}_update_ratio", at - RECENT_STEPS, at)
    large = max(update or 0.0, around or 0.0) > _LARGE_UPDATE
    moved = None
    if update is not None:
        moved = Message(
            "an update moves the {player}'s weights by {update:.1e} of their size",
            player=NAMES[dying.player],
            update=update,
        )
    rose = Message("the largest rise from one probe to the next was {rise:.0%}, at step {step}", rise=rise, step=at)
    return EXPLODING_UPDATES.cause(
        0.8 if large else 0.6 if rise >= limits.rise else 0.3,
        clauses(rose, moved),
        Message(
            "The share rises in jumps, at large updates, and stays. A ten times smaller learning rate prevents it."
        ),
    )


def _unnormalised(run: Run) -> Cause:
    card = run.manifest.discriminator
    if card is None:
        return UNNORMALISED_DISCRIMINATOR.cause(0.3, NO_LAYERS)
    if any(role_of(layer) in ("batch_norm", "norm") for layer in card.layers):
        return UNNORMALISED_DISCRIMINATOR.cause(0.1, Message("the discriminator has normalisation"))
    return UNNORMALISED_DISCRIMINATOR.cause(0.5, Message("the discriminator has no normalisation"))


_LARGE_UPDATE = 0.02
"""Movement over norm from which an update is suspected of pushing units over; usual is 1e-3."""


LIMITS = Limits()

RULE = Rule(
    id="GD204",
    name="dead-units",
    title=Message("Many ReLU units are dead"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "leaky-discriminator",
        "batch-norm-in-generator",
        "lower-learning-rates-and-clip",
        "spectral-normalisation",
    ),
    references=(
        "Zhang et al., AutoTrainer: An Automatic DNN Training Problem Detection and Repair System, ICSE 2021",
        "Lu et al., Dying ReLU and Initialization: Theory and Numerical Examples, 2019",
        "Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, ICML workshop 2013 (the leak)",
    ),
    page=__doc__,
    causes=causes,
)
