"""GD203: updates so small that a player is as good as frozen, or so large that they overwrite it.

What it is
    An update moves a player's weights by less than 1e-5 of their size, or by more than a tenth of it, probe after
    probe. About 1e-3 is usual.

Why it hurts
    At 1e-5 it takes a hundred thousand steps to replace the weights: the player stands still while the other one goes
    on. At a tenth, ten steps replace everything that was learnt; the losses jump and the images never settle.

How it is recognised
    By how far the weights move in the player's own update, over their norm, in 3 of 4 successive probes over at least
    60 steps, after warm-up. Where layers were recorded one by one, a player also counts if half of its layers are
    beyond the limit: one large layer can hide all others in the whole norm.

What it is not
    A movement of exactly 0 is GD002 or GD003. Updates that are small because the gradient has gone do not count: that
    is GD201, or a player that has what it wants. Rates lowered for both players together end a training as planned.
    Early updates of a hundredth are usual with RMSprop and Adam. A single layer is no symptom: biases, the offsets of
    batch normalisation and layers that start at zero have a tiny norm and so a huge ratio.

What to do
    Look at the learning rate first: rates differ by orders of magnitude between optimizers, and an exponent is quickly
    mistyped. Then look at clipping and at a loss weight that is far from 1. Change it by factors of two to ten and
    look at the ratio again after a few probes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from gandoctor.message import Message, Value, counted, sentences
from gandoctor.player_names import NAMES, OTHER, SLOTS, Player
from gandoctor.rules.gradients.both_players import judge_players
from gandoctor.rules.gradients.own_level import early_level, finite
from gandoctor.rules.gradients.update_size_out_of_range_causes import causes
from gandoctor.rules.reading.persistence import Episode, persistent_episode, running_median
from gandoctor.rules.reading.sample_progress import sample_progress
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity, unseen
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

Beyond = Literal["small", "large"]


@dataclass(frozen=True)
class Limits:
    """Thresholds; read off single runs of the reference model at 1/8 width, to be calibrated.

    Attributes:
        smallest: Movement over norm. Two decades below the usual 1e-3 and the level at which the generator counts as
            still in GD301; a learning rate of 1e-7 with an optimizer that divides by the gradient's size gives a few
            times 1e-6, healthy runs 7e-4 and more.
        largest: Movement over norm. Healthy runs had 0.04 at most, in their first steps.
        layer_share: Share of a player's layers that must be beyond a limit at the same probe. Judgement.
        faded: Running median of the gradient's norm over its highest early level, below which small updates are
            the gradient's matter. The healthy generators of the first round had 0.014 and more.
        lowered: Share of its highest value that both learning rates must have fallen below for a planned end.
    """

    smallest: float = 1e-5
    largest: float = 0.1
    layer_share: float = 0.5
    faded: float = 0.01
    lowered: float = 0.1

    def threshold(self, beyond: Beyond) -> float:
        """Return the limit on one side."""
        return self.smallest if beyond == "small" else self.largest


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence for each player on its whole movement, else on that of its layers."""
    return judge_players(lambda player: _judge(run, player, limits))


def _judge(run: Run, player: Player, limits: Limits) -> Iterator[Evidence]:
    signal = f"{player}_update_ratio"
    if signal not in run:
        raise unseen(run, signal)
    sides: tuple[Beyond, Beyond] = ("small", "large")
    for beyond in sides:
        yield from _whole(run, player, beyond, limits) or _layers(run, player, beyond, limits)


def _whole(run: Run, player: Player, beyond: Beyond, limits: Limits) -> list[Evidence]:
    signal = f"{player}_update_ratio"
    ratio = finite(run, signal)
    episode = _episode(run, player, _is_beyond(ratio, beyond, limits), beyond, limits)
    if episode is None:
        return []
    observed = float(episode.of(ratio).median())
    known: dict[str, Value] = {
        "player": NAMES[player],
        "ratio": observed,
        "first": episode.first_step,
        "last": episode.last_step,
    }
    if beyond == "small":
        moved = Message(
            "An update moves the {player}'s weights by {ratio:.1e} of their size, from step {first} to {last}: at that "
            "pace it takes {steps:.0e} steps to replace them.",
            steps=1 / observed,
            **known,
        )
    else:
        moved = counted(
            "An update moves the {player}'s weights by {ratio:.1e} of their size, from step {first} to {last}: {n} "
            "update replaces them.",
            "An update moves the {player}'s weights by {ratio:.1e} of their size, from step {first} to {last}: {n} "
            "updates replace them.",
            _updates_to_replace(observed),
            **known,
        )
    return [_graded(run, Evidence(signal, observed, limits.threshold(beyond), *_span(episode), moved), episode, beyond)]


