"""GD115: the generator is updated more often than the discriminator.

What it is
    In a step the generator's optimizer makes several updates and the discriminator's only one. Most often a condition
    is the wrong way round: "every fifth step" guards the critic instead of the generator, or two loops are swapped.

Why it hurts
    Between two updates of the discriminator the generator runs into whatever this one discriminator likes, which is one
    kind of image. A Wasserstein critic that is updated seldom estimates no distance, so its gradient leads nowhere.

How it is recognised
    By the updates that the two optimizers have made between probes, the median of the run: more than once and a half as
    often with a Wasserstein loss, more than four times with any other; from two and a half on it is a remark.

What it is not
    Two updates of the generator to one of the discriminator are used on purpose where the discriminator is too strong
    (a well-known DCGAN implementation does so). A player that is not updated at all is GD002 or GD003.

What to do
    Update both once in a step. For a Wasserstein loss update the critic about five times for each update of the
    generator, or once each with the critic's learning rate above the generator's.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.reading.update_counts import update_counts
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds, of the generator's updates to the discriminator's. Judgement: no training was used to set them.

    Attributes:
        critic: With a Wasserstein loss, whose critic is meant to be ahead.
        mentioned: With any other loss, a remark: above the 2 that are used on purpose.
        often: Likewise, a warning.
    """

    critic: float = 1.5
    mentioned: float = 2.5
    often: float = 4.5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the generator is updated too often."""
    counts = update_counts(run)
    times = counts.times("g", "d")
    is_critic = run.manifest.loss_family == "wasserstein"
    limit = limits.critic if is_critic else limits.mentioned
    if times < limit:
        return []
    severity = None if is_critic or times >= limits.often else Severity.INFO
    return [Evidence("g_updates_a_step", times, limit, counts.first_step, counts.last_step, counts.told, severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD115",
    name="generator-updated-more-often",
    title=Message("The generator is updated more often than the discriminator"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("update-players-in-turn",),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1",
        "Arjovsky et al., Wasserstein GAN, ICML 2017, algorithm 1 (five critic updates)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD302", "GD303", "GD403", "GD404", "GD409", "GD411"),
        critical=0.8,
        warning=0.75,
        info=0.3,
    ),
)
