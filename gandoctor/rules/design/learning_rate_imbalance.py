"""GD104: the learning rates of the two players are far apart, or far from usual.

What it is
    One player's learning rate is more than ten times the other's, with optimizers of one kind; or a rate lies orders
    of magnitude away from where its kind of optimizer is used, as after a mistyped exponent.

Why it hurts
    The slower player faces an opponent that changes faster than it can answer. With a discriminator twenty times as
    fast as the generator, our one run learnt slowly and stayed blurred; a generator at 1e-7 did not learn at all.

How it is recognised
    By the rates recorded in training, else by the optimizers in the model card. Rates of an optimizer that divides by
    the size of the gradient (Adam, RMSprop and the like) cannot be compared with those of one that does not (SGD):
    then each rate is judged alone.

What it is not
    A ratio of 1 is usual, the article's is 2, two time-scale rules use 1.25 to 4. A faster generator is no mistake
    either: 25 times the article's rate, 12 times that of the discriminator, gave the best digits of our first runs. A
    large ratio that does no harm needs no repair; look at the samples.

What to do
    First check whether the generator's step moves the discriminator too (GD004): the article's advice to give the
    discriminator the larger rate makes sense only then, as its network is pulled backwards in the other step.
    Otherwise change the ratio by a factor of two in favour of the player that loses, and look again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gandoctor.message import Message, Value, sentences
from gandoctor.player_names import NAMES, OTHER, PLAYERS, Player
from gandoctor.rules.hypotheses.players import DISCRIMINATOR_LEARNS_FASTER
from gandoctor.rules.hypotheses.training import LEARNING_RATE_MISTYPED
from gandoctor.rules.reading.learning_rates import HIGHEST_RATE, LOWEST_RATE, shown_rates
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.reading.repetition import longest_stretch
from gandoctor.rules.rule import MODEL_CARD, Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


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
    lowest_adaptive: float = LOWEST_RATE
    highest_adaptive: float = HIGHEST_RATE
    lowest_plain: float = 1e-6
    highest_plain: float = 1.0
    probes: int = 2


_Scaling = Literal["adaptive", "plain"]
_SCALINGS: dict[str, _Scaling] = {
    **dict.fromkeys(("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion", "Adadelta", "Adagrad"), "adaptive"),
    **dict.fromkeys(("SGD",), "plain"),
}
"""Whether an optimizer divides by the size of the gradient."""


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the ratio of the rates and on each rate alone."""
    rates = {player: series for player in PLAYERS if (series := _rates(run, player)) is not None}
    if not rates:
        raise NotEvaluated(Message("No optimizer with a readable learning rate was found."))
    evidence = [e for player in rates for e in _alone(run, player, rates, limits)]
    scalings = {_scaling(run, player) for player in PLAYERS}
    if len(rates) == len(PLAYERS) and len(scalings) == 1 and None not in scalings:
        evidence += _ratio(run, rates, limits)
    elif not evidence:
        raise NotEvaluated(_why_not(run, rates))
    return evidence


def _ratio(run: Run, rates: Mapping[Player, pd.Series[float]], limits: Limits) -> Iterator[Evidence]:
    import pandas as pd

    table = pd.DataFrame(dict(rates)).dropna()
    table = table[(table["d"] > 0) & (table["g"] > 0)]  # 0 is a player that stands still: GD002 and GD003
    faster: tuple[tuple[Player, float], ...] = (("d", limits.discriminator_faster), ("g", limits.generator_faster))
    for player, limit in faster:
        ratio = table[player] / table[OTHER[player]]
        found = longest_stretch(ratio > limit, _least(ratio, limits))
        if found is None:
            continue
        within = table.loc[found.first_step : found.last_step].median()
        apart = Message(
            "The learning rates are {d_rate:.2t} for the discriminator and {g_rate:.2t} for the generator: the "
            "{player}'s is {times:.3g} times the other.",
            d_rate=float(within["d"]),
            g_rate=float(within["g"]),
            player=NAMES[player],
            times=float(ratio.loc[found.first_step : found.last_step].median()),
        )
        yield Evidence(
            _signal(run, player),
            float(within[player]),
            limit * float(within[OTHER[player]]),
            found.first_step,
            found.last_step,
            sentences(apart, found.ending, _on_the_leak(run) if player == "d" else None),
            threshold_is=Message("{times:g} times the {player}'s rate", times=limit, player=NAMES[OTHER[player]]),
            detail=_medians(rates),
        )


