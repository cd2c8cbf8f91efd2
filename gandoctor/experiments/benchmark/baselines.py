"""What simpler alarms would have said of the same recorded runs; each returns the step of its first alarm, or None."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from gandoctor.rules import warm_up_end
from gandoctor.store import Run

LOW_D_LOSS = 0.05
LOW_D_LOSS_STEPS = 20
"""Steps in a row."""
LARGE_GRADIENT = 100.0
"""ganhacks, "How to train a GAN", point 10: track failures early: a gradient norm over 100 is a bad one."""
VANISHED_RATIO, VANISHED_FIRST = 1e-3, 1e-4
EXPLODED_RATIO = 70.0
DEAD_SHARE = 0.7
"""AutoTrainer's thresholds (Zhang et al., ICSE 2021), on the layers' gradient norms instead of its gradient means."""
STEPS_OF_DECREASE, LEAST_DECREASE = 10, 0.001
"""SageMaker Debugger, LossNotDecreasing: num_steps=10, diff_percent=0.1."""


def low_d_loss(run: Run) -> int | None:
    """D's loss below 0.05 for 20 steps in a row."""
    return _first_streak(run, 0)


def low_d_loss_after_warm_up(run: Run) -> int | None:
    """D's loss below 0.05 for 20 steps in a row after warm-up."""
    return _first_streak(run, warm_up_end(run.manifest))


def large_gradient(run: Run) -> int | None:
    """Either player's gradient norm over 100, or not finite."""
    series = [run[name] for name in ("d_grad_norm", "g_grad_norm") if name in run]
    return _first(*(one[(one > LARGE_GRADIENT) | ~np.isfinite(one)] for one in series))


def vanishing_layers(run: Run) -> int | None:
    """A player's first layer has a gradient below 1e-4 and a thousandth of its last layer's."""
    found = []
    for first, last in _ends(run):
        ratio = first / last.where(last > 0)
        found.append(first[(first < VANISHED_FIRST) & ((ratio < VANISHED_RATIO) | ratio.isna())])
    return _first(*found)


def exploding_layers(run: Run) -> int | None:
    """A player's first layer has 70 times its last layer's gradient, or a loss is not finite."""
    found = [run[name][~np.isfinite(run[name])] for name in ("d_loss", "g_loss") if name in run]
    for first, last in _ends(run):
        found.append(first[first / last.where(last > 0) > EXPLODED_RATIO])
    return _first(*found)


def dead_units(run: Run) -> int | None:
    """At least 70 % of a player's ReLU units are dead."""
    return _first(*(run[name][run[name] >= DEAD_SHARE] for name in ("d_dead_units", "g_dead_units") if name in run))


def loss_not_decreasing(run: Run) -> int | None:
    """Neither loss is 0.1 % lower than ten steps before."""
    stuck = []
    for name in ("d_loss", "g_loss"):
        if name in run:
            checked = run[name].iloc[::STEPS_OF_DECREASE]
            before = checked.shift()
            stuck.append((before - checked < LEAST_DECREASE * before.abs()) & before.notna())
    if not stuck:
        return None
    both = pd.concat(stuck, axis=1).all(axis=1)
    return _first(both[both])


BASELINES: dict[str, Callable[[Run], int | None]] = {
    f.__name__: f
    for f in (
        low_d_loss,
        low_d_loss_after_warm_up,
        large_gradient,
        vanishing_layers,
        exploding_layers,
        dead_units,
        loss_not_decreasing,
    )
}
"""By name; the first line of each one's documentation says what it looks at."""


def scores(run: Run) -> dict[str, float]:
    """Return for the baselines with one threshold how far a run went, so that the threshold can be chosen freely.

    Returns:
        low_d_loss_after_warm_up: The level below which D's loss stayed for 20 steps in a row after warm-up, at best;
        the lower, the more suspicious. large_gradient: the largest gradient norm. Absent where not recorded.
    """
    found: dict[str, float] = {}
    if "d_loss" in run:
        loss = run["d_loss"]
        levels = loss[loss.index >= warm_up_end(run.manifest)].rolling(LOW_D_LOSS_STEPS).max().dropna()
        if len(levels):
            found["low_d_loss_after_warm_up"] = float(levels.min())
    norms = [run[name].max() for name in ("d_grad_norm", "g_grad_norm") if name in run]
    if norms:
        found["large_gradient"] = float(np.max(norms))
    return found


def _first_streak(run: Run, start: int) -> int | None:
    if "d_loss" not in run:
        return None
    loss = run["d_loss"]
    low = (loss[loss.index >= start] < LOW_D_LOSS).rolling(LOW_D_LOSS_STEPS).sum()
    return _first(low[low == LOW_D_LOSS_STEPS])


def _ends(run: Run) -> list[tuple[pd.Series[float], pd.Series[float]]]:
    """Return the gradient norms of either player's first and last layer with weights, at the steps of both."""
    pairs = []
    for card, letter in ((run.manifest.generator, "g"), (run.manifest.discriminator, "d")):
        names = [f"{letter}_layer_grad_norm/{layer.address}" for layer in card.layers] if card is not None else []
        recorded = [name for name in names if name in run]
        if len(recorded) > 1:
            both = pd.concat([run[recorded[0]], run[recorded[-1]]], axis=1).dropna()
            pairs.append((both.iloc[:, 0], both.iloc[:, 1]))
    return pairs


def _first(*found: pd.Series) -> int | None:
    return min((int(one.index[0]) for one in found if len(one)), default=None)
