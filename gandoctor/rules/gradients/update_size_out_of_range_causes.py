"""Why updates may be far too small or too large: ranked hypotheses for GD203 and what decides each.

The scores are judgement: 0.6 and more where the run shows the cause at work, a few hundredths where it rules it out.
"""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message, clauses
from gandoctor.player_names import NAMES, PLAYERS
from gandoctor.rules.gradients.own_level import early_level, finite, recent
from gandoctor.rules.hypotheses.training import EXPLODING_UPDATES, LEARNING_RATE_MISTYPED
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.learning_rates import HIGHEST_RATE, LOWEST_RATE, shown_rates
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

DECAYED = 0.1
"""Share of its highest value below which a learning rate counts as lowered."""
GROWN = 10.0
"""Growth of the gradient's norm over its early level, as in exploding-gradient (GD202)."""
SHRUNK = 0.1
"""Share of their first norm below which it is the weights that make the ratio large."""
FAR_ABOVE = 1e3
"""How many times the value it is clipped at a norm must be for next to nothing to be left of it. Judgement."""

LEARNING_RATE_LOWERED = Hypothesis(
    "learning-rate-lowered",
    Message("A schedule, or a callback, has lowered one player's learning rate"),
    Message("Plot the learning rates: the updates shrink when the rate does. Lower both players' or neither's."),
)
GRADIENT_CLIPPED_AWAY = Hypothesis(
    "gradient-clipped-away",
    Message("Clipping leaves next to nothing of the gradient"),
    Message("With plain gradient descent the update is the clipped norm times the rate. Without clipping it returns."),
)
WEIGHTS_SHRANK = Hypothesis(
    "weights-shrank",
    Message("The weights have become small, through weight decay or clipping"),
    Message("The norm of the weights falls while the movement stays the same; less weight decay ends it."),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_mistyped(run), _lowered(run), _gradient_grew(run), _erased_by_clipping(run), _small_weights(run)]


def _mistyped(run: Run) -> Cause:
    rates = {player: rate for player in PLAYERS if (rate := recent(run, f"{player}_learning_rate")) is not None}
    if not rates:
        return LEARNING_RATE_MISTYPED.cause(0.4, NOT_RECORDED)
    far = any(not LOWEST_RATE <= rate <= HIGHEST_RATE for rate in rates.values() if rate > 0)
    return LEARNING_RATE_MISTYPED.cause(0.85 if far else 0.3, shown_rates(rates))


def _lowered(run: Run) -> Cause:
    shown, lowered = [], False
    for player in PLAYERS:
        rate = finite(run, f"{player}_learning_rate")
        if len(rate) and rate.max() > 0:
            left = float(rate.iloc[-1] / rate.max())
            lowered = lowered or left < DECAYED
            stands = Message(
                "the {player}'s rate is at {left:.2g} of its highest value", player=NAMES[player], left=left
            )
            shown.append(stands)
    if not shown:
        return LEARNING_RATE_LOWERED.cause(0.2, NOT_RECORDED)
    return LEARNING_RATE_LOWERED.cause(0.8 if lowered else 0.03, clauses(*shown))


def _gradient_grew(run: Run) -> Cause:
    growth = {}
    for player in PLAYERS:
        early, now = early_level(run, finite(run, f"{player}_grad_norm")), recent(run, f"{player}_grad_norm")
        if early and now is not None:
            growth[player] = now / early
    test = Message(
        "The norm of the gradient grows before the updates do. A ten times smaller learning rate moves or removes it."
    )
    if not growth:
        return EXPLODING_UPDATES.cause(0.2, NOT_RECORDED, test)
    shown = (
        Message("the {player}'s gradient is {growth:.2g} times its early level", player=NAMES[player], growth=grown)
        for player, grown in growth.items()
    )
    return EXPLODING_UPDATES.cause(0.8 if max(growth.values()) > GROWN else 0.1, clauses(*shown), test)


def _erased_by_clipping(run: Run) -> Cause:
    """Score that clipping the norm far below its size leaves next to nothing of an update in gradient descent."""
    shown, erased = [], False
    for player in PLAYERS:
        card, norm = card_of(run, player), recent(run, f"{player}_grad_norm")
        limit = card.optimizer.get("global_clipnorm") or card.optimizer.get("clipnorm") if card is not None else None
        if card is None or norm is None or isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            continue
        clipped = Message(
            "the {player}'s norm of {norm:.2g} is clipped at {limit:g}", player=NAMES[player], norm=norm, limit=limit
        )
        shown.append(clipped)
        erased = erased or (norm > FAR_ABOVE * limit and card.optimizer.get("type") == "SGD")
    if not shown:
        return GRADIENT_CLIPPED_AWAY.cause(0.03, Message("no clipping of norms was recorded"))
    return GRADIENT_CLIPPED_AWAY.cause(0.7 if erased else 0.03, clauses(*shown))


def _small_weights(run: Run) -> Cause:
    """Score that the weights shrank; their norm is the movement over the ratio."""
    shown, small = [], False
    for player in PLAYERS:
        moved, ratio = finite(run, f"{player}_update_in_{player}_step"), finite(run, f"{player}_update_ratio")
        both = moved.index.intersection(ratio.index[ratio.to_numpy() > 0])
        norm = (moved.loc[both] / ratio.loc[both]).to_numpy()
        if norm.size < 2 or not np.isfinite(norm).all() or norm[0] <= 0:
            continue
        went = Message(
            "the norm of the {player}'s weights went from {first:.3g} to {last:.3g}",
            player=NAMES[player],
            first=float(norm[0]),
            last=float(norm[-1]),
        )
        shown.append(went)
        small = small or norm[-1] < SHRUNK * norm[0]
    if not shown:
        return WEIGHTS_SHRANK.cause(0.1, NOT_RECORDED)
    return WEIGHTS_SHRANK.cause(0.6 if small else 0.03, clauses(*shown))
