"""Baselines: simpler alarms on the same recorded runs. Each returns the step of its first alarm, or None."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from gandoctor.rules import warm_up_end
from gandoctor.store import Run

LOW_D_LOSS = 0.05
LOW_D_LOSS_STEPS = 20
"""Number of steps in a row."""
LARGE_GRADIENT = 100.0
"""ganhacks, "How to train a GAN", point 10, "Track failures early": a gradient norm over 100 is bad."""
VANISHED_RATIO, VANISHED_FIRST = 1e-3, 1e-4
EXPLODED_RATIO = 70.0
DEAD_SHARE = 0.7
"""AutoTrainer's thresholds (Zhang et al., ICSE 2021), applied to gradient norms of layers instead of its means."""
STEPS_OF_DECREASE, LEAST_DECREASE = 10, 0.001
"""SageMaker Debugger, LossNotDecreasing: num_steps=10, diff_percent=0.1."""


def low_d_loss(run: Run) -> int | None:
    """D's loss is below 0.05 for 20 steps in a row."""
    return _first_streak(run, 0)


def low_d_loss_after_warm_up(run: Run) -> int | None:
    """D's loss is below 0.05 for 20 steps in a row after warm-up."""
    return _first_streak(run, warm_up_end(run))


def large_gradient(run: Run) -> int | None:
    """A player's gradient norm is over 100 or not finite."""
    series = [run[name] for name in ("d_grad_norm", "g_grad_norm") if name in run]
    return _first_step(*(one[(one > LARGE_GRADIENT) | ~np.isfinite(one)] for one in series))


def vanishing_layers(run: Run) -> int | None:
    """The gradient of a player's first layer is below 1e-4 and below a thousandth of its last layer's."""
    alarms = []
    for first, last in _first_and_last_layers(run):
        ratio = first / last.where(last > 0)
        alarms.append(first[(first < VANISHED_FIRST) & ((ratio < VANISHED_RATIO) | ratio.isna())])
    return _first_step(*alarms)


def exploding_layers(run: Run) -> int | None:
    """The gradient of a player's first layer is over 70 times its last layer's, or a loss is not finite."""
    alarms = [run[name][~np.isfinite(run[name])] for name in ("d_loss", "g_loss") if name in run]
    for first, last in _first_and_last_layers(run):
        alarms.append(first[first / last.where(last > 0) > EXPLODED_RATIO])
    return _first_step(*alarms)


def dead_units(run: Run) -> int | None:
    """At least 70 % of a player's ReLU units are dead."""
    return _first_step(
        *(run[name][run[name] >= DEAD_SHARE] for name in ("d_dead_units", "g_dead_units") if name in run)
    )


def loss_not_decreasing(run: Run) -> int | None:
    """No loss is at least 0.1 % lower than ten steps before."""
    stuck = []
    for name in ("d_loss", "g_loss"):
        if name in run:
            checked = run[name].iloc[::STEPS_OF_DECREASE]
            before = checked.shift()
            stuck.append((before - checked < LEAST_DECREASE * before.abs()) & before.notna())
    if not stuck:
        return None
    both = pd.concat(stuck, axis=1).all(axis=1)
    return _first_step(both[both])


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
"""All baselines by name. The report shows the first line of each docstring."""


def scores(run: Run) -> dict[str, float]:
    """Return the value that each baseline with one threshold compares, so that another threshold can be chosen.

    Returns:
        low_d_loss_after_warm_up: The lowest level that D's loss stayed below for 20 steps in a row after warm-up; the
        lower, the more suspicious. large_gradient: The largest gradient norm. A value that was not recorded is absent.
    """
    values: dict[str, float] = {}
    if "d_loss" in run:
        loss = run["d_loss"]
        levels = loss[loss.index >= warm_up_end(run)].rolling(LOW_D_LOSS_STEPS).max().dropna()
        if len(levels):
            values["low_d_loss_after_warm_up"] = float(levels.min())
    norms = [run[name].max() for name in ("d_grad_norm", "g_grad_norm") if name in run]
    if norms:
        values["large_gradient"] = float(np.max(norms))
    return values


def _first_streak(run: Run, start: int) -> int | None:
    if "d_loss" not in run:
        return None
    loss = run["d_loss"]
    low = (loss[loss.index >= start] < LOW_D_LOSS).rolling(LOW_D_LOSS_STEPS).sum()
    return _first_step(low[low == LOW_D_LOSS_STEPS])


def _first_and_last_layers(run: Run) -> list[tuple[pd.Series[float], pd.Series[float]]]:
    """Return, for each player, the gradient norms of its first and last layer with weights, at their common steps."""
    pairs = []
    for card, letter in ((run.manifest.generator, "g"), (run.manifest.discriminator, "d")):
        names = [f"{letter}_layer_grad_norm/{layer.address}" for layer in card.layers] if card is not None else []
        recorded = [name for name in names if name in run]
        if len(recorded) > 1:
            both = pd.concat([run[recorded[0]], run[recorded[-1]]], axis=1).dropna()
            pairs.append((both.iloc[:, 0], both.iloc[:, 1]))
    return pairs


def _first_step(*alarms: pd.Series) -> int | None:
    return min((int(one.index[0]) for one in alarms if len(one)), default=None)
