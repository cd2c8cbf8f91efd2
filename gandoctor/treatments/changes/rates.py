"""Learning rates and momentum: which rate is at fault, and the value it should have.

A rate that is far from usual is set from the other player's and a published ratio, never moved by a factor of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gandoctor.message import Message
from gandoctor.player_names import NAMES, OTHER, PLAYERS, SLOTS, Player
from gandoctor.treatments.changes.case import Case, Change
from gandoctor.treatments.changes.spelling import typed
from gandoctor.treatments.edit import Edit

RATIO = 2.0
"""The discriminator's rate as a multiple of the generator's: the article's 8e-4 and 4e-4. Two time-scale rules use 1.25
to 4 (Heusel et al., NeurIPS 2017), DCGAN 1."""
USUAL = {"d": 2e-4, "g": 1e-4}
"""Rates with Adam and RMSprop where neither player's own can be kept: DCGAN's 2e-4, at the ratio above."""
PLAIN = {"d": 2e-2, "g": 1e-2}
"""Likewise of plain gradient descent: 1e-2 is what Keras takes by itself."""
POSSIBLE = {"adaptive": (1e-6, 5e-2), "plain": (1e-6, 1.0)}
"""Rates outside of which GD104 calls one far from usual: no treatment leads past them."""
APART = {"d": 10.0, "g": 50.0}
"""Times the other player's rate from which GD104 calls the rates far apart."""
MODEL = {"adaptive": (2e-5, 1e-2), "plain": (1e-4, 0.5)}
"""Rates from which the other player's may be set: about a decade around those published."""


def rates_at_fault(case: Case) -> dict[Player, float]:
    """Return the rates that are far from usual or far apart, and the value each of them should have."""
    rates = {p: rate for p in PLAYERS if (rate := case.rate(p)) is not None and rate > 0}
    wrong = {p for p in rates if not _is_possible(case, p, rates[p])}
    if not wrong and len(rates) == len(PLAYERS) and _kind(case, "d") == _kind(case, "g"):
        fast: Player = "d" if rates["d"] > rates["g"] else "g"
        if rates[fast] / rates[OTHER[fast]] > APART[fast]:
            wrong = {max(PLAYERS, key=lambda p: abs(math.log(rates[p] / _usual(case, p))))}
    return {p: _target(case, p, rates, wrong) for p in PLAYERS if p in wrong}


def _target(case: Case, player: Player, rates: dict[Player, float], wrong: set[Player]) -> float:
    other = OTHER[player]
    low, high = MODEL[_kind(case, other)]
    if low <= rates.get(other, 0.0) <= high and other not in wrong and _kind(case, other) == _kind(case, player):
        return rates[other] * (RATIO if player == "d" else 1.0 / RATIO)
    return _usual(case, player)


def _is_possible(case: Case, player: Player, rate: float) -> bool:
    low, high = POSSIBLE[_kind(case, player)]
    return low <= rate <= high


def _usual(case: Case, player: Player) -> float:
    return (PLAIN if _kind(case, player) == "plain" else USUAL)[player]


def _kind(case: Case, player: Player) -> str:
    return "plain" if _type(case, player) == "SGD" else "adaptive"


def _type(case: Case, player: Player) -> str:
    card = case.card(player)
    return str(card.optimizer.get("type") or "Adam") if card is not None else "Adam"


def _edit(case: Case, player: Player, new: float) -> Edit:
    old = case.rate(player)
    assert old is not None
    return Edit(_key(player), _line(case, player, old), _line(case, player, new), 1 if new > old else -1)


def _line(case: Case, player: Player, rate: float | None) -> str:
    return case.spelling.optimizer(player, _type(case, player), learning_rate=rate)


def _key(player: Player) -> str:
    return f"{'generator' if player == 'g' else 'discriminator'}.learning_rate"


def _set(case: Case, new: dict[Player, float], source: str | None = None) -> Change:
    """Return the change that gives players new rates."""
    edits = tuple(replace(_edit(case, p, rate), is_at_fault=source is not None) for p, rate in new.items())
    patch = {_key(p): float(f"{rate:.6g}") for p, rate in new.items()}
    return Change(edits, _title(case, new), patch, source)


def _title(case: Case, new: dict[Player, float]) -> Message:
    if len(new) > 1:
        return Message(
            "Set the learning rates to {d_rate} for the discriminator and {g_rate} for the generator",
            d_rate=typed(new["d"]),
            g_rate=typed(new["g"]),
        )
    ((player, rate),) = new.items()
    old = case.rate(player) or 0.0
    known: dict[str, Any] = {"player": NAMES[player], "old": typed(old), "new": typed(rate)}
    if rate > old:
        return Message("Raise the {player}'s learning rate from {old} to {new}", **known)
    return Message("Lower the {player}'s learning rate from {old} to {new}", **known)


