"""GD104: the learning rates of the two players are far apart, or far from usual.

What it is
    One player's learning rate is more than ten times the other's, with optimizers of one kind; or a rate lies decades
    away from where its kind of optimizer is used, as a mistyped exponent does.

Why it hurts
    The slower player meets an opponent that changes faster than it can answer. With a discriminator twenty times as
    fast as the generator, our one run learnt slowly and stayed blurred; a generator at 1e-7 did not learn at all.

How it is recognised
    From the rates recorded in training, else from the optimizers in the model card. Rates of an optimizer that divides
    by the size of the gradient (Adam, RMSprop and their kin) cannot be compared with those of one that does not (SGD):
    then only each rate by itself is looked at.

What it is not
    A ratio of 1 is usual, the article's is 2, two time-scale rules use 1.25 to 4. A faster generator is no mistake
    either: 25 times the article's rate, 12 times that of the discriminator, gave the best digits of our first runs. A
    large ratio that does no harm is none to repair; look at the samples.

What to do
    First see whether the generator's step moves the discriminator too (GD004): the article's advice that the
    discriminator's rate be the larger one makes sense only then, as its network is pulled backwards in the other step.
    Otherwise change the ratio by a factor of two in favour of the player that loses, and look again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from gandoctor.rules.reading.repetition import longest_stretch
from gandoctor.rules.rule import MODEL_CARD, Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.store import PlayerCard, Run


@dataclass(frozen=True)
class Limits:
    """Thresholds. Weakly founded, and warnings at most: see the page.

    Attributes:
        discriminator_faster: Ratio of the discriminator's rate to the generator's. Between the largest of two
            time-scale rules (4, Heusel et al. 2017) and the 20 that did harm in one run.
        generator_faster: Ratio of the generator's rate to the discriminator's. Four times the 12.5 that did no harm.
        lowest_adaptive: Rate of an optimizer that divides by the gradient's size; highest_adaptive: likewise. Two and a
            half decades below and above 2e-4, the usual one; 1e-2 did no harm in one run. Judgement.
        lowest_plain: Rate of plain gradient descent; highest_plain: likewise. Judgement.
        probes: Successive recorded rates.
    """

    discriminator_faster: float = 10.0
    generator_faster: float = 50.0
    lowest_adaptive: float = 1e-6
    highest_adaptive: float = 5e-2
    lowest_plain: float = 1e-6
    highest_plain: float = 1.0
    probes: int = 2


Kind = Literal["adaptive", "plain"]
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion", "Adadelta", "Adagrad"), "adaptive"),
    **dict.fromkeys(("SGD",), "plain"),
}
_NAMES = {"d": "discriminator", "g": "generator"}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the ratio of the rates and on each rate by itself."""
    kinds = {player: _kind(run, player) for player in _NAMES}
    rates = {player: _rates(run, player) for player in _NAMES}
    if all(rate is None for rate in rates.values()):
        raise NotEvaluated("No optimizer was found, or none with a learning rate that can be read.")
    evidence = [e for player in _NAMES for e in _by_itself(run, player, rates[player], kinds[player], limits)]
    comparable = kinds["d"] is not None and kinds["d"] == kinds["g"]
    if rates["d"] is not None and rates["g"] is not None and comparable:
        evidence += _against_each_other(run, rates["d"], rates["g"], limits)
    elif not evidence:
        raise NotEvaluated(_why_not(run, rates))
    return evidence


def _against_each_other(
    run: Run, d_rates: pd.Series[float], g_rates: pd.Series[float], limits: Limits
) -> Iterator[Evidence]:
    table = pd.DataFrame({"d": d_rates, "g": g_rates}).dropna()
    table = table[(table["d"] > 0) & (table["g"] > 0)]  # 0 is a player that stands still: GD002 and GD003
    ratio = table["d"] / table["g"]
    for sign, limit, faster in ((1, limits.discriminator_faster, "d"), (-1, limits.generator_faster, "g")):
        found = longest_stretch(ratio**sign > limit, _least(ratio, limits))
        if found is None:
            continue
        within = slice(found.first_step, found.last_step)
        times = float((ratio.loc[within] ** sign).median())
        d_rate, g_rate = (float(table[player].loc[within].median()) for player in ("d", "g"))
        statement = (
            f"The learning rates are {d_rate:.2g} for the discriminator and {g_rate:.2g} for the generator: the "
            f"{_NAMES[faster]}'s is {times:.3g} times the other.{found.ending}"
        )
        statement += _on_the_leak(run) if faster == "d" else ""
        signal = f"{faster}_learning_rate" if f"{faster}_learning_rate" in run else MODEL_CARD
        yield Evidence(signal, times, limit, found.first_step, found.last_step, statement)


