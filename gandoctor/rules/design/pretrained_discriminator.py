"""GD109: the discriminator was trained before the game began.

What it is
    At step 0, before the first training step, the discriminator already tells real images from those of the untrained
    generator, and does so with confidence: a loop trained it alone, or its weights were loaded.

Why it hurts
    The article's author found that the discriminator converges faster than the generator anyway, and advises against
    it. A generator that starts against a perfect opponent gets a loss of 20 or more and gradients that are mostly
    noise. The evidence is weak: 150 steps of pre-training did no lasting harm in our runs.

How it is recognised
    By the logits, not by ranking. Any untrained network ranks real images above or below those of an untrained
    generator, because they differ in brightness, so an area under the curve of 1 means nothing. But its logits lie
    close together, and its first loss is near ln 2. This rule fires where the mean logits lie far on the right side of
    the border for real and for generated images alike, and the first recorded loss is far below its equilibrium.

What it is not
    A run that was resumed, or whose first probe comes after step 0, is not judged. Large inputs, such as pixels of 0
    to 255, make large logits in an untrained network; those of dark generated images stay small, so the loss stays
    high. A Wasserstein critic has no border and is not judged; it is meant to be ahead of its generator.

What to do
    Start both players together, with untrained weights. If samples improve all the same, leave it; otherwise
    regularise the discriminator, so that being ahead does not make it steep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.loss_families import OBJECTIVES, LossFamily, families
from gandoctor.message import Message, sentences
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds. Measured with cross-entropy (quick preset): untrained 0.02, after 150 steps alone 15 and 22.

    Attributes:
        logit: Distance of both mean logits from the border, cross-entropy: probabilities of 0.88 and 0.12.
        least_squares: The same for targets 0 and 1, whose border is 0.5.
        hinge: The same for margins of 1.
        loss: First loss as a share of that at equilibrium.
        first_steps: Steps among which the first loss is looked for.
        recovered: Share of the gap at step 0 to which the late one has fallen where it did no lasting harm.
    """

    logit: float = 2.0
    least_squares: float = 0.25
    hinge: float = 0.75
    loss: float = 0.25
    first_steps: int = 3
    recovered: float = 0.25

    def far(self, family: LossFamily) -> float:
        """Return the distance from the border for a loss family."""
        if family == "least_squares":
            return self.least_squares
        return self.hinge if family == "hinge" else self.logit


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence in the first probe and the first loss."""
    family = run.manifest.loss_family
    assert family is not None  # RULE.loss_families
    # The smallest of the conventions: a loss is far below its equilibrium in each of them.
    border, equilibrium = OBJECTIVES[family].border, OBJECTIVES[family].least_d_equilibrium
    assert border is not None  # RULE.loss_families
    assert equilibrium is not None  # likewise
    real, fake = run["d_real_logit"], run["d_fake_logit"]
    if real.index[0] != 0 or fake.index[0] != 0:
        raise NotEvaluated(Message("The first probe was at step {step}, not before training.", step=int(real.index[0])))
    if "d_loss" not in run or not len(losses := run["d_loss"].loc[: limits.first_steps]):
        raise NotEvaluated(Message("No loss of the first steps was recorded."))
    sign, far = -1.0 if run.manifest.real_is_high is False else 1.0, limits.far(family)
    on_real, on_fake = sign * (float(real.iloc[0]) - border), sign * (float(fake.iloc[0]) - border)
    first_loss = float(losses.iloc[0])
    if not (on_real >= far and on_fake <= -far and first_loss <= limits.loss * equilibrium):
        return []
    ahead = Message(
        "Before the first step the discriminator scored real images {real:.3g} and those of the untrained generator "
        "{fake:.3g} on average, and its first loss was {loss:.2g}, against {equilibrium:.2g} at equilibrium. An "
        "untrained discriminator scores both alike.",
        real=float(real.iloc[0]),
        fake=float(fake.iloc[0]),
        loss=first_loss,
        equilibrium=equilibrium,
    )
    severity, caught_up = None, None
    late = _late_gap(run)
    if late is not None and late < limits.recovered * (on_real - on_fake):
        severity = Severity.INFO
        caught_up = Message("The generator has caught up since: the gap of the logits is now {gap:.2g}.", gap=late)
    statement = sentences(ahead, caught_up)
    return [Evidence("d_real_logit", on_real, far, 0, int(losses.index[0]), statement, severity)]


def _late_gap(run: Run) -> float | None:
    """Return the median gap of the logits in the last quarter of the run; None before warm-up is over."""
    if "d_logit_gap" not in run or run.last_step < contract_warm_up_end(run):
        return None
    late = run["d_logit_gap"].loc[0.75 * run.last_step :]
    values = late[np.isfinite(late)]
    return float(values.median()) if len(values) else None


LIMITS = Limits()

RULE = Rule(
    id="GD109",
    name="pretrained-discriminator",
    title=Message("The discriminator was trained before the game began"),
    severity=Severity.WARNING,
    requires=("d_real_logit", "d_fake_logit"),
    detect=detect,
    limits=LIMITS,
    treatments=("no-pretraining", "r1-regularisation"),
    references=("R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 2",),
    page=__doc__,
    loss_families=families(bounded=True),
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD305"),
        critical=0.8,
        warning=0.7,
        info=0.2,
        same_as=("discriminator-pretrained",),
    ),
)