def _move(player: Player, factor: float) -> Callable[[Case], Change | None]:
    """Return a treatment that moves a player's rate by a factor, unless another one is at fault."""

    def change(case: Case) -> Change | None:
        wrong, rate = rates_at_fault(case), case.rate(player)
        if rate is None:
            return Change()
        if wrong:
            new = wrong.get(player)
            fits = new is not None and (new > rate) == (factor > 1.0)
            return _set(case, wrong, "usual-learning-rates") if fits else None
        new = rate * factor
        return _set(case, {player: new}) if _is_possible(case, player, new) else None

    return change


def _both(factor: float, **clip: Any) -> Callable[[Case], Change | None]:
    """Return a treatment that moves both rates by a factor, unless one is at fault: then it sets that one."""

    def change(case: Case) -> Change | None:
        wrong, rates = rates_at_fault(case), {p: case.rate(p) for p in PLAYERS}
        if any(rate is None for rate in rates.values()):
            return Change()
        if wrong:
            return _set(case, wrong, "usual-learning-rates")
        new = {p: rate * factor for p, rate in rates.items() if rate}
        if len(new) < len(rates) or not all(_is_possible(case, p, rate) for p, rate in new.items()):
            return None
        if not clip:
            return _set(case, new)
        title = Message(
            "Lower the learning rates to {d_rate} and {g_rate}, and clip the gradients by global norm",
            d_rate=typed(new["d"]),
            g_rate=typed(new["g"]),
        )
        return Change(tuple(_clipped(case, p, rate, clip) for p, rate in new.items()), title, _set(case, new).patch)

    return change


def _clipped(case: Case, player: Player, rate: float, clip: dict[str, Any]) -> Edit:
    old = case.rate(player)
    before, after = _line(case, player, old), _line(case, player, rate)
    if case.spelling.framework == "torch":
        name = player.upper()
        after += f"\ntorch.nn.utils.clip_grad_norm_({name}.parameters(), 1.0)  # before opt_{player}.step()"
    else:
        after = case.spelling.optimizer(player, _type(case, player), learning_rate=rate, **clip)
    return Edit(_key(player), before, after, -1)


def _usual_rates(case: Case) -> Change | None:
    """Set the rates that are at fault; nothing to do where none is."""
    wrong = rates_at_fault(case)
    if any(case.rate(p) is None for p in PLAYERS) and not wrong:
        return Change()
    return _set(case, wrong, "usual-learning-rates") if wrong else None


def _above_zero(case: Case) -> Change | None:
    """Answer a rate of 0, or a schedule that ends there."""
    stopped: dict[Player, float] = {p: _usual(case, p) for p in PLAYERS if case.rate(p) == 0.0}
    if not stopped:
        return None
    ends = {p: card.optimizer.get("schedule") for p in stopped if (card := case.card(p)) is not None}
    return Change() if any(ends.values()) else _set(case, stopped)


def _lower_momentum(case: Case) -> Change | None:
    """Lower beta_1, or the momentum of an optimizer of another kind, where it is above 0.5."""
    edits, patch = [], {}
    for player in PLAYERS:
        card, type_ = case.card(player), _type(case, player)
        for name in ("beta_1", "momentum"):
            value = card.optimizer.get(name) if card is not None else None
            if isinstance(value, float) and value > 0.5:
                before, after = (case.spelling.optimizer(player, type_, **{name: one}) for one in (value, 0.5))
                key = f"{SLOTS[player]}.{name}"
                edits.append(Edit(key, before, after, -1))
                patch[key] = 0.5
    if edits:
        return Change(tuple(edits), patch=patch)
    return Change() if all(case.card(p) is None for p in PLAYERS) else None


CHANGES: dict[str, Callable[[Case], Change | None]] = {
    "raise-generator-learning-rate": _move("g", 2.0),
    "lower-discriminator-learning-rate": _move("d", 0.5),
    "raise-discriminator-learning-rate": _move("d", 2.0),
    "halve-both-learning-rates": _both(0.5),
    "lower-learning-rates-and-clip": _both(0.25, global_clipnorm=1.0),
    "usual-learning-rates": _usual_rates,
    "learning-rate-above-zero": _above_zero,
    "lower-momentum": _lower_momentum,
}
