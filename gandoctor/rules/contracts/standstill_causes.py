"""Why a player may stand still: ranked hypotheses for GD002 and GD003 and what decides each."""

from __future__ import annotations

from gandoctor.rules.contracts.standstill import NAMES, Limits, Player, find_standstill, recorded
from gandoctor.rules.rule import Cause
from gandoctor.store import Run


def rank_causes(run: Run, player: Player, limits: Limits) -> list[Cause]:
    """Rank why a player stands still, with what the run shows of each."""
    still = find_standstill(run, player, limits)
    assert still is not None  # causes are asked for after a detection only
    name = NAMES[player]
    rate = recorded(run, f"{player}_learning_rate").loc[: still.last_step]
    gradient = recorded(run, f"{player}_grad_norm").loc[still.first_step : still.last_step]
    shown_rate = (
        f"its learning rate is {float(rate.iloc[-1]):.1e}" if len(rate) else "its learning rate is not recorded"
    )
    shown_gradient = f"the norm of its gradient is {float(gradient.median()):.3g}" if len(gradient) else "not recorded"
    flag = {
        "frozen": "the monitor found no trainable weight in it",
        "no_weights": "no gradient was ever computed for it",
    }.get(still.reason, "the flag is not recorded")
    other = (
        "neither player moves"
        if still.reason == "nothing_moves"
        else "the other player moves"
        if still.other_movement
        else "the other player's movement is not recorded"
    )
    return [
        Cause(
            f"{name}-frozen",
            f"The {name} is frozen: `trainable` was False when its step was first traced",
            0.95
            if still.reason in ("frozen", "no_weights", "other_step_only")
            else 0.75
            if still.fits_freeze_trap
            else 0.05,
            f"`len({name}.trainable_weights)` is 0 in the step that should train it, and Keras may have warned once "
            f'that "the model does not have any trainable weights". This run: {flag}.',
        ),
        Cause(
            "learning-rate-zero",
            "Its learning rate is 0",
            0.97 if still.reason == "learning_rate" else 0.02 if len(rate) else 0.2,
            f"`{player}_learning_rate` is 0; a schedule may have ended. This run: {shown_rate}.",
        ),
        Cause(
            "no-gradient-arrives",
            "Its loss does not depend on its weights, or is saturated",
            0.7 if still.reason == "no_gradient" else 0.02 if len(gradient) else 0.25,
            "The norm of its gradient is exactly 0: the images were made outside the tape, went through NumPy, or met "
            f"a loss that is flat there. This run: {shown_gradient}.",
        ),
        Cause(
            "other-networks-trained",
            "The networks that are trained are not those the monitor watches",
            0.9 if still.reason == "nothing_moves" else 0.5 if still.reason == "never_updated" else 0.05,
            "Pass the very objects that the optimizers update, not copies made by clone_model or loaded from a file. "
            f"This run: {other}.",
        ),
    ]
