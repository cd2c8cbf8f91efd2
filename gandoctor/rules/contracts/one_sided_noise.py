"""GD014: random changes are made to one side of what the discriminator is shown.

What it is
    The real images are augmented before the discriminator sees them, or get noise, and the generated ones do not; or
    the other way round.

Why it hurts
    If the reals alone are changed, the discriminator teaches the generator to make changed images: with holes, in
    other colours, noisy. If the generated images alone are, the discriminator tells them by it, and the generator
    cannot help it.

How it is recognised
    In the operations of a traced training step: a random number is added to one side's images, or multiplied with
    them, on their way to the discriminator, and none to the other's.

What it is not
    Random crops and flips pick pixels and do not change them; whoever wants mirrored images may have them, so they are
    not judged. Neither is what the data pipeline does outside the step, nor a step that runs eagerly. Noise or
    augmentation on both sides is a treatment. Random numbers on the generated side alone are only mentioned: a Gumbel
    softmax draws its words so.

What to do
    Apply the same function to real and to generated images, in both steps, and let the gradient pass through it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Nothing to calibrate.

    Attributes:
        sides: Sides that may be changed alone.
    """

    sides: int = 0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where one side alone is changed at random."""
    objective = run.manifest.objective
    if objective is None or objective.changed_at_random is None:
        raise NotEvaluated(
            Message(
                "Which batches are changed at random before the discriminator was not seen: that takes a training step "
                "traced by TensorFlow which shows it real and generated images apart."
            )
        )
    if objective.changed_at_random == "real":
        statement = Message(
            "Random numbers are added to the real images, or multiplied with them, before the discriminator sees them, "
            "and none to the generated ones. The generator learns to imitate that."
        )
    elif objective.changed_at_random == "fake":
        statement = Message(
            "Random numbers are added to the generated images, or multiplied with them, before the discriminator sees "
            "them, and none to the real ones. The discriminator can tell them by that, unless it is how samples are "
            "drawn, as with Gumbel noise."
        )
    else:
        return []
    severity = Severity.WARNING if objective.changed_at_random == "real" else Severity.INFO
    return [Evidence("d_loss", 1, limits.sides, 1, run.last_step, statement, severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD014",
    name="one-sided-noise",
    title=Message("Only one side of the discriminator's images is changed at random"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("augment-discriminator-input", "instance-noise"),
    references=(
        "Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, NeurIPS 2020, section 3.1",
        "Soenderby et al., Amortised MAP Inference for Image Super-resolution, ICLR 2017 (noise on both sides)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD401", "GD402", "GD404", "GD409", "GD411"), critical=0.85, warning=0.75, info=0.2
    ),
)
