"""Standing still: whether a player's weights do not move, what shows it and what the run tells of the reason.

Shared by discriminator-not-training (GD002) and generator-not-training (GD003), which ask the same of either player.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from gandoctor.rules.rule import Evidence, NotEvaluated, Severity
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run

Player = Literal["d", "g"]
Reason = Literal[
    "frozen",
    "no_weights",
    "learning_rate",
    "no_gradient",
    "not_applied",
    "other_step_only",
    "undone",
    "never_updated",
    "nothing_moves",
    "unknown",
]

NAMES: dict[Player, str] = {"d": "discriminator", "g": "generator"}
OTHER: dict[Player, Player] = {"d": "g", "g": "d"}
FROZEN = "all its weights are frozen"
"""What the manifest says under `missing` of the updates of a player without a trainable weight."""


@dataclass(frozen=True)
class Limits:
    """Thresholds; a player that stands still moves by exactly 0, so only the patience is a choice.

    Attributes:
        movement: L2 norm up to which a player stands still: exactly 0. Measured with Keras 3.15: 0.000 for a frozen
            discriminator, 0.24 for one that trains.
        successive: Probes in a row with an update of 0. One may be a coincidence of the user's own schedule.
        span: Steps they must span where movement between probes does not confirm them: the first two steps of a run are
            one moment, and a learning rate that warms up from 0 or a cadence of updates may skip both.
        weight_probes: Probes in a row without any movement, where no update was measured; weight_span: the steps
            they must span. The persistence that symptoms need, so that critics which train several times a step
            and accumulated gradients are not mistaken. A frozen player needs `successive` probes only.
        schedule_span: Steps a learning rate of 0 must last.
        satisfied: Loss at which a player has what it wants, and no gradient is no fault: a hinge loss of exactly 0,
            or a cross-entropy whose gradient underflows (1e-7 at a logit of 16, where the gradient is that too).
    """

    movement: float = 0.0
    successive: int = 2
    span: int = 3
    weight_probes: int = 4
    weight_span: int = 60
    schedule_span: int = 20
    satisfied: float = 1e-6


@dataclass(frozen=True)
class Standstill:
    """A stretch of training in which a player did not train.

    Attributes:
        signal: What shows it: the player's own update or its movement between probes.
        first_step: First step of the stretch; last_step: its last.
        probes: How many probes show it.
        ongoing: It lasts to the last of them.
        reason: What the run tells of the reason.
        other_movement: Median movement of the other player meanwhile; None where it was not recorded.
    """

    player: Player
    signal: str
    first_step: int
    last_step: int
    probes: int
    ongoing: bool
    reason: Reason
    other_movement: float | None

    @property
    def severity(self) -> Severity:
        """Critical, less where it ended, where it looks intended and where the wrong networks may be watched."""
        if self.reason == "nothing_moves":
            return Severity.WARNING
        if self.reason == "learning_rate" and self.first_step > 1:
            return Severity.INFO if self.other_movement == 0 else Severity.WARNING
        return Severity.CRITICAL if self.ongoing else Severity.WARNING

    @property
    def fits_freeze_trap(self) -> bool:
        """Whether Keras 3's freeze trap explains it: from the first step on, and with nothing else that does."""
        if self.reason in ("frozen", "no_weights", "other_step_only"):
            return True
        return self.player == "d" and self.first_step <= 2 and self.reason in ("never_updated", "unknown")

    def evidence_saying(self, more: str = "") -> Evidence:
        """The observation in words, with a sentence more about this player."""
        statement = self._statement + more
        return Evidence(self.signal, 0.0, 0.0, self.first_step, self.last_step, statement, severity=self.severity)

    @property
    def _statement(self) -> str:
        name, other = NAMES[self.player], NAMES[OTHER[self.player]]
        if self.signal.endswith("_movement"):
            told = f"The {name}'s weights did not move at all from step {self.first_step} to {self.last_step}"
            if self.other_movement:
                told += f", while the {other}'s moved by {self.other_movement:.3g} (L2 norm) from probe to probe"
        elif self.probes:
            told = (
                f"The {name}'s own update moved its weights by exactly 0 in {self.probes} successive probes, "
                f"from step {self.first_step} to {self.last_step}"
            )
        else:
            told = f"No update of the {name} was ever seen"
        ending = "" if self.ongoing else f" It moved again after step {self.last_step}."
        return f"{told}. {_REASONS[self.reason].format(name=name, other=other)}{ending}"


_REASONS: dict[Reason, str] = {
    "frozen": "All its weights are frozen: nothing in it is trainable.",
    "no_weights": "Its optimizer is called and handed none of its weights: they are frozen, or not in the list.",
    "learning_rate": "Its learning rate is 0 in that time.",
    "no_gradient": "Its gradient is exactly 0 as well: nothing that could move it arrives.",
    "not_applied": "Its gradient is not 0: the update is computed and then has no effect.",
    "other_step_only": "It moves in the {other}'s step only, and is trained on the {other}'s aim instead of its own.",
    "undone": "Its own updates do move it, so something puts the old weights back in between.",
    "never_updated": "No update of it was seen either: nothing trains it, or it is not the network that is trained.",
    "nothing_moves": (
        "Neither did the {other}'s: either nothing trains, or the two networks that are being watched are not those "
        "that are trained."
    ),
    "unknown": "The run does not tell why.",
}


