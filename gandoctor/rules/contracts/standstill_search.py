"""Find the stretch in which a player's weights stay where they are, from its updates or its movement between probes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Absent, Message
from gandoctor.player_names import NAMES, OTHER, Player
from gandoctor.rules.contracts.standstill import Reason, Standstill
from gandoctor.rules.rule import NotEvaluated, not_recorded
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds. A player that stands still moves by exactly 0; only the patience is a choice.

    Attributes:
        movement: L2 norm up to which a player stands still: exactly 0. Measured with Keras 3.15: 0.000 for a frozen
            discriminator, 0.24 for one that trains.
        successive: Successive probes with an update of 0. A single one may be part of the user's own schedule.
        span: Steps these probes must span where movement between probes does not confirm them. The first two steps of
            a run are one moment: a learning rate that warms up from 0 or a cadence of updates may skip both.
        weight_probes: Successive probes without any movement, where no update was measured; weight_span: the steps
            they must span. They match the persistence that symptoms need, so that critics which train several times
            per step and accumulated gradients are not mistaken for a standstill. A frozen player needs only
            `successive` probes.
        schedule_span: Steps a learning rate of 0 must last.
        satisfied: Loss at which a player has nothing left to gain, so that a gradient of 0 is no fault: a hinge loss
            of exactly 0, or a cross-entropy whose gradient underflows (1e-7 at a logit of 16, where the gradient is
            1e-7 as well).
    """

    movement: float = 0.0
    successive: int = 2
    span: int = 3
    weight_probes: int = 4
    weight_span: int = 60
    schedule_span: int = 20
    satisfied: float = 1e-6


def find_standstill(run: Run, player: Player, limits: Limits) -> Standstill | None:
    """Return the stretch in which a player stands still: the ongoing one, else the longest; None where it moves.

    Raises:
        NotEvaluated: Too few of its updates and movements were recorded to tell.
    """
    own_name, moved_name = f"{player}_update_in_{player}_step", f"{player}_movement"
    own, moved = read_signal(run, own_name), read_signal(run, moved_name)
    absence = run.manifest.missing.get(own_name)
    frozen = absence is not None and absence.code is Absent.FROZEN
    if absence is not None and absence.code is Absent.NO_GRADIENT and not len(own):
        return Standstill(player, own_name, 1, max(1, run.last_step), 0, True, "cut_off", None)
    if len(own) < limits.successive and len(moved) < limits.successive:
        if frozen and not (moved > limits.movement).any():
            signal = moved_name if len(moved) else own_name
            return Standstill(player, signal, 1, max(1, run.last_step), 0, True, "frozen", None)
        if own_name not in run and moved_name not in run:
            raise NotEvaluated(not_recorded(run, own_name))
        raise NotEvaluated(
            Message(
                "Needs {probes} probes of the {player}'s weights; too few so far.",
                probes=limits.successive,
                player=NAMES[player],
            )
        )
    return _still_in_own_updates(run, player, own, moved, limits) or _still_between_probes(
        run, player, own, moved, frozen, limits
    )


def _still_in_own_updates(
    run: Run, player: Player, own: pd.Series[float], moved: pd.Series[float], limits: Limits
) -> Standstill | None:
    """Return a stretch in which all of the player's own updates were exactly 0."""
    elsewhere = read_signal(run, f"{player}_update_in_{OTHER[player]}_step")
    found = []
    for stretch in _stretches(own, limits.movement):
        first, last = int(stretch.index[0]), int(stretch.index[-1])
        if len(stretch) < limits.successive:
            continue
        moves_elsewhere = bool((elsewhere.loc[first:last] > limits.movement).any())
        within = _movement_within(moved, first, last)
        if not moves_elsewhere and (within > limits.movement).any():
            continue  # a cadence: its updates fall between the probes
        if within.empty and last - first < limits.span:
            continue
        reason = "other_step_only" if moves_elsewhere else _reason(run, player, first, last)
        if reason == "learning_rate" and last - first < limits.schedule_span:
            continue  # a learning rate that warms up
        if reason == "no_gradient" and _is_satisfied(run, player, first, last, limits):
            continue
        found.append(
            Standstill(
                player=player,
                signal=f"{player}_update_in_{player}_step",
                first_step=first,
                last_step=last,
                probes=len(stretch),
                ongoing=last == own.index[-1],
                reason=reason,
                other_movement=_other_movement(run, player, first, last),
            )
        )
    return max(found, key=lambda s: (s.ongoing, s.last_step - s.first_step), default=None)


