"""GD408: the samples are copies of training images.

What it is
    The generator gives back the very images it was trained on, nearly pixel by pixel. It has learnt a list of images,
    not what they have in common.

Why it hurts
    The samples look perfect and every distance to the training data agrees, but nothing new is made; and what was
    private in the data is handed out again.

How it is recognised
    Real images held out of the training tell how near a new image comes to the training images by chance. The rule
    compares each generated image with each of them: the probability that the generated one lies nearer to the training
    images is 1/2 for new images and 1 for copies. It must be close to 1, beyond what chance gives with so many images,
    in 3 of 4 successive probes that span at least 60 steps, after warm-up. Held-out images are needed: pass
    holdout_data.

What it is not
    Images with less contrast or less detail than real ones, and the mean of the data above all, lie nearer to
    everything than a real image does. So do samples that are all of the simplest kind, such as the digit 1. That is why
    samples are judged only where they vary across latents nearly as much as the reals do. A generator that makes one or
    a few images has collapsed (mode-collapse GD403), copies or not. Data of one kind, or few of them, are no fault as
    long as samples come no nearer to them than held-out images of that kind. Copies of images that the monitor was not
    given are not seen: give it all training images, or a good part of them. Copies that were shifted or recoloured are
    not found by pixels.

What to do
    Count the different images there are and check that the pipeline delivers them all. Then show the discriminator
    shifted images, real and generated alike, and keep the generator of the step before the copying began.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.samples.memorised_samples_causes import causes
from gandoctor.rules.samples.real_bands import real_bands, sample_count
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_COPYING = "sample_copying"
_SPREAD = "sample_latent_std"


@dataclass(frozen=True)
class Limits:
    """Thresholds; measured on real digits and copies of them, to be calibrated on runs.

    Attributes:
        copying: Probability of lying nearer to the training images than a held-out image. Digits that were never seen
            0.43 to 0.56, blurred ones 0.57 to 0.72, faint ones up to 0.83 (contrast 0.2), the mean digit 0.63 to 0.87,
            digits that are all ones 0.89 to 0.96; copies 1.00, copies with noise of sigma 0.1 0.98 to 1.00, four copies
            in five 0.91.
        sigmas: It must also lie this many standard deviations of the Mann-Whitney statistic above 1/2 (0.05 with 64
            samples and 64 held-out images).
        spread: Spread across latents over the null's from which samples are judged. Copies 1.0, at contrast 0.8 0.8;
            ones only 0.44, digits at contrast 0.5 0.5, the mean digit 0.
    """

    copying: float = 0.9
    sigmas: float = 4.0
    spread: float = 0.75


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the comparison with held-out images."""
    import pandas as pd

    normal = real_bands(run, _SPREAD)[_SPREAD].mean
    limit = max(limits.copying, 0.5 + limits.sigmas * _chance(run))
    if limit >= 1.0:
        raise NotEvaluated(
            Message("Too few held-out images: copies could not be told from chance. Pass more holdout_data.")
        )
    table = pd.DataFrame({name: run[name] for name in (_COPYING, _SPREAD)}).dropna()
    holds = (table[_COPYING] > limit) & (table[_SPREAD] > limits.spread * normal)
    episode = persistent_episode(holds, warm_up_end(run))
    if episode is None:
        return []
    observed, spread = (float(episode.of(table[name]).median()) for name in (_COPYING, _SPREAD))
    nearer = Message(
        "A generated image lies nearer to the training images than a held-out real one {share:.0%} of the time (new "
        "images: 50%). That is not for lack of variety: samples vary across latents by {spread:.0%} of what real "
        "images do.",
        share=observed,
        spread=spread / normal,
    )
    return [
        Evidence(
            _COPYING,
            observed,
            limit,
            episode.first_step,
            episode.last_step,
            sentences(nearer, episode.ending),
            episode.severity(Severity.WARNING),
        )
    ]


def _chance(run: Run) -> float:
    """Return the standard deviation of the comparison where generated and held-out images are of one distribution.

    Of the Mann-Whitney statistic over the number of pairs: sqrt((n + h + 1) / 12 n h).
    """
    from gandoctor.measures.diversity import MAX_REALS

    n = max(1, sample_count(run))
    card = run.manifest.data
    h = min(MAX_REALS, max(1, card.holdout_count if card is not None else 1))
    return sqrt((n + h + 1) / (12 * n * h))


LIMITS = Limits()

RULE = Rule(
    id="GD408",
    name="memorised-samples",
    title=Message("The samples are copies of training images"),
    severity=Severity.WARNING,
    requires=(_COPYING, _SPREAD),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "feed-varied-batches",
        "augment-discriminator-input",
        "use-more-images",
        "keep-best-generator",
    ),
    references=(
        "Meehan et al., A Three Sample Hypothesis Test for Evaluating Generative Models, AISTATS 2020",
        "Webster et al., Detecting Overfitting of Deep Generative Networks via Latent Recovery, CVPR 2019",
        "Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, NeurIPS 2020",
    ),
    page=__doc__,
    causes=causes,
)