def _by_itself(
    run: Run, player: str, rates: pd.Series[float] | None, kind: Kind | None, limits: Limits
) -> Iterator[Evidence]:
    if rates is None or kind is None:
        return
    rates = rates[rates > 0]
    low, high = (
        (limits.lowest_adaptive, limits.highest_adaptive)
        if kind == "adaptive"
        else (limits.lowest_plain, limits.highest_plain)
    )
    card = _card(run, player)
    name = card.optimizer.get("type") if card is not None else None
    for beyond, limit, said in ((rates < low, low, "below"), (rates > high, high, "above")):
        found = longest_stretch(beyond, _least(rates, limits))
        if found is None:
            continue
        rate = float(rates.loc[found.first_step : found.last_step].median())
        statement = (
            f"The {_NAMES[player]}'s learning rate is {rate:.2g}, {said} the {limit:g} that is usual at "
            f"{'least' if said == 'below' else 'most'} for {name}.{found.ending}"
        )
        signal = f"{player}_learning_rate" if f"{player}_learning_rate" in run else MODEL_CARD
        yield Evidence(signal, rate, limit, found.first_step, found.last_step, statement)


def _least(rates: pd.Series[float], limits: Limits) -> int:
    """Recorded rates that must agree; one is all that the model card has."""
    return min(limits.probes, max(1, len(rates)))


def _rates(run: Run, player: str) -> pd.Series[float] | None:
    """Return a player's recorded learning rates by step, else the one in the model card at step 0."""
    if f"{player}_learning_rate" in run:
        rates = run[f"{player}_learning_rate"]
        rates = rates[np.isfinite(rates)]
        if len(rates):
            return rates
    card = _card(run, player)
    rate = card.optimizer.get("learning_rate") if card is not None else None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not np.isfinite(rate):
        return None
    return pd.Series([float(rate)], index=[0])


def _kind(run: Run, player: str) -> Kind | None:
    card = _card(run, player)
    return _KINDS.get(str(card.optimizer.get("type"))) if card is not None else None


def _card(run: Run, player: str) -> PlayerCard | None:
    card: PlayerCard | None = getattr(run.manifest, _NAMES[player])
    return card


def _why_not(run: Run, rates: dict[str, Any]) -> str:
    unknown = [_NAMES[player] for player, rate in rates.items() if rate is None]
    if unknown:
        return f"The learning rate of the {' and the '.join(unknown)} is not known."
    types = [str(card.optimizer.get("type")) if (card := _card(run, player)) else "unknown" for player in _NAMES]
    return f"Learning rates of {types[0]} and {types[1]} cannot be compared."


def _on_the_leak(run: Run) -> str:
    if "d_update_in_g_step" not in run:
        return " Whether the generator's step moves the discriminator too is not known."
    if float(run["d_update_in_g_step"].median()) > 0:
        return (
            " The generator's step moves the discriminator too (GD004) and pulls it backwards: with that leak its own "
            "rate has to be the larger one, yet not by so much."
        )
    return " The generator's step does not move the discriminator, so nothing asks for a larger rate of it."


def causes(run: Run, found: Found) -> list[Cause]:
    """Tell a mistyped exponent from a choice."""
    rates = [float(rate.median()) for player in _NAMES if (rate := _rates(run, player)) is not None]
    mistyped = any(rate < LIMITS.lowest_adaptive or rate > LIMITS.highest_adaptive for rate in rates)
    shown = " and ".join(f"{rate:.2g}" for rate in rates)
    ratio = rates[0] / rates[1] if len(rates) == len(_NAMES) and rates[1] > 0 else None
    faster = ratio is not None and ratio > LIMITS.discriminator_faster
    slower = ratio is not None and ratio < 1 / LIMITS.generator_faster
    return [
        Cause(
            "learning-rate-mistyped",
            "A learning rate was mistyped by decades",
            0.8 if mistyped else 0.2,
            f"Read it in the code: 1e-4 and 4e-4 are usual with Adam and RMSprop. This run: {shown}.",
        ),
        Cause(
            "discriminator-learns-faster",
            "The discriminator learns faster than the generator",
            0.03 if slower else 0.7 if faster else 0.5,
            "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the loss rises "
            f"and samples improve. This run: {shown}.",
        ),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD104",
    name="learning-rate-imbalance",
    title="The players' learning rates are far apart or far from usual",
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "separate-variable-lists",
        "lower-discriminator-learning-rate",
        "raise-generator-learning-rate",
    ),
    references=(
        "Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017 (ratios of 1.25 to 4)",
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 2",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    # A large ratio that does no harm is none to repair, and a rate says little by itself: less than what was measured.
    explains=Explanation(
        symptoms=(
            "GD001",
            "GD201",
            "GD202",
            "GD203",
            "GD204",
            "GD301",
            "GD302",
            "GD303",
            "GD304",
            "GD305",
            "GD401",
            "GD405",
            "GD407",
            "GD409",
        ),
        critical=0.8,
        warning=0.7,
        info=0.2,
        same_as=("learning-rate-mistyped", "discriminator-learns-faster"),
        refutes=("learning-rate-mistyped",),
    ),
)
