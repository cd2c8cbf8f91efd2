"""GD021: the loss of the classes is not given what it takes.

What it is
    A classifier beside the game (an auxiliary classifier, the categorical code of an InfoGAN) ends in a softmax, and
    its loss takes logits and applies one of its own. Or the loss takes logarithms of probabilities and is given the
    probabilities.

Why it hurts
    A softmax of probabilities can never be sure: of ten classes it gives 0.23 at most to the right one. The gradient is
    small wherever the classifier has learned something, so the labels hardly reach the samples. Of probabilities taken
    for logarithms, the loss is negative and rewards being sure without limit of sense.

How it is recognised
    In PyTorch by the first 40 calls of `cross_entropy` and of `nll_loss`: rows that are never negative and add up to 1
    in all of them are probabilities. In TensorFlow by the graph of a traced step: the op before the cross-entropy is a
    softmax.

What it is not
    Cross-entropies of the discriminator's own verdict are GD105. Keras's own losses notice a final softmax layer, take
    the logits before it and are right.

What to do
    Give `CrossEntropyLoss` what comes before the softmax, and leave the classifier without one; give `NLLLoss` what
    comes out of a `LogSoftmax`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.rule import MODEL_CARD, Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run
from gandoctor.store.cards import LossCallCard


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        calls: That must have been looked at. Judgement: by chance no single row adds up to 1.
    """

    calls: int = 5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on losses that are given probabilities."""
    cards = run.manifest.loss_calls
    if not cards:
        raise NotEvaluated(
            Message("No loss of classes was seen; that is right for a GAN without a classifier."), applies=False
        )
    return [
        Evidence(MODEL_CARD, 1, None, 0, run.last_step, _statement(name, card))
        for name, card in cards.items()
        if card.given == "probabilities" and (card.calls is None or card.calls >= limits.calls)
    ]


def _statement(name: str, card: LossCallCard) -> Message:
    if card.calls is None:
        return Message(
            "In the traced step the cross-entropy of the classes is given what a softmax has made. It takes logits and "
            "applies a softmax of its own, so that two follow each other."
        )
    if name == "nll_loss":
        return Message(
            "In all of {calls} calls nll_loss was given rows that are never negative and add up to 1. It takes "
            "logarithms of probabilities.",
            calls=card.calls,
        )
    return Message(
        "In all of {calls} calls cross_entropy was given rows that are never negative and add up to 1. It takes logits "
        "and applies a softmax of its own, so that two follow each other.",
        calls=card.calls,
    )


LIMITS = Limits()

RULE = Rule(
    id="GD021",
    name="softmax-before-cross-entropy",
    title=Message("The loss of the classes is given probabilities"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("classes-as-logits",),
    references=("PyTorch documentation, torch.nn.CrossEntropyLoss and torch.nn.NLLLoss (what each takes)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD404", "GD412"), critical=0.8, warning=0.7, info=0.2),
)