def find_standstill(run: Run, player: Player, limits: Limits) -> Standstill | None:
    """Return the stretch in which a player stands still: the ongoing one, else the longest; None where it moves.

    Raises:
        NotEvaluated: Neither its updates nor its movement were recorded often enough to tell.
    """
    own_name, moved_name = f"{player}_update_in_{player}_step", f"{player}_movement"
    own, moved = recorded(run, own_name), recorded(run, moved_name)
    frozen = FROZEN in run.manifest.missing.get(own_name, "")
    if len(own) < limits.successive and len(moved) < limits.successive:
        if frozen and not (moved > limits.movement).any():
            signal = moved_name if len(moved) else own_name
            return Standstill(player, signal, 1, max(1, run.last_step), 0, True, "frozen", None)
        if own_name not in run and moved_name not in run:
            why = run.manifest.missing.get(own_name)
            raise NotEvaluated(f"{own_name} was not recorded{f': {why}' if why else ''}.")
        raise NotEvaluated(f"Needs {limits.successive} probes of the {NAMES[player]}'s weights; too few so far.")
    return _still_in_own_updates(run, player, own, moved, limits) or _still_between_probes(
        run, player, own, moved, frozen, limits
    )


def _still_in_own_updates(
    run: Run, player: Player, own: pd.Series[float], moved: pd.Series[float], limits: Limits
) -> Standstill | None:
    """A stretch of the player's own updates that all were exactly 0."""
    elsewhere = recorded(run, f"{player}_update_in_{OTHER[player]}_step")
    found = []
    for stretch in _stretches(own, limits.movement):
        first, last = int(stretch.index[0]), int(stretch.index[-1])
        if len(stretch) < limits.successive:
            continue
        moves_elsewhere = bool((elsewhere.loc[first:last] > limits.movement).any())
        within = _movement_within(moved, first, last)
        if not moves_elsewhere and (within > limits.movement).any():
            continue  # its updates fall between the probes: a cadence
        if within.empty and last - first < limits.span:
            continue
        reason = "other_step_only" if moves_elsewhere else _reason(run, player, first, last)
        if reason == "learning_rate" and last - first < limits.schedule_span:
            continue  # a learning rate that warms up
        if reason == "no_gradient" and _has_what_it_wants(run, player, first, last, limits):
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
    """An ongoing stretch without any movement of the weights, whoever might have moved them.

    Where an update can be missed (a cadence, accumulated gradients, a player whose turn has not come), a stretch
    counts once it is long and longer than twice any that ended.
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
    if not long or (since == 0 and last < contract_warm_up_end(run.manifest)):
        return None
    updates = own.loc[since + 1 : last]
    reason: Reason = "undone" if (updates > limits.movement).any() else _reason(run, player, since + 1, last)
    if reason == "no_gradient" and _has_what_it_wants(run, player, since + 1, last, limits):
        return None
    if reason in ("unknown", "no_weights") and found.other_movement == 0:
        reason = "nothing_moves"
    elif reason == "unknown" and updates.empty:
        reason = "never_updated"
    return replace(found, reason=reason)


def _reason(run: Run, player: Player, first: int, last: int) -> Reason:
    """What learning rate and gradient tell."""
    rate = recorded(run, f"{player}_learning_rate")
    in_force = rate.loc[first:last] if len(rate.loc[first:last]) else rate.loc[:first].iloc[-1:]
    if len(in_force) and (in_force == 0).all():
        return "learning_rate"
    norm = f"{player}_grad_norm"
    if norm not in run and norm not in run.manifest.missing and f"{OTHER[player]}_grad_norm" in run:
        return "no_weights"
    gradient = recorded(run, norm).loc[first:last]
    if gradient.empty or not np.isfinite(gradient).all():
        return "unknown"
    if (gradient == 0).all():
        return "no_gradient"
    return "not_applied" if f"{player}_update_in_{player}_step" in run else "unknown"


def _has_what_it_wants(run: Run, player: Player, first: int, last: int, limits: Limits) -> bool:
    """Tell whether its loss is at its floor of 0, where a gradient of 0 is as it should be (hinge, underflow)."""
    loss = recorded(run, f"{player}_loss").loc[first:last]
    return bool(len(loss) and 0.0 <= float(loss.median()) <= limits.satisfied)


def _movement_within(moved: pd.Series[float], first: int, last: int) -> pd.Series[float]:
    """Return the movements between probes inside a stretch; a value covers the steps since the value before it."""
    inside = moved.loc[first:last]
    inside = inside if first <= 2 else inside.iloc[1:]
    return inside if len(inside) else moved.loc[last:].iloc[:1]


def _other_movement(run: Run, player: Player, first: int, last: int) -> float | None:
    other = OTHER[player]
    for name in (f"{other}_movement", f"{other}_update_in_{other}_step"):
        values = recorded(run, name).loc[first:last]
        if len(values):
            return float(values.median())
    return None


def _stretches(series: pd.Series[float], threshold: float) -> list[pd.Series[float]]:
    """Return the runs of successive values that do not exceed a threshold; NaN does not count as standing still."""
    still = (series <= threshold).to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(np.int8)))
    return [series.iloc[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _since(stretch: pd.Series[float], moved: pd.Series[float]) -> int:
    """Return the step from which on a stretch of movements tells: that of the value before it."""
    before = moved.index[moved.index < stretch.index[0]]
    return int(before[-1]) if len(before) else 0


def recorded(run: Run, name: str) -> pd.Series[float]:
    """Return a signal, empty where it was not recorded."""
    return run[name] if name in run else pd.Series(np.zeros(0), index=pd.Index(np.zeros(0, np.int64)))