def _alone(run: Run, player: Player, rates: Mapping[Player, pd.Series[float]], limits: Limits) -> Iterator[Evidence]:
    scaling, card = _scaling(run, player), card_of(run, player)
    if scaling is None or card is None:
        return
    positive = rates[player][rates[player] > 0]
    low, high = (
        (limits.lowest_adaptive, limits.highest_adaptive)
        if scaling == "adaptive"
        else (limits.lowest_plain, limits.highest_plain)
    )
    for is_low, limit, beyond in ((True, low, positive < low), (False, high, positive > high)):
        found = longest_stretch(beyond, _least(positive, limits))
        if found is None:
            continue
        rate = float(positive.loc[found.first_step : found.last_step].median())
        optimizer = str(card.optimizer.get("type"))
        known: dict[str, Value] = {"player": NAMES[player], "rate": rate, "limit": limit, "optimizer": optimizer}
        if is_low:
            unusual = Message(
                "The {player}'s learning rate is {rate:.2t}, below {limit:t}, the lowest usual one for {optimizer}.",
                **known,
            )
        else:
            unusual = Message(
                "The {player}'s learning rate is {rate:.2t}, above {limit:t}, the highest usual one for {optimizer}.",
                **known,
            )
        statement = sentences(unusual, found.ending)
        yield Evidence(
            _signal(run, player),
            rate,
            limit,
            found.first_step,
            found.last_step,
            statement,
            detail=_medians(rates),
        )


def _signal(run: Run, player: Player) -> str:
    name = f"{player}_learning_rate"
    return name if name in run else MODEL_CARD


def _medians(rates: Mapping[Player, pd.Series[float]]) -> dict[Player, float]:
    return {player: float(series.median()) for player, series in rates.items()}


def _least(rates: pd.Series[float], limits: Limits) -> int:
    """Return how many recorded rates must agree; the model card has one only."""
    return min(limits.probes, max(1, len(rates)))


def _rates(run: Run, player: Player) -> pd.Series[float] | None:
    """Return a player's recorded learning rates by step, else the one in the model card at step 0."""
    if f"{player}_learning_rate" in run:
        rates = run[f"{player}_learning_rate"]
        rates = rates[np.isfinite(rates)]
        if len(rates):
            return rates
    card = card_of(run, player)
    rate = card.optimizer.get("learning_rate") if card is not None else None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not np.isfinite(rate):
        return None
    import pandas as pd

    return pd.Series([float(rate)], index=[0])


def _scaling(run: Run, player: Player) -> _Scaling | None:
    card = card_of(run, player)
    return _SCALINGS.get(str(card.optimizer.get("type"))) if card is not None else None


def _why_not(run: Run, rates: Mapping[Player, object]) -> Message:
    unknown = [player for player in PLAYERS if player not in rates]
    if unknown:
        return Message("The learning rate of the {player} is not known.", player=NAMES[unknown[0]])
    return Message(
        "The learning rates of {d_optimizer} and {g_optimizer} cannot be compared.",
        d_optimizer=_optimizer(run, "d"),
        g_optimizer=_optimizer(run, "g"),
    )


def _optimizer(run: Run, player: Player) -> str | Message:
    card = card_of(run, player)
    kind = card.optimizer.get("type") if card is not None else None
    return Message("an unknown optimizer") if kind is None else str(kind)


def _on_the_leak(run: Run) -> Message:
    if "d_update_in_g_step" not in run:
        return Message("Whether the generator's step also moves the discriminator is not known.")
    if float(run["d_update_in_g_step"].median()) > 0:
        return Message(
            "The generator's step also moves the discriminator (GD004) and pulls it backwards: with that leak its own "
            "rate has to be the larger one, but not by so much."
        )
    return Message("The generator's step does not move the discriminator, so nothing calls for a larger rate there.")


def causes(run: Run, found: Found) -> list[Cause]:
    """Tell a mistyped exponent from a choice. The scores are judgement: a rate far from usual is rarely meant."""
    rates: dict[Player, float] = found.details[0]
    limits: Limits = found.limits
    mistyped = any(rate < limits.lowest_adaptive or rate > limits.highest_adaptive for rate in rates.values())
    ratio = rates["d"] / rates["g"] if len(rates) == len(PLAYERS) and rates["g"] > 0 else None
    faster = ratio is not None and ratio > limits.discriminator_faster
    slower = ratio is not None and ratio < 1 / limits.generator_faster
    shown = shown_rates(rates)
    return [
        LEARNING_RATE_MISTYPED.cause(0.8 if mistyped else 0.2, shown),
        DISCRIMINATOR_LEARNS_FASTER.cause(0.03 if slower else 0.7 if faster else 0.5, shown),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD104",
    name="learning-rate-imbalance",
    title=Message("The players' learning rates are far apart or far from usual"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "separate-variable-lists",
        "lower-discriminator-learning-rate",
        "raise-generator-learning-rate",
        "usual-learning-rates",
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
            "GD403",
            "GD405",
            "GD407",
            "GD409",
            "GD411",
        ),
        critical=0.8,
        warning=0.7,
        info=0.2,
        same_as=("learning-rate-mistyped", "discriminator-learns-faster"),
        refutes=("learning-rate-mistyped",),
    ),
)
