"""GD114: the adversarial loss drowns in the generator's other losses.

What it is
    The generator's loss is a sum of several: what the discriminator says, and a pixel loss, a cycle loss or another
    penalty. The others are so large that what the discriminator says is less than a thousandth of it: a sum over all
    pixels where a mean was meant, a weight for another range of pixels.

Why it hurts
    The generator is then trained by the other losses alone. There is no game: images come out as blurry, or as wrong,
    as the other losses have them, while the discriminator's curves look like those of any training.

How it is recognised
    By numbers: the generator's loss is compared with the most that any known adversarial loss can be for the scores
    that the discriminator gives generated images.

What it is not
    A pixel loss with the published weight of 100 is ten to fifty times the adversarial loss, and trains. A loss that is
    a known formula of the scores has no other part. A sum over the batch is GD112, and where the discriminator's loss
    is as large, both are scaled. How large a loss is does not tell how large its gradient is, but a factor of a
    thousand is no matter of taste.

What to do
    Take the mean over the pixels where you take the sum, and set the weight so that both parts are within a factor of a
    hundred. Record them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.store import Run

_SCORES = ("d_fake_logit", "d_fake_logit_quantile/5", "d_fake_logit_quantile/95")


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        share: Of the generator's loss, that the adversarial part may have at most. Judgement: pix2pix as published has
            a fiftieth, autoencoders with a summed reconstruction about a two-hundredth.
        scaled: Times the bound from which the discriminator's loss shows that both are scaled: it has no other part.
        probes: The latest probes that must all be below it.
    """

    share: float = 1e-3
    scaled: float = 100.0
    probes: int = 3


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where hardly anything of the generator's loss can be adversarial."""
    manifest = run.manifest
    known = manifest.loss_family is not None and manifest.loss_family_source == "inferred"
    if known or (manifest.objective is not None and manifest.objective.is_sum is not None):
        return []  # the loss is a formula of the scores, and nothing else
    for name in ("g_loss", "d_fake_logit"):
        if name not in run:
            raise NotEvaluated(not_recorded(run, name))
    losses, most = run["g_loss"].abs(), None
    for name in _SCORES:
        if name in run:
            bound = (run[name].abs() + 1.0) ** 2  # least squares; above the other families' for every score
            most = bound if most is None else most.combine(bound, np.fmax)
    assert most is not None
    late = most.index[most.index >= losses.index[0]][-limits.probes :]
    near = losses.rolling(10, min_periods=1).median().reindex(late, method="ffill")
    share = (most.loc[late] / near).dropna()
    if len(share) < limits.probes:
        raise NotEvaluated(Message("Needs {count} probes with a loss of the generator.", count=limits.probes))
    if not (share < limits.share).all():
        return []
    if "d_loss" in run and float(run["d_loss"].abs().median()) > limits.scaled * float(most.loc[late].median()):
        return []  # both losses are multiplied by something
    last = int(share.index[-1])
    statement = Message(
        "The generator's loss is {loss:.3g} at step {step}. For the scores that its images get, an adversarial loss "
        "would be {most:.2g} at most: {share:.1g} of it.",
        loss=float(near.loc[last]),
        step=last,
        most=float(most.loc[last]),
        share=float(share.loc[last]),
    )
    return [Evidence("g_loss", float(share.max()), limits.share, int(losses.index[0]), run.last_step, statement)]


LIMITS = Limits()

RULE = Rule(
    id="GD114",
    name="drowned-adversarial-loss",
    title=Message("The adversarial loss drowns in the generator's other losses"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("lower-pixel-loss-weight", "average-the-loss"),
    references=(
        "Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017, section 3.1",
        "Larsen et al., Autoencoding beyond Pixels using a Learned Similarity Metric, ICML 2016",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD202", "GD401", "GD407", "GD411"),
        critical=0.85,
        warning=0.75,
        info=0.3,
        same_as=("pixel-loss",),
    ),
)
