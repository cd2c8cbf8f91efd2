"""GD103: so much dropout that little gets through.

What it is
    A dropout layer of the generator or the discriminator drops most of its units: a rate of 0.7 or more, often because
    the share to keep was given in place of the share to drop.

Why it hurts
    At a rate of 0.9 one unit in ten is left, scaled up tenfold; a second such layer leaves one in a hundred. What
    reaches the output, and the gradient that comes back, is mostly chance. In our one run with 0.9 in both players
    nothing was learnt.

How it is recognised
    By the rates in the model card, before the first step. The article advises 0.3 to 0.6 for images that are too
    noisy; the evidence for that range is weak: one article, and in our one run 0 gave better digits than 0.4.

What it is not
    No dropout at all, or 0.2, is not a mistake: many good GANs have none. Dropout in the wrong place is GD102.

What to do
    Lower the rate, and change nothing else with it. Keras expects the share to drop, not the share to keep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.networks.network import Network
from gandoctor.player_names import NAMES
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Dropout rates.

    Attributes:
        mentioned: Above the article's range (0.3 to 0.6): a remark.
        high: A warning. Judgement, between the article's 0.6 and the measured 0.9.
        fatal: Critical. One run, both players: nothing was learnt.
    """

    mentioned: float = 0.6
    high: float = 0.7
    fatal: float = 0.9


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of each network with a rate above the article's range."""
    return search_networks(run, lambda network: _too_high(network, limits))


def _too_high(network: Network, limits: Limits) -> list[Evidence]:
    rates = {
        i: float(rate)
        for i, stage in network.of_role("dropout")
        if isinstance(rate := stage.layer.settings.get("rate"), int | float)
    }
    high = {i: rate for i, rate in rates.items() if rate > limits.mentioned}
    if not high:
        return []
    worst = max(high.values())
    severity, threshold = Severity.INFO, limits.mentioned
    if worst >= limits.high:
        severity, threshold = Severity.WARNING, limits.high
    if worst >= limits.fatal:
        severity, threshold = Severity.CRITICAL, limits.fatal
    layers = tuple(
        Message("{layer} ({rate:g})", layer=network.stages[i].layer.address, rate=rate) for i, rate in high.items()
    )
    statement = Message(
        "The {player} drops most of its units in {layers}: a share of {kept:.2g} passes through all of them. The "
        "article advises 0.3 to 0.6, on weak evidence.",
        player=NAMES[network.player],
        layers=layers,
        kept=math.prod(1.0 - rate for rate in high.values()),
    )
    return [card_evidence(statement, worst, threshold, map(network.address, high), severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD103",
    name="dropout-out-of-range",
    title=Message("Dropout leaves too little of the signal"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("dropout-rate",),
    references=(
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 1",
        "Srivastava et al., Dropout, JMLR 2014, section 7.3 (the effect of the rate)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD010", "GD201", "GD301", "GD302", "GD401", "GD402", "GD405", "GD407"),
        critical=0.96,
        warning=0.6,
        info=0.15,
        same_as=("too-much-dropout",),
    ),
)