def _still_between_probes(
    run: Run, player: Player, own: pd.Series[float], moved: pd.Series[float], frozen: bool, limits: Limits
) -> Standstill | None:
    """Return an ongoing stretch in which nothing moved the weights, in either player's step.

    Probes can miss updates: a cadence, accumulated gradients, a player whose turn has not come. A stretch therefore
    counts only once it is long, and longer than twice any stretch that ended.
    """
    stretches = _stretches(moved, limits.movement)
    if not stretches or stretches[-1].index[-1] != moved.index[-1]:
        return None
    still = stretches[-1]
    since, last = _since(still, moved), int(still.index[-1])
    found = Standstill(
        player=player,
        signal=f"{player}_movement",
        first_step=since + 1,
        last_step=last,
        probes=len(still),
        ongoing=True,
        reason="frozen",
        other_movement=_other_movement(run, player, since + 1, last),
    )
    if frozen and len(still) >= limits.successive:
        return found
    earlier = max((int(s.index[-1]) - _since(s, moved) for s in stretches[:-1]), default=0)
    long = len(still) >= limits.weight_probes and last - since >= max(limits.weight_span, 2 * earlier + 1)
    if not long or (since == 0 and last < contract_warm_up_end(run)):
        return None
    updates = own.loc[since + 1 : last]
    reason: Reason = "undone" if (updates > limits.movement).any() else _reason(run, player, since + 1, last)
    if reason == "no_gradient" and _is_satisfied(run, player, since + 1, last, limits):
        return None
    if reason in ("unknown", "no_weights") and found.other_movement == 0:
        reason = "nothing_moves"
    elif reason == "unknown" and updates.empty and not _is_blind(run, player):
        reason = "never_updated"
    return replace(found, reason=reason)


def _is_blind(run: Run, player: Player) -> bool:
    """Tell whether updates were out of the monitor's sight, so that having seen none says nothing."""
    absence = run.manifest.missing.get(f"{player}_update_in_{player}_step")
    return absence is not None and absence.code is Absent.BETWEEN_STEPS


def _reason(run: Run, player: Player, first: int, last: int) -> Reason:
    """Return the reason that the learning rate and the gradient show."""
    rate = read_signal(run, f"{player}_learning_rate")
    in_force = rate.loc[first:last] if len(rate.loc[first:last]) else rate.loc[:first].iloc[-1:]
    if len(in_force) and (in_force == 0).all():
        return "learning_rate"
    norm = f"{player}_grad_norm"
    if norm not in run and norm not in run.manifest.missing and f"{OTHER[player]}_grad_norm" in run:
        return "no_weights"
    gradient = read_signal(run, norm).loc[first:last]
    if gradient.empty or not np.isfinite(gradient).all():
        return "unknown"
    if (gradient == 0).all():
        return "no_gradient"
    return "not_applied" if f"{player}_update_in_{player}_step" in run else "unknown"


def _is_satisfied(run: Run, player: Player, first: int, last: int, limits: Limits) -> bool:
    """Tell whether its loss is at its floor of 0, where a gradient of 0 is correct (hinge, underflow)."""
    loss = read_signal(run, f"{player}_loss").loc[first:last]
    return bool(len(loss) and 0.0 <= float(loss.median()) <= limits.satisfied)


def _movement_within(moved: pd.Series[float], first: int, last: int) -> pd.Series[float]:
    """Return the movements between probes inside a stretch. A value covers the steps since the value before it."""
    inside = moved.loc[first:last]
    inside = inside if first <= 2 else inside.iloc[1:]
    return inside if len(inside) else moved.loc[last:].iloc[:1]


def _other_movement(run: Run, player: Player, first: int, last: int) -> float | None:
    other = OTHER[player]
    for name in (f"{other}_movement", f"{other}_update_in_{other}_step"):
        values = read_signal(run, name).loc[first:last]
        if len(values):
            return float(values.median())
    return None


def _stretches(series: pd.Series[float], threshold: float) -> list[pd.Series[float]]:
    """Return the stretches of successive values up to a threshold. NaN does not count as standing still."""
    still = (series <= threshold).to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    return [series.iloc[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _since(stretch: pd.Series[float], moved: pd.Series[float]) -> int:
    """Return the step from which a stretch of movements counts: the step of the value before it."""
    before = moved.index[moved.index < stretch.index[0]]
    return int(before[-1]) if len(before) else 0


def read_signal(run: Run, name: str) -> pd.Series[float]:
    """Return a signal; empty where it was not recorded."""
    import pandas as pd

    return run[name] if name in run else pd.Series(np.zeros(0), index=pd.Index(np.zeros(0, np.int64)))