def _layers(run: Run, player: Player, beyond: Beyond, limits: Limits) -> list[Evidence]:
    import pandas as pd

    family = f"{player}_layer_update_ratio"
    table = pd.DataFrame(run.family(family))
    if table.shape[1] < 2:
        return []
    share = _is_beyond(table, beyond, limits).sum(axis=1) / table.notna().sum(axis=1)
    try:
        episode = _episode(run, player, share >= limits.layer_share, beyond, limits)
    except NotEvaluated:
        return []  # too few probes; the player as a whole has been judged
    if episode is None:
        return []
    medians = table.loc[episode.first_step : episode.last_step].median()
    named = medians[_is_beyond(medians, beyond, limits)]
    if named.empty:
        return []
    observed = float(named.median())
    known: dict[str, Value] = {
        "player": NAMES[player],
        "count": len(named),
        "layers": int(table.shape[1]),
        "ratio": observed,
        "first": episode.first_step,
        "last": episode.last_step,
    }
    if beyond == "small":
        moved = Message(
            "An update moves {count} of the {layers} layers of the {player} by {ratio:.1e} of the size of their "
            "weights, from step {first} to {last}: at that pace it takes {steps:.0e} steps to replace them.",
            steps=1 / observed,
            **known,
        )
    else:
        moved = counted(
            "An update moves {count} of the {layers} layers of the {player} by {ratio:.1e} of the size of their "
            "weights, from step {first} to {last}: {n} update replaces them.",
            "An update moves {count} of the {layers} layers of the {player} by {ratio:.1e} of the size of their "
            "weights, from step {first} to {last}: {n} updates replace them.",
            _updates_to_replace(observed),
            **known,
        )
    at = tuple(f"{SLOTS[player]}/{layer}" for layer in named.index)
    evidence = Evidence(family, observed, limits.threshold(beyond), *_span(episode), moved, layers=at)
    return [_graded(run, evidence, episode, beyond)]


def _updates_to_replace(ratio: float) -> int:
    return round(max(1.0, 1 / ratio))


def _span(episode: Episode) -> tuple[int, int]:
    return episode.first_step, episode.last_step


def _is_beyond(ratio: Any, beyond: Beyond, limits: Limits) -> Any:
    """Tell where a movement is beyond a limit; exactly 0 is standing still, which other rules judge."""
    return (ratio > 0) & (ratio < limits.smallest) if beyond == "small" else ratio > limits.largest


def _episode(run: Run, player: Player, holds: pd.Series[bool], beyond: Beyond, limits: Limits) -> Episode | None:
    if beyond == "small" and holds.any():
        holds = holds & ~_explained(run, player, holds.index, limits)
    return persistent_episode(holds, warm_up_end(run))


def _explained(run: Run, player: Player, steps: pd.Index[int], limits: Limits) -> pd.Series[bool]:
    """Tell at which steps a small update is no fault: the gradient has faded, or both rates were lowered."""
    import pandas as pd

    explained = pd.Series(False, index=steps)
    norm = finite(run, f"{player}_grad_norm")
    level, early = running_median(norm), early_level(run, norm)
    if early is not None and len(level):
        explained |= _at(level < limits.faded * early, steps)
    lowered = []
    for who in (player, OTHER[player]):
        rate = finite(run, f"{who}_learning_rate")
        if rate.empty:
            return explained
        lowered.append(_at(rate < limits.lowered * rate.cummax(), steps))
    return explained | (lowered[0] & lowered[1])


def _at(holds: pd.Series[bool], steps: pd.Index[int]) -> pd.Series[bool]:
    """Return a condition at other steps: as it was when last recorded."""
    return holds.astype(float).reindex(steps.union(holds.index)).ffill().reindex(steps).fillna(0.0) > 0


def _graded(run: Run, evidence: Evidence, episode: Episode, beyond: Beyond) -> Evidence:
    """Grade by the samples: a remark where they do well, critical for a whole player that stands still otherwise."""
    progress = sample_progress(run, episode.first_step, episode.last_step)
    severity = Severity.WARNING
    if progress is not None and progress.state != "stuck":
        severity = Severity.INFO
    elif beyond == "small" and progress is not None and not evidence.layers:
        severity = Severity.CRITICAL
    statement = sentences(evidence.statement, progress.statement if progress is not None else None, episode.ending)
    return replace(evidence, statement=statement, severity=episode.severity(severity))


LIMITS = Limits()

RULE = Rule(
    id="GD203",
    name="update-size-out-of-range",
    title=Message("Updates are far too small or far too large"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "usual-learning-rates",
        "learning-rate-above-zero",
        "lower-learning-rates-and-clip",
        "average-the-loss",
    ),
    references=(
        "A. Karpathy, CS231n, Neural Networks Part 3: ratio of weights to updates (about 1e-3)",
        "You et al., Large Batch Training of Convolutional Networks, 2017 (the ratio, layer by layer)",
    ),
    page=__doc__,
    causes=causes,
)
