"""GD120: an optimizer that goes on for many steps in a direction that no gradient asks for any more.

What it is
    A player's optimizer has a momentum (`momentum`, or Adam's beta_1) of 0.95 or more. Often the two betas of Adam were
    exchanged: `betas=(0.999, 0.5)`.

Why it hurts
    A momentum of m averages over 1 / (1 - m) gradients. In a game the other player has moved by then. At 0.9 an update
    that is wrong goes on for 7 steps before half of it is forgotten, at 0.99 for 69, so each player overshoots where
    the other was. Momentum of 0.9 made the training of DCGAN oscillate; 0.5 steadied it, and games with a good deal of
    rotation in them do best with none, or with a negative one.

How it is recognised
    By the optimizers' settings, before the first step: beta_1, or the momentum of SGD and RMSprop, of either player.

What it is not
    0.9 is the default of Keras and PyTorch: with it many GANs train well, so it is no fault. Where such a training goes
    in circles, GD303 names momentum as a possible cause.

What to do
    Give Adam beta_1=0.5, or 0 with a gradient penalty. Check that the betas stand in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, PLAYERS, SLOTS, Player
from gandoctor.rules.reading.model_card import card_evidence
from gandoctor.rules.reading.momentum import momentum_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import PlayerCard, Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        excessive: Momentum that remembers twice as long as the usual default of 0.9; the published GANs that
            `references` names have 0 to 0.9. By arithmetic: no training was used to set it.
    """

    excessive: float = 0.95


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of each player whose momentum is excessive."""
    cards = {player: card for player in PLAYERS if (card := getattr(run.manifest, SLOTS[player])) is not None}
    if not any(card.optimizer for card in cards.values()):
        raise NotEvaluated(Message("No settings of an optimizer were recorded."))
    return [one for player, card in cards.items() if (one := _excessive(player, card, limits)) is not None]


def _excessive(player: Player, card: PlayerCard, limits: Limits) -> Evidence | None:
    momentum = momentum_of(card)
    if momentum is None or not limits.excessive <= momentum < 1:
        return None
    statement = Message(
        "The {player}'s optimizer has a momentum of {momentum:g}: an update that was wrong is half forgotten only "
        "after {steps:.0f} steps, where 0.5 takes 1 and 0.9 takes 7.",
        player=NAMES[player],
        momentum=momentum,
        steps=log(0.5) / log(momentum),
    )
    other = (card.optimizer or {}).get("beta_2")
    exchanged = None
    if isinstance(other, int | float) and other < momentum:
        exchanged = Message("Its beta_2 is {other:g}, which is less: were the two exchanged?", other=other)
    return card_evidence(sentences(statement, exchanged), momentum, limits.excessive)


LIMITS = Limits()

RULE = Rule(
    id="GD120",
    name="excessive-momentum",
    title=Message("An optimizer has too much momentum"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("lower-momentum",),
    references=(
        "Radford et al., Unsupervised Representation Learning with DCGAN, ICLR 2016, section 4 (0.9 oscillates)",
        "Gidel et al., Negative Momentum for Improved Game Dynamics, AISTATS 2019",
        "Kingma and Ba, Adam, ICLR 2015 (beta_1 = 0.9)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=(
            *("GD202", "GD301", "GD302", "GD303"),
            *("GD401", "GD402", "GD403", "GD404", "GD405", "GD407", "GD409", "GD411"),
        ),
        critical=0.9,
        warning=0.8,
        info=0.3,
    ),
)
