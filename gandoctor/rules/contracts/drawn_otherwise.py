"""GD018: what is sampled is not what is trained.

What it is
    The program draws its samples from weights that are not those of the trained generator: from a running average that
    still holds much of its first weights, from a checkpoint, from a network that was made anew. Or it gives the
    generator something for samples that training never gives, such as styles of other inputs.

Why it hurts
    Training is sound, and the pictures are not. Every change of the training is then looked for in vain.

How it is recognised
    Samples that the program makes outside of the training steps are kept, with what they were made from. The trained
    generator makes its own of the same inputs, in the same mode, without what training never gives it. Where the
    program's are much farther from the real data (energy distance), or farther and much more alike, they are of another
    generator.

What it is not
    An average that has caught up is as good as the trained weights or better. Samples of a truncated latent, or of one
    class, are made by the trained generator as well, so that both are the same. Samples that are drawn one by one in
    training mode are GD010, and latents of another distribution GD013.

What to do
    Sample from the trained generator. An average with a momentum of m holds m to the power of the steps of what it
    began with: choose m by the length of the training, or let it grow with the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.drawn import NEAR, TIMES, drawn_cards, is_one_by_one
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run
from gandoctor.store.cards import DrawnCard


@dataclass(frozen=True)
class Limits:
    """Thresholds. Judgement: 64 of the real images are within some hundredths of the rest.

    Attributes:
        times: Distance of the program's samples over that of the generator's own.
        further: What must lie between the two, in mean distances among real data.
        critical: The same, from which the samples have little to do with the generator.
        alike: Spread of the program's samples over that of the generator's own, below which they are that much more
            alike that `further` need not lie between. Averages that followed, of three momenta, had 1.03. Judgement.
        near: Distance that 64 samples of the very data have at most, of which samples so much alike must have `times`.
    """

    times: float = TIMES
    further: float = 0.15
    critical: float = 0.5
    alike: float = 0.6
    near: float = NEAR


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on samples that are worse than the generator's own."""
    cards = [c for c in drawn_cards(run) if c.distance is not None and c.own_distance is not None]
    if not cards:
        raise NotEvaluated(
            Message(
                "The program was not seen to make 16 samples or more outside of the training steps, or there were no "
                "real data to compare them with."
            )
        )
    others = [card for card in cards if not is_one_by_one(run, card)]
    judged = [_judged(card, card.distance or 0.0, card.own_distance or 0.0, limits) for card in others]
    return [evidence for evidence in judged if evidence is not None]


def _judged(card: DrawnCard, distance: float, own: float, limits: Limits) -> Evidence | None:
    """Return evidence where samples are farther from the data than the generator's own; None where they are not."""
    varied = None
    least = max(limits.times * own, own + limits.further)
    if card.spread is not None and card.spread < limits.alike:
        varied = Message("They vary {spread:.0%} as much as these.", spread=card.spread)
        least = limits.times * max(own, limits.near)
    if distance <= least:
        return None
    told: dict[str, Any] = {"step": card.step, "distance": distance, "own": own}
    if card.network == "copy":
        statement = Message(
            "At step {step} the program's samples came from a second network of the generator's build that no "
            "optimizer trains, such as a running average. They are {distance:.2g} from the real data, in mean "
            "distances among these; the trained generator's, from the same latents, {own:.2g}.",
            **told,
        )
    else:
        statement = Message(
            "At step {step} the program's samples are {distance:.2g} from the real data, in mean distances among "
            "these. Those that the generator makes of the same inputs, with the weights that it was trained to, are "
            "{own:.2g}.",
            **told,
        )
    severity = Severity.CRITICAL if distance > own + limits.critical else Severity.WARNING
    whole = sentences(statement, varied)
    return Evidence("latent_sampler", distance, least, card.step, card.step, whole, severity)


LIMITS = Limits()

RULE = Rule(
    id="GD018",
    name="drawn-otherwise",
    title=Message("What is sampled is not what is trained"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("average-that-keeps-up",),
    references=(
        "Székely and Rizzo, Energy statistics, Journal of Statistical Planning and Inference, 2013",
        "Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, ICLR 2019",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD401", "GD402", "GD405", "GD407"), critical=0.5, warning=0.4, info=0.2),
)
