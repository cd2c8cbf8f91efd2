"""Why updates may be far too small or too large: ranked hypotheses for GD203 and what decides each."""

from __future__ import annotations

import numpy as np

from gandoctor.rules.design.learning_rate_imbalance import LIMITS as RATES
from gandoctor.rules.gradients.own_level import early_level, finite, recent
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import PlayerCard, Run

_PLAYERS = {"d": "discriminator", "g": "generator"}
DECAYED = 0.1
"""Share of its highest value below which a learning rate counts as lowered."""
GROWN = 10.0
"""Growth of the gradient's norm over its early level, as in exploding-gradient (GD202)."""
SHRUNK = 0.1
"""Share of their first norm to which weights must have shrunk for the ratio to be large for their sake."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_mistyped(run), _lowered(run), _gradient_grew(run), _erased_by_clipping(run), _small_weights(run)]


def _mistyped(run: Run) -> Cause:
    rates = {name: rate for p, name in _PLAYERS.items() if (rate := recent(run, f"{p}_learning_rate")) is not None}
    far = any(not RATES.lowest_adaptive <= rate <= RATES.highest_adaptive for rate in rates.values() if rate > 0)
    shown = " and ".join(f"{rate:.2g} for the {name}" for name, rate in rates.items())
    return Cause(
        "learning-rate-mistyped",
        "A learning rate was mistyped by decades",
        0.85 if far else 0.3 if rates else 0.4,
        f"Read it in the code: 1e-4 and 4e-4 are usual with Adam and RMSprop. This run: {shown or 'not recorded'}.",
    )


def _lowered(run: Run) -> Cause:
    shown, lowered = [], False
    for player, name in _PLAYERS.items():
        rate = finite(run, f"{player}_learning_rate")
        if len(rate) and rate.max() > 0:
            left = float(rate.iloc[-1] / rate.max())
            lowered = lowered or left < DECAYED
            shown.append(f"the {name}'s stands at {left:.2g} of its highest value")
    return Cause(
        "learning-rate-lowered",
        "A schedule, or a callback, has lowered one player's learning rate",
        0.8 if lowered else 0.03 if shown else 0.2,
        "Plot the learning rates: the updates shrink when the rate does. Lower both players' or neither's. "
        f"This run: {'; '.join(shown) or 'not recorded'}.",
    )


def _gradient_grew(run: Run) -> Cause:
    growth = {}
    for player, name in _PLAYERS.items():
        early, now = early_level(run, finite(run, f"{player}_grad_norm")), recent(run, f"{player}_grad_norm")
        if early and now is not None:
            growth[name] = now / early
    most = max(growth.values(), default=None)
    shown = ", ".join(f"the {name}'s gradient is {g:.2g} times its early level" for name, g in growth.items())
    return Cause(
        "exploding-updates",
        "The learning rate is too large: updates exploded",
        0.2 if most is None else 0.8 if most > GROWN else 0.1,
        "The norm of the gradient grows before the updates do, and a ten times smaller learning rate moves or removes "
        f"it. This run: {shown or 'not recorded'}.",
    )


def _erased_by_clipping(run: Run) -> Cause:
    """Clipping the norm far below its size, in plain gradient descent, leaves next to nothing of an update."""
    shown, erased = [], False
    for player, name in _PLAYERS.items():
        card: PlayerCard | None = getattr(run.manifest, name)
        norm = recent(run, f"{player}_grad_norm")
        limit = card.optimizer.get("global_clipnorm") or card.optimizer.get("clipnorm") if card is not None else None
        if card is None or norm is None or isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            continue
        shown.append(f"the {name}'s norm of {norm:.2g} is clipped at {limit:g}")
        erased = erased or (norm > 1e3 * limit and card.optimizer.get("type") == "SGD")
    return Cause(
        "gradient-clipped-away",
        "Clipping leaves next to nothing of the gradient",
        0.7 if erased else 0.03,
        "With plain gradient descent the update is the clipped norm times the rate; without clipping it comes back. "
        f"This run: {'; '.join(shown) or 'no clipping of norms was recorded'}.",
    )


def _small_weights(run: Run) -> Cause:
    """The weights' norm is the movement over the ratio."""
    shown, small = [], False
    for player, name in _PLAYERS.items():
        moved, ratio = finite(run, f"{player}_update_in_{player}_step"), finite(run, f"{player}_update_ratio")
        both = moved.index.intersection(ratio.index[ratio.to_numpy() > 0])
        norm = (moved.loc[both] / ratio.loc[both]).to_numpy()
        if norm.size < 2 or not np.isfinite(norm).all() or norm[0] <= 0:
            continue
        shown.append(f"the norm of the {name}'s weights went from {norm[0]:.3g} to {norm[-1]:.3g}")
        small = small or norm[-1] < SHRUNK * norm[0]
    return Cause(
        "weights-shrank",
        "The weights have become small, by weight decay or by clipping them",
        0.6 if small else 0.03 if shown else 0.1,
        "The norm of the weights falls while the movement stays as it was; less weight decay ends it. "
        f"This run: {'; '.join(shown) or 'not recorded'}.",
    )
