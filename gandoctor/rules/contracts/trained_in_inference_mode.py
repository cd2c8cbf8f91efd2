"""GD023: a network is trained in inference mode.

What it is
    `eval()` was called to draw samples, and `train()` was not called again: from the first picture on, batch
    normalisation uses moving averages that no longer move, and dropout is off. Or the network was never in training
    mode.

Why it hurts
    Batch normalisation with fixed averages normalises nothing: activations drift as the weights move, and training
    becomes unstable or stops. Without dropout the discriminator gets stronger at once.

How it is recognised
    PyTorch only. The mode of a player is noted in every call that a gradient goes through. All of them must be in
    inference mode over the last 60 steps and more, and the network must hold batch normalisation or dropout.

What it is not
    Networks without such layers are the same in both modes. A discriminator that is in inference mode in the
    generator's step only is not meant. Whoever freezes single layers of batch normalisation leaves the network itself
    in training mode.

What to do
    Call `train()` on the network again after drawing samples, or on both networks at the top of every epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import PlayerCard, Run
from gandoctor.store.player_card import ModeCard

_KINDS = ("BatchNorm", "Dropout")


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        steps: Over which all calls must be in inference mode. Judgement: no picture takes that long.
    """

    steps: int = 60


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on each player that is trained in inference mode."""
    known = {p: card for p in PLAYERS if (card := card_of(run, p)) is not None and card.mode is not None}
    if not known:
        raise NotEvaluated(Message("In which mode the networks are trained is seen in PyTorch only."))
    return [
        _evidence(run, player, card.mode, since)
        for player, card in known.items()
        if card.mode is not None and (since := _since(run, card, card.mode, limits)) is not None
    ]


def _since(run: Run, card: PlayerCard, mode: ModeCard, limits: Limits) -> int | None:
    """Return the step from which a player was in inference mode to the end; None where that is of no account."""
    since = mode.inference_since
    if since is None or run.last_step - since < limits.steps:
        return None
    depends = any(kind in layer.type for layer in card.layers for kind in _KINDS)
    return since if depends else None


def _evidence(run: Run, player: Player, mode: ModeCard, since: int) -> Evidence:
    if mode.calls == 0:
        statement = Message(
            "In all {count} calls that a gradient went through, the {player} was in inference mode.",
            count=mode.inference_calls,
            player=NAMES[player],
        )
    else:
        statement = Message(
            "Since step {step} the {player} was in inference mode in all {count} calls that a gradient went through; "
            "before, it was in training mode.",
            step=since,
            player=NAMES[player],
            count=mode.inference_calls,
        )
    return Evidence(f"{player}_loss", mode.inference_calls, None, max(1, since), run.last_step, statement)


LIMITS = Limits()

RULE = Rule(
    id="GD023",
    name="trained-in-inference-mode",
    title=Message("A network is trained in inference mode"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("back-to-training-mode",),
    references=(
        "PyTorch documentation, torch.nn.Module.eval",
        "Ioffe and Szegedy, Batch Normalization, ICML 2015 (what training mode does)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD303", "GD401", "GD402", "GD403", "GD409"), critical=0.8, warning=0.6, info=0.2
    ),
)
