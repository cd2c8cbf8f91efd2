"""GD015: the generator is only ever given one label.

What it is
    In a conditional GAN the label in the generator's input never changes, while the real images come with several. It
    was drawn once before the loop, or a fixed one for the sample sheet was passed on to training.

Why it hurts
    The generator learns one class at most. Asked for any other, it is given an input that it has never seen.

How it is recognised
    By what the players are fed: a one-hot row, or a class number, that is the same for all recorded latents, where the
    discriminator is given the same coding with two classes or more beside the real images.

What it is not
    Labels that vary and make no difference to the samples are GD412. A GAN without labels is not judged.

What to do
    Draw the labels of the generated images anew in every step, or take those of the real batch.
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
        classes: Beside the real images, at least: a data set of one class needs one label.
    """

    classes: int = 2


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the generator's label never changes."""
    labels = run.manifest.labels
    if labels is None or labels.real_classes is None:
        raise NotEvaluated(
            Message("No label was recognised in what both players are given; that is right for a GAN without labels."),
            applies=labels is not None,
        )
    if labels.classes > 1 or labels.real_classes < limits.classes:
        return []
    statement = Message(
        "All recorded latents have the same label, as {coding}, while the real images come with {classes} classes.",
        coding=labels.generator,
        classes=labels.real_classes,
    )
    return [Evidence("latent_sampler", 1, limits.classes, 0, run.last_step, statement)]


LIMITS = Limits()

RULE = Rule(
    id="GD015",
    name="constant-label",
    title=Message("The generator is only ever given one label"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("draw-labels-anew",),
    references=("Mirza and Osindero, Conditional Generative Adversarial Nets, 2014",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD301", "GD403", "GD404", "GD412"), critical=0.9, warning=0.8, info=0.3),
)
