"""GD304: the discriminator scores the real images it trains on above real images it has never seen.

What it is
    The discriminator has begun to recognise the training images themselves. To it, other real images look more and
    more like generated ones.

Why it hurts
    It no longer rewards what looks real but what looks like one of the training images. The generator's gradient turns
    into noise, its samples get worse after having been good, or become copies. With few images this, not the balance
    of the players, is what limits a GAN.

How it is recognised
    By r_v = (E[D(train)] - E[D(held out)]) / (E[D(train)] - E[D(generated)]), taken on logits: 0 where held-out images
    score as trained-on ones do, 1 where they score as generated ones do. It must be above 0.1 and the difference above
    what two draws of 64 images may have by chance, in 3 of 4 successive probes spanning at least 60 steps, after
    warm-up. The second condition also keeps out the ratio of two small numbers, which says nothing. Neither needs a
    scale, so that they hold for every loss.

What it is not
    Which 64 images are scored is fixed, so that a difference may last without meaning anything; hence the second
    condition. Held-out images of another kind (another source, another scaling) score lower from the first step on:
    that is listed as a cause. An AUC of 1 between real and generated images is no overfitting, nor is a strong
    discriminator (GD301). Copies among the samples are memorised-samples (GD408).

What to do
    Look whether the pipeline really delivers all images (GD009). Then augment what the discriminator is shown, real and
    generated alike, which has the best evidence of all; more images are better still. Dropout and a smaller
    discriminator come last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.message import Message, sentences
from gandoctor.rules.balance.discriminator_overfitting_causes import causes
from gandoctor.rules.balance.memorised_share import recorded_share
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Evidence, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds, to be calibrated.

    Attributes:
        share: r_v. Healthy runs had 0.00 +- 0.03; with 64 real images it was 0.12 at step 300 to 500 and growing.
        spreads: Difference of trained-on and held-out reals, in pooled standard deviations of real and generated
            logits. The difference of two means of 64 images has a standard error of 0.18 of their spread: 3 of them.
    """

    share: float = 0.1
    spreads: float = 0.53


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the scores of held-out reals, between those of trained-on reals and of generated images."""
    table = recorded_share(run)
    holds = (table["share"] > limits.share) & (table["spreads"] > limits.spreads)
    episode = persistent_episode(holds, warm_up_end(run))
    if episode is None:
        return []
    within: pd.DataFrame = table.loc[episode.first_step : episode.last_step]
    share, spreads = float(within["share"].median()), float(within["spreads"].median())
    half = max(1, len(within) // 2)
    early, late = float(within["share"].iloc[:half].median()), float(within["share"].iloc[-half:].median())
    real, holdout, fake = (float(within[n].median()) for n in ("d_real_logit", "d_holdout_logit", "d_fake_logit"))
    statement = sentences(
        Message(
            "Held-out reals score {holdout:.3g}, training images {real:.3g}, generated images {fake:.3g}. Held-out "
            "reals have moved {share:.0%} of the way from training images to generated ones, which is {spreads:.2g} "
            "standard deviations.",
            holdout=holdout,
            real=real,
            fake=fake,
            share=share,
            spreads=spreads,
        ),
        Message(
            "That share went from {early:.0%} in the first half of that time to {late:.0%} in the second.",
            early=early,
            late=late,
        ),
        episode.ending,
    )
    severity = episode.severity(Severity.WARNING)
    first, last = episode.first_step, episode.last_step
    limit = real - limits.share * (real - fake)
    return [Evidence("d_holdout_logit", holdout, limit, first, last, statement, severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD304",
    name="discriminator-overfitting",
    title=Message("The discriminator has memorised its training images"),
    severity=Severity.WARNING,
    requires=("d_real_logit", "d_holdout_logit", "d_fake_logit", "d_logit_gap", "d_prime"),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "augment-discriminator-input",
        "feed-varied-batches",
        "use-more-images",
        "r1-regularisation",
        "dropout-rate",
        "shrink-discriminator",
    ),
    references=(
        "Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020, equation 1 (r_v)",
        "Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, NeurIPS 2020",
    ),
    page=__doc__,
    causes=causes,
)
