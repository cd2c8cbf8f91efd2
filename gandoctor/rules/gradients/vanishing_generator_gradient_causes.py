"""Why the generator's gradient may have vanished: ranked hypotheses for GD201 and what decides each."""

from __future__ import annotations

import numpy as np

from gandoctor.rules.gradients.own_level import RECENT_STEPS, recent
from gandoctor.rules.hypotheses.networks import no_batch_norm, saturated_output
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

_PLAYERS = {"d": "discriminator", "g": "generator"}
MANY_DEAD_UNITS = 0.3
"""As in dead-units (GD204)."""
CONFIDENT_LOSS = 0.1
"""Loss of a discriminator, averaged over reals and fakes, that is sure of both."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_saturating_loss(run), _flat_loss(run), _dead_units(run), saturated_output(run), no_batch_norm(run)]


def _saturating_loss(run: Run) -> Cause:
    family, d_loss = run.manifest.loss_family, recent(run, "d_loss")
    sure = d_loss is not None and d_loss < CONFIDENT_LOSS
    score = 0.9 if family == "minimax" and sure else 0.5 if family == "minimax" else 0.4 if family is None else 0.02
    shown = f"the loss is {family.replace('_', '-')}" if family is not None else "the loss family is not known"
    shown += f", the discriminator's loss {d_loss:.2g}" if d_loss is not None else ""
    return Cause(
        "saturating-loss",
        "The generator's loss goes flat where the discriminator is sure (minimax)",
        score,
        "Minimise -log D(G(z)) in place of log(1 - D(G(z))), with the same weights: the gradient is back in the next "
        f"step. This run: {shown}.",
    )


def _flat_loss(run: Run) -> Cause:
    """A loss that does not move at all over a gradient of exactly 0 is flat there, or depends on nothing."""
    zero = recent(run, "g_grad_norm") == 0
    shown = "the gradient is exactly 0" if zero else "the gradient is small and not 0"
    constant = False
    if "g_loss" in run:
        loss = run["g_loss"].loc[run.last_step - RECENT_STEPS :].to_numpy()
        loss = loss[np.isfinite(loss)]
        constant = bool(loss.size) and _width(loss) <= 1e-5 * abs(float(np.median(loss)))
        if loss.size:
            shown += f"; the generator's loss is {np.median(loss):.4g}{' at nearly every step' if constant else ''}"
    return Cause(
        "no-gradient-arrives",
        "Its loss does not depend on its weights, or is saturated",
        0.9 if zero and constant else 0.6 if zero else 0.05,
        "A cross-entropy clipped at a probability of 1e-7 stays at 16.1 whatever the images, and comes to life when "
        f"computed from logits; images made outside the tape give no gradient from the first step on. This run: "
        f"{shown}.",
    )


def _width(values: np.ndarray) -> float:
    low, high = np.quantile(values, (0.1, 0.9))
    return float(high - low)


def _dead_units(run: Run) -> Cause:
    shares = {name: recent(run, f"{player}_dead_units") for player, name in _PLAYERS.items()}
    known = {name: share for name, share in shares.items() if share is not None}
    most = max(known.values(), default=None)
    shown = ", ".join(f"{share:.0%} of the {name}'s ReLU units" for name, share in known.items())
    return Cause(
        "dead-units",
        "Units on the way back are dead: a ReLU that is 0 for every image passes no gradient",
        0.15 if most is None else 0.8 if most >= MANY_DEAD_UNITS else 0.03,
        "Replace ReLU by leaky ReLU in the network that has them: the gradient is back in the next step. This run: "
        + (f"{shown} are 0 for every input." if known else "not recorded."),
    )
