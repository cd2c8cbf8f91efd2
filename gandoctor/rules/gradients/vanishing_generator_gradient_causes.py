"""Why the generator's gradient may have vanished: ranked hypotheses for GD201 and what decides each.

The scores are judgement: 0.8 and more where the run shows the cause itself, a few hundredths where it rules it out.
"""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message, clauses
from gandoctor.player_names import NAMES, PLAYERS
from gandoctor.rules.gradients.own_level import RECENT_STEPS, recent
from gandoctor.rules.hypotheses.networks import no_batch_norm, saturated_output
from gandoctor.rules.hypotheses.training import NO_GRADIENT_ARRIVES, saturating_loss
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

MANY_DEAD_UNITS = 0.3
"""As in dead-units (GD204)."""

DEAD_UNITS = Hypothesis(
    "dead-units",
    Message("Units on the way back are dead: a ReLU that is 0 for every image passes no gradient"),
    Message("Replace ReLU by leaky ReLU in the network that has dead units: the gradient is back in the next step."),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [saturating_loss(run), _flat_loss(run), _dead_units(run), saturated_output(run), no_batch_norm(run)]


def _flat_loss(run: Run) -> Cause:
    """Score that the loss is flat or depends on nothing: it does not move at all, and the gradient is exactly 0."""
    zero, constant, loss_shown = recent(run, "g_grad_norm") == 0, False, None
    if "g_loss" in run:
        loss = run["g_loss"].loc[run.last_step - RECENT_STEPS :].to_numpy()
        loss = loss[np.isfinite(loss)]
        if loss.size:
            median = float(np.median(loss))
            constant = _width(loss) <= 1e-5 * abs(median)
            if constant:
                loss_shown = Message("the generator's loss is {loss:.4g} at nearly every step", loss=median)
            else:
                loss_shown = Message("the generator's loss is {loss:.4g}", loss=median)
    gradient = Message("the gradient is exactly 0") if zero else Message("the gradient is small but not 0")
    return NO_GRADIENT_ARRIVES.cause(
        0.9 if zero and constant else 0.6 if zero else 0.05,
        clauses(gradient, loss_shown),
        Message(
            "A cross-entropy clipped at a probability of 1e-7 stays at 16.1 whatever the images, and comes to life "
            "when computed from logits. Images made outside the tape give no gradient from the first step on."
        ),
    )


def _width(values: np.ndarray) -> float:
    """Return the range of the middle four fifths."""
    low, high = np.quantile(values, (0.1, 0.9))
    return float(high - low)


def _dead_units(run: Run) -> Cause:
    shares = {player: share for player in PLAYERS if (share := recent(run, f"{player}_dead_units")) is not None}
    if not shares:
        return DEAD_UNITS.cause(0.15, NOT_RECORDED)
    shown = (
        Message("{share:.0%} of the {player}'s ReLU units are 0 for every input", share=share, player=NAMES[player])
        for player, share in shares.items()
    )
    return DEAD_UNITS.cause(0.8 if max(shares.values()) >= MANY_DEAD_UNITS else 0.03, clauses(*shown))
