"""Why training may go round in circles: ranked hypotheses for GD303 and what decides each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gandoctor.measures.periodicity import strongest_cycle
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import PlayerCard, Run

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


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_loader(run), _schedule(run), _momentum(run), _rates(run), _chasing(run)]


def _loader(run: Run) -> Cause:
    cycle = None
    if "real_mean" in run:
        mean = run["real_mean"].loc[warm_up_end(run.manifest) :].dropna()
        cycle = strongest_cycle(mean.index.to_numpy(), mean.to_numpy(dtype=float), 3.0)
    ordered = cycle is not None and cycle.share >= ORDERED
    shown = "not recorded"
    if cycle is not None:
        shown = (
            f"the mean of the real batches {'goes' if ordered else 'does not go'} round: its strongest period, "
            f"{cycle.period:.0f} steps, makes up {cycle.share:.0%} of its variance"
        )
    return Cause(
        "loader-order",
        "The real images come in a fixed order, for example sorted by class",
        0.2 if cycle is None else 0.9 if ordered else 0.02,
        f"Count the classes of successive batches; after shuffling the whole data set the circle is gone. "
        f"This run: {shown}.",
    )


def _schedule(run: Run) -> Cause:
    rises = [_rises(run[name].loc[warm_up_end(run.manifest) :].dropna()) for name in _RATES if name in run]
    many = max(rises, default=0) >= 2
    shown = f"the learning rates rise {max(rises)} times after warm-up" if rises else "not recorded"
    return Cause(
        "schedule-cycles",
        "The learning rate itself goes up and down",
        0.85 if many else 0.02 if rises else 0.1,
        f"With a constant rate the circle is gone. This run: {shown}.",
    )


_RATES = ("d_learning_rate", "g_learning_rate")


def _rises(rate: pd.Series[float]) -> int:
    """Count how often a rate goes up again after it has gone down or stood still."""
    up = np.diff(rate.to_numpy(dtype=float)) > 1e-3 * float(rate.abs().max() if len(rate) else 0.0)
    return int(np.sum(up[1:] & ~up[:-1]) + (up[0] if len(up) else 0))


def _momentum(run: Run) -> Cause:
    cards = {"discriminator": run.manifest.discriminator, "generator": run.manifest.generator}
    known = {name: m for name, card in cards.items() if (m := _momentum_of(card)) is not None}
    much = any(value >= MUCH_MOMENTUM for value in known.values())
    shown = ", ".join(f"{value:g} of the {name}" for name, value in known.items()) or "not recorded"
    return Cause(
        "too-much-momentum",
        "The optimizers carry too much momentum",
        0.35 if not known else 0.65 if much else 0.05,
        f"With beta_1 at 0.5 or 0 in both the images return less. This run: momentum {shown}.",
    )


def _momentum_of(card: PlayerCard | None) -> float | None:
    if card is None or not card.optimizer:
        return None
    for name in ("beta_1", "momentum"):
        value = card.optimizer.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _rates(run: Run) -> Cause:
    ratios = [r for name in ("d_update_ratio", "g_update_ratio") if (r := late_median(run, name)) is not None]
    large = max(ratios, default=0.0) > LARGE_UPDATE
    shown = " and ".join(f"{ratio:.1e}" for ratio in ratios) or "not recorded"
    return Cause(
        "learning-rates-too-large",
        "The learning rates are so large that the players overshoot each other",
        0.4 if not ratios else 0.6 if large else 0.25,
        "With both rates halved the circle is smaller or gone; an update should move the weights by about 1e-3 of "
        f"their size. This run: {shown}.",
    )


def _chasing(run: Run) -> Cause:
    turnover = _turnover(run)
    shown = (
        "compare the filmstrip"
        if turnover is None
        else f"{turnover:.0%} of the samples change their class from one probe to the next"
    )
    return Cause(
        "chasing-the-discriminator",
        "The generator chases the discriminator from mode to mode",
        0.5 if turnover is None else 0.7 if turnover > TURNOVER else 0.4,
        "Contact sheets show the same images coming back every few dozen steps; R1 or a batch-aware discriminator ends "
        f"it. This run: {shown}.",
    )


def _turnover(run: Run) -> float | None:
    """Return the median total variation of the classes' shares between probes after warm-up; None if not recorded."""
    members = run.family(_CLASSES)
    if not members:
        return None
    changes = pd.DataFrame(members).loc[warm_up_end(run.manifest) :].dropna().diff().abs().sum(axis=1).iloc[1:] / 2
    return float(changes.median()) if len(changes) else None
