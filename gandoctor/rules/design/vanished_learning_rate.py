"""GD117: a learning rate has fallen to nothing while training went on.

What it is
    A schedule has brought a player's learning rate down by a factor of a thousand or more, and most of the training was
    still to come. Usually the schedule counts batches where it was meant to count epochs: `scheduler.step()` stands in
    the inner loop, or `decay_steps` is far too small.

Why it hurts
    From then on the player does not learn. The losses look calm, the samples stay what they were.

How it is recognised
    By the learning rates recorded in training: below a thousandth of the highest one for at least half of the run.

What it is not
    A rate that is small from the start is GD104. A schedule that reaches zero at the end of the training is common
    practice, and so is a warm-up that begins there. Halving a rate a few times is no fault.

What to do
    Call the scheduler once an epoch, or give the schedule the number of steps that the training really has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds. Judgement: no training was used to set them.

    Attributes:
        share: Of the highest rate before. Schedules that are meant end at a tenth or a hundredth of it, or at the end
            of the training.
        rest: Share of the run that was trained below that.
        probes: Recorded rates below that, at least.
    """

    share: float = 1e-3
    rest: float = 0.5
    probes: int = 4


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence for each player whose rate is gone."""
    known = {p: run[f"{p}_learning_rate"].dropna() for p in PLAYERS if f"{p}_learning_rate" in run}
    found = [e for player, rates in known.items() if len(rates) for e in _gone(player, rates, run.last_step, limits)]
    if len(known) < len(PLAYERS) and not found:
        unknown = next(player for player in PLAYERS if player not in known)
        raise NotEvaluated(not_recorded(run, f"{unknown}_learning_rate"))
    return found


def _gone(player: Player, rates: pd.Series[float], last_step: int, limits: Limits) -> list[Evidence]:
    highest = float(rates.max())
    peak = rates.index[int(rates.to_numpy().argmax())]
    low = (rates < limits.share * highest) & (rates.index > peak)
    if highest <= 0 or low.sum() < limits.probes or not low.iloc[-1]:
        return []
    since = int(rates.index[np.flatnonzero(~low.to_numpy())[-1] + 1])  # it stayed there to the end
    if last_step - since < limits.rest * last_step:
        return []
    statement = Message(
        "The {player}'s learning rate was {before:.2g} and is {now:.2g} since step {step}: for {share:.0%} of the run "
        "it has learned next to nothing.",
        player=NAMES[player],
        before=highest,
        now=float(rates.iloc[-1]),
        step=since,
        share=(last_step - since) / last_step,
    )
    signal, now = f"{player}_learning_rate", float(rates.iloc[-1])
    return [Evidence(signal, now, limits.share * highest, since, last_step, statement)]


LIMITS = Limits()

RULE = Rule(
    id="GD117",
    name="vanished-learning-rate",
    title=Message("A learning rate has fallen to nothing while training went on"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("schedule-in-epochs",),
    references=("PyTorch documentation, How to adjust learning rate (schedulers are called after an epoch)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD002", "GD003", "GD203", "GD302", "GD401", "GD402", "GD403", "GD405", "GD407", "GD411"),
        critical=0.9,
        warning=0.85,
        info=0.3,
    ),
)
