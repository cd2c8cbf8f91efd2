"""GD025: the generator's loss does not depend on the discriminator.

What it is
    What is differentiated to move the generator is computed without the discriminator: of the picture itself instead of
    its score, of other networks only, or of a number that was taken out of the graph.

Why it hurts
    There is no game. The generator goes where that other loss sends it, to a constant if it asks for ones, while the
    discriminator learns to tell its samples ever more easily. Both losses may fall.

How it is recognised
    By the graph of what is differentiated for the generator's updates: none of the discriminator's weights is behind
    it. In PyTorch it is searched in the first updates and in one of eight after; the last twenty that were must all be
    so. A step that Keras traces is searched as it is traced.

What it is not
    A generator that is trained on a pixel loss before the game begins is left alone once the discriminator is asked. A
    loss on the discriminator's features asks it. Where the discriminator's weights are frozen in the generator's step,
    or part of a loss is compiled or differentiated by code of its own, PyTorch's graph does not show it, and nothing is
    said.

What to do
    Give the loss the discriminator's scores of what the generator has just made, with their graph: no `detach()`,
    `.item()`, `.numpy()` or `argmax` on the way.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        looks: Updates in a row that were looked at, where each is looked at by itself. Judgement: a program may begin
            with updates on another loss.
    """

    looks: int = 20


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the generator's latest updates did not ask the discriminator."""
    card = card_of(run, "g")
    asked = None if card is None else card.asked
    if asked is None:
        raise NotEvaluated(
            Message(
                "What the generator's loss depends on was not seen: that is looked at in PyTorch, where the "
                "discriminator is not frozen meanwhile, and in traced steps of Keras."
            )
        )
    if asked.is_asked:
        return []
    if asked.is_traced:
        statement = Message(
            "The loss that moves the generator is computed without the discriminator: in the traced step none of its "
            "weights is behind it."
        )
    elif asked.looks >= limits.looks:
        statement = Message(
            "The loss that moves the generator is computed without the discriminator: in none of the last {looks} "
            "updates that were looked at was any of its weights behind it.",
            looks=asked.looks,
        )
    else:
        raise NotEvaluated(
            Message(
                "The last {looks} updates of the generator that were looked at did not ask the discriminator; {least} "
                "in a row are needed to say so.",
                looks=asked.looks,
                least=limits.looks,
            )
        )
    return [Evidence("g_loss", 0.0, None, 1, run.last_step, statement, Severity.CRITICAL)]


LIMITS = Limits()

RULE = Rule(
    id="GD025",
    name="unasked-discriminator",
    title=Message("The generator's loss does not depend on the discriminator"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("score-in-generator-loss",),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, section 3 (the generator's loss is of the "
        "discriminator's scores)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=(
            "GD016",
            "GD201",
            "GD202",
            "GD301",
            "GD302",
            "GD303",
            "GD401",
            "GD402",
            "GD403",
            "GD404",
            "GD405",
            "GD407",
            "GD409",
            "GD411",
        ),
        critical=0.97,
        warning=0.8,
        info=0.2,
    ),
)
