"""Why training may go round in circles: ranked hypotheses for GD303 and what decides each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gandoctor.measures.periodicity import strongest_cycle
from gandoctor.message import Message, counted
from gandoctor.player_names import NAMES, PLAYERS, SLOTS
from gandoctor.rules.hypotheses.training import CHASING_THE_DISCRIMINATOR
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.momentum import momentum_of
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

MUCH_MOMENTUM = 0.8
"""beta_1 (or the momentum of SGD and RMSprop) from which oscillation is reported: 0.9 in the DCGAN paper."""
LARGE_UPDATE = 1e-2
"""Movement of a player's weights in one update, relative to their norm: 1e-3 is usual."""
TURNOVER = 0.2
"""Total variation of the classes' shares from probe to probe: 0.09 +- 0.02 between two draws of 256 real digits. The
images that are counted at two successive probes are partly the same, so that less is seen than there is."""
ORDERED = 0.6
"""Share of the variance of the batches' mean that one period makes up. Simulated for shuffled batches: 0.25 at most."""
_CLASSES = "sample_class_share"
_RATES = ("d_learning_rate", "g_learning_rate")

LOADER_ORDER = Hypothesis(
    "loader-order",
    Message("The real images come in a fixed order, for example sorted by class"),
    Message("Count the classes of successive batches. The circle is gone once the whole data set is shuffled."),
)
SCHEDULE_CYCLES = Hypothesis(
    "schedule-cycles",
    Message("The learning rate itself goes up and down"),
    Message("With a constant rate the circle is gone."),
)
TOO_MUCH_MOMENTUM = Hypothesis(
    "too-much-momentum",
    Message("The optimizers carry too much momentum"),
    Message("With beta_1 at 0.5 or 0 in both, the images return less."),
)
LEARNING_RATES_TOO_LARGE = Hypothesis(
    "learning-rates-too-large",
    Message("The learning rates are so large that the players overshoot each other"),
    Message(
        "With both rates halved the circle is smaller or gone. An update should move the weights by about 1e-3 of "
        "their size."
    ),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each.

    The scores are judgement: what turns outside of the game first, if the run shows it; then what makes the circles
    large; the chase itself is what is left.
    """
    return [_loader(run), _schedule(run), _momentum(run), _rates(run), _chasing(run)]


def _loader(run: Run) -> Cause:
    cycle = None
    if "real_mean" in run:
        mean = run["real_mean"].loc[warm_up_end(run) :].dropna()
        cycle = strongest_cycle(mean.index.to_numpy(), mean.to_numpy(dtype=float), 3.0)
    if cycle is None:
        return LOADER_ORDER.cause(0.2)
    if cycle.share >= ORDERED:
        shown = Message(
            "the mean of the real batches goes round with a period of {period:.0f} steps, which makes up {share:.0%} "
            "of its variance",
            period=cycle.period,
            share=cycle.share,
        )
        return LOADER_ORDER.cause(0.9, shown)
    shown = Message(
        "the mean of the real batches does not go round; its strongest period, {period:.0f} steps, makes up "
        "{share:.0%} of its variance",
        period=cycle.period,
        share=cycle.share,
    )
    return LOADER_ORDER.cause(0.02, shown)


def _schedule(run: Run) -> Cause:
    rises = [_rises(run[name].loc[warm_up_end(run) :].dropna()) for name in _RATES if name in run]
    if not rises:
        return SCHEDULE_CYCLES.cause(0.1)
    most = max(rises)
    shown = counted(
        "a learning rate rises {n} time after warm-up", "a learning rate rises {n} times after warm-up", most
    )
    return SCHEDULE_CYCLES.cause(0.85 if most >= 2 else 0.02, shown)


def _rises(rate: pd.Series[float]) -> int:
    """Count how often a rate goes up again after it has gone down or stood still."""
    up = np.diff(rate.to_numpy(dtype=float)) > 1e-3 * float(rate.abs().max() if len(rate) else 0.0)
    return int(np.sum(up[1:] & ~up[:-1]) + (up[0] if len(up) else 0))


def _momentum(run: Run) -> Cause:
    cards = {player: getattr(run.manifest, SLOTS[player]) for player in PLAYERS}
    known = {player: m for player, card in cards.items() if (m := momentum_of(card)) is not None}
    if not known:
        return TOO_MUCH_MOMENTUM.cause(0.35)
    told = [Message("{value:g} for the {player}", value=value, player=NAMES[p]) for p, value in known.items()]
    much = any(value >= MUCH_MOMENTUM for value in known.values())
    return TOO_MUCH_MOMENTUM.cause(0.65 if much else 0.05, Message("momentum is {told}", told=tuple(told)))


def _rates(run: Run) -> Cause:
    ratios = {p: r for p in PLAYERS if (r := late_median(run, f"{p}_update_ratio")) is not None}
    if not ratios:
        return LEARNING_RATES_TOO_LARGE.cause(0.4)
    told = [Message("{ratio:.1e} for the {player}", ratio=ratio, player=NAMES[p]) for p, ratio in ratios.items()]
    shown = Message("relative updates are {told}", told=tuple(told))
    return LEARNING_RATES_TOO_LARGE.cause(0.6 if max(ratios.values()) > LARGE_UPDATE else 0.25, shown)


def _chasing(run: Run) -> Cause:
    turnover = _turnover(run)
    test = Message(
        "Contact sheets show the same images coming back every few dozen steps. R1 or a batch-aware discriminator ends "
        "it."
    )
    if turnover is None:
        return CHASING_THE_DISCRIMINATOR.cause(0.5, Message("classes were not counted"), test)
    shown = Message("{share:.0%} of the samples change their class from one probe to the next", share=turnover)
    return CHASING_THE_DISCRIMINATOR.cause(0.7 if turnover > TURNOVER else 0.4, shown, test)


def _turnover(run: Run) -> float | None:
    """Return the median total variation of the classes' shares between probes after warm-up; None if not recorded."""
    import pandas as pd

    members = run.family(_CLASSES)
    if not members:
        return None
    changes = pd.DataFrame(members).loc[warm_up_end(run) :].dropna().diff().abs().sum(axis=1).iloc[1:] / 2
    return float(changes.median()) if len(changes) else None
