"""GD019: samples are asked for with labels that training never gives.

What it is
    The generator is asked for labels as it never saw them: numbers where training had one-hot rows, classes beyond the
    last one drawn. Or some of the labels of the real images are never given to it, as where the upper bound of a random
    integer is left out.

Why it hurts
    A network's answer to what it was never given is arbitrary. All other classes may be perfect.

How it is recognised
    Labels are recognised in what the generator is fed in training, and compared with those of the samples that the
    program makes outside of the steps, with those beside the real images, and with the room that a one-hot row has. A
    label counts as never given when so many were seen that chance leaves one out in 1 of 100 trainings at most.

What it is not
    A single label is GD015. Labels that are given and change nothing are GD412. Room for classes that nobody asks for
    is a remark.

What to do
    Draw from all classes: most functions leave the upper bound out. Write labels by one function, in training and for
    samples.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.measures.labels import chance_to_miss
from gandoctor.message import Message
from gandoctor.rules.reading.drawn import drawn_cards
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run
from gandoctor.store.cards import LabelCard


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        chance: Above which a class may be missing because few labels were seen.
    """

    chance: float = 0.01


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on labels that samples are asked for, or that real images have, and training never gives."""
    labels = run.manifest.labels
    if labels is None or labels.classes < 2:
        raise NotEvaluated(
            Message("No label was recognised in what the generator is given; that is right for a GAN without labels."),
            applies=labels is not None,
        )
    asked = _of_samples(run)
    return [asked] if asked is not None else _of_training(run, labels, limits)


def _of_samples(run: Run) -> Evidence | None:
    """Return evidence on the labels of the program's own samples."""
    for card in drawn_cards(run):
        if card.labels == "strange":
            statement = Message(
                "At step {step} the program asks for samples with labels that are no {coding}, as training's are.",
                step=card.step,
                coding=run.manifest.labels.generator if run.manifest.labels else "",
            )
        elif card.labels == "unknown":
            statement = Message(
                "At step {step} the program asks for samples with a label that was never given in training.",
                step=card.step,
            )
        else:
            continue
        return Evidence("latent_sampler", card.count, None, card.step, card.step, statement, Severity.WARNING)
    return None


def _of_training(run: Run, labels: LabelCard, limits: Limits) -> list[Evidence]:
    """Return evidence on classes that the generator is never given."""
    given, seen = labels.classes, labels.seen
    if seen is None:
        return []

    def lacks(classes: int) -> bool:
        return classes > given and chance_to_miss(classes, seen) <= limits.chance

    real, room = labels.real_classes or 0, labels.places or 0
    if lacks(real):
        statement = Message(
            "Real images come with {classes} classes. The generator was given {given} of them in {seen} latents.",
            classes=real,
            given=given,
            seen=seen,
        )
        return [Evidence("latent_sampler", given, real, 0, run.last_step, statement)]
    if lacks(room):
        statement = Message(
            "The label has room for {classes} classes. The generator was given {given} of them in {seen} latents.",
            classes=room,
            given=given,
            seen=seen,
        )
        return [Evidence("latent_sampler", given, room, 0, run.last_step, statement, Severity.INFO)]
    return []


LIMITS = Limits()

RULE = Rule(
    id="GD019",
    name="unseen-labels",
    title=Message("Labels are asked for that training never gives"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("one-label-code",),
    references=("Mirza and Osindero, Conditional Generative Adversarial Nets, 2014",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD404", "GD411", "GD412"), critical=0.8, warning=0.7, info=0.2),
)
