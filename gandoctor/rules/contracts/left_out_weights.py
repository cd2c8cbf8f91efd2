"""GD020: weights that training reaches are in no optimizer.

What it is
    Some of a player's weights have gradients, and nothing moves them: a second discriminator whose parameters were not
    passed to the optimizer, an embedding made beside the network, layers in a plain list, which a module does not
    register.

Why it hurts
    They stay as they were drawn. The rest of the player learns around them, and its losses look like those of a weak
    network.

How it is recognised
    The graphs of the discriminator's losses, and of the generator's images, end in the weights that training reaches.
    In PyTorch those that no optimizer held in 50 updates are left out. In steps that Keras traces, those beside the two
    networks that have not moved in 50 updates are.

What it is not
    Weights that are frozen on purpose require no gradient, and are not meant. A trained network before the generator
    that is to stay as it is should be frozen; where it is not, this is a warning at most. Networks that only the
    generator's loss goes through, such as one for a perceptual loss, are not to move. Where all of a player stands
    still, GD002 or GD003 says more.

What to do
    Pass all parameters to the optimizer. Keep layers in a ModuleList or a ModuleDict, and parameters in a
    ParameterList.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run
from gandoctor.store.player_card import LeftOutCard


@dataclass(frozen=True)
class Limits:
    """Thresholds: shares of the numbers that training reaches. Judgement.

    Attributes:
        few: Below it a remark.
        most: From it on critical.
    """

    few: float = 0.001
    most: float = 0.5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on each player of which something is left out."""
    evidence, known = [], False
    for player in PLAYERS:
        card = card_of(run, player)
        if card is None or card.left_out is None:
            continue
        known = True
        if card.left_out.numbers:
            evidence.append(_evidence(run, player, card.left_out, limits))
    if not known:
        raise NotEvaluated(
            Message(
                "It was not seen which weights training reaches; that is looked at in PyTorch and in traced steps of "
                "Keras, for 50 updates."
            )
        )
    return evidence


def _evidence(run: Run, player: Player, card: LeftOutCard, limits: Limits) -> Evidence:
    share = card.numbers / card.of
    may_be_meant = player == "g" and card.unregistered == card.numbers  # a network before the generator
    most = Severity.WARNING if may_be_meant else Severity.CRITICAL
    severity = Severity.INFO if share < limits.few else most if share >= limits.most else Severity.WARNING
    counted = Message(
        "{numbers} of the {of} numbers that the {player}'s training reaches are moved by no optimizer.",
        numbers=f"{card.numbers:,}",
        of=f"{card.of:,}",
        player=NAMES[player],
    )
    listed = Message("They are {names}.", names=", ".join(card.names)) if card.names else None
    foreign = None
    if card.unregistered:
        foreign = Message(
            "{count} of them are in no layer that the {player} lists as its own.",
            count=f"{card.unregistered:,}",
            player=NAMES[player],
        )
    statement = sentences(counted, listed, foreign)
    return Evidence(f"{player}_update_ratio", share, None, 1, run.last_step, statement, severity)


LIMITS = Limits()

RULE = Rule(
    id="GD020",
    name="left-out-weights",
    title=Message("Weights that training reaches are in no optimizer"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("all-weights-to-the-optimizer",),
    references=("PyTorch documentation, torch.nn.ModuleList (what a plain list does not register)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD302", "GD401", "GD402", "GD403", "GD404", "GD411", "GD412", "GD413"),
        critical=0.85,
        warning=0.6,
        info=0.1,
    ),
)
