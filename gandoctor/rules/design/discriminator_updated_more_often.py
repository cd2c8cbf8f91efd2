"""GD116: the discriminator is updated much more often than the generator.

What it is
    In a step the discriminator's optimizer makes five updates or more for each one of the generator's, with a loss that
    is not Wasserstein's and with nothing that keeps the discriminator smooth.

Why it hurts
    A cross-entropy discriminator that is brought close to its optimum says "fake" to everything with certainty. Its
    gradient then tells the generator next to nothing: the reason why Wasserstein critics, and only they, are trained
    that far ahead.

How it is recognised
    By the updates that the two optimizers have made between probes, the median of the run: more than four times as many
    as the generator's.

What it is not
    Wasserstein critics are meant to be ahead. Spectral normalisation keeps a discriminator smooth, and five updates are
    then published practice (Miyato et al. 2018). Real and generated images in two calls of `train_on_batch` count
    twice. Where the samples improve all the same, it is no fault: by itself it is a remark.

What to do
    If the samples do not improve, update both players once in a step, or add spectral normalisation to every layer of
    the discriminator.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.reading.model_card import is_spectrally_normalised
from gandoctor.rules.reading.update_counts import update_counts
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds. Judgement: no training was used to set them.

    Attributes:
        often: Updates of the discriminator to one of the generator.
    """

    often: float = 4.5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the discriminator is updated much more often."""
    if run.manifest.loss_family is None:
        raise NotEvaluated(Message("The loss family is unknown. Pass loss=."))
    if run.manifest.loss_family == "wasserstein":
        return []
    counts = update_counts(run)
    times = counts.times("d", "g")
    if times < limits.often or is_spectrally_normalised(run, "d"):
        return []
    return [Evidence("d_updates_a_step", times, limits.often, counts.first_step, counts.last_step, counts.told)]


LIMITS = Limits()

RULE = Rule(
    id="GD116",
    name="discriminator-updated-more-often",
    title=Message("The discriminator is updated much more often than the generator"),
    severity=Severity.INFO,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("update-players-in-turn", "spectral-normalisation"),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1",
        "Miyato et al., Spectral Normalization for Generative Adversarial Networks, ICLR 2018",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD201", "GD301", "GD305", "GD401", "GD403"), critical=0.75, warning=0.7, info=0.6),
)
