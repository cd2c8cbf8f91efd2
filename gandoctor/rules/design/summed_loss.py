"""GD112: the loss is a sum over the batch, not a mean.

What it is
    The generator's loss adds up the losses of all images of a batch: `reduce_sum`, `reduction="sum"`, or a mean that
    was forgotten.

Why it hurts
    Loss and gradient are as many times larger as the batch has images, and grow with it. Plain gradient descent then
    takes steps that are as many times too large. A penalty or a pixel loss that is a mean beside it hardly counts any
    more. Adam and RMSprop divide the factor out again.

How it is recognised
    By numbers: in each of the first steps the loss was the batch size times a known formula of the discriminator's
    outputs.

What it is not
    A mean over the patches of a score map and a sum over the images is told as a sum as well. Under a distribution
    strategy a sum divided by the global batch size is a mean.

What to do
    Average over the batch, and set the learning rate and the weights of other terms for the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        steps: Steps that must have been compared: what one step fits by chance, several do not.
    """

    steps: int = 3


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the generator's loss is a sum; a warning where an optimizer does not divide it out."""
    objective = run.manifest.objective
    if objective is None or objective.is_sum is None or objective.steps < limits.steps:
        raise NotEvaluated(Message("The generator's loss was not seen, or is no known formula."))
    if not objective.is_sum:
        return []
    cards = [getattr(run.manifest, name) for name in ("generator", "discriminator")]
    plain = any(card is not None and card.optimizer.get("type") == "SGD" for card in cards)
    statement = Message(
        "In each of {steps} steps the generator's loss was the sum over the batch of what each image costs.",
        steps=objective.steps,
    )
    severity = Severity.WARNING if plain else Severity.INFO
    return [Evidence("g_loss", 1, None, 1, objective.steps, statement, severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD112",
    name="summed-loss",
    title=Message("The loss is a sum over the batch"),
    severity=Severity.INFO,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("average-the-loss",),
    references=("Keras documentation, Losses (reduction)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD202", "GD203"), critical=0.8, warning=0.7, info=0.15, same_as=("loss-too-large",), refutes=()
    ),
)
