"""GD027: the discriminator is shown the same fakes again and again.

What it is
    Generated images are made once, before the loop or at its first step, and the discriminator is trained on them for
    ever. What the generator makes since is judged in the generator's own step only.

Why it hurts
    The discriminator knows these few images by heart within a hundred steps and learns nothing more of the generator,
    which is soon called real whatever it makes. Both losses are low, and nothing asks for good images.

How it is recognised
    In the discriminator's step its loss pulls the scores of some batches up and of others down. None of them is what
    the generator has just made, and those of one side are the same as in the step before, those of the other are not:
    in ten steps that were looked at, one after the other. Seen in PyTorch, where each loss's gradient with respect to
    the scores is known: the first 32 steps are looked at and one in eight of the others.

What it is not
    A pool of earlier fakes, as of a CycleGAN, hands out other ones each time. A data set that is one batch comes again
    on the side of the real images, while the fakes are made anew. Latents that are drawn once are GD007: the images
    made of them change with the generator.

What to do
    Call the generator inside the loop, in each of the discriminator's steps, with new latents. Look for a batch of
    fakes that is made before the loop, saved to disk, or kept from the first step.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.repetition import longest_stretch
from gandoctor.rules.reading.stale_fakes import SIGNAL, looked_at
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        share: Of the batches standing for generated images that came again. 1 where they are made once; a pool of 50
            hands out a whole batch again next to never.
        steps: That were looked at, one after the other. One would be proof that nothing new was shown in it.
    """

    share: float = 1.0
    steps: int = 10


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on fakes that do not change.

    Raises:
        NotEvaluated: What the discriminator's step judges was not seen.
    """
    shares = looked_at(run)
    if shares is None:
        return []
    found = longest_stretch(shares >= limits.share, limits.steps)
    if found is None:
        return []
    statement = Message(
        "From step {first} to {last} the discriminator's step judged the same fakes as in the steps before, and none "
        "that the generator had just made.",
        first=found.first_step,
        last=found.last_step,
    )
    severity = Severity.CRITICAL if found.ongoing else Severity.WARNING
    told = sentences(statement, found.ending)
    return [Evidence(SIGNAL, 1.0, limits.share, found.first_step, found.last_step, told, severity)]


LIMITS = Limits()

RULE = Rule(
    id="GD027",
    name="stale-fakes",
    title=Message("The discriminator is shown the same fakes again and again"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("new-fakes-each-step",),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1 (a new minibatch of noise in each "
        "step)",
        "Shrivastava et al., Learning from Simulated and Unsupervised Images, CVPR 2017, section 2.3 (a history of "
        "images)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD302", "GD304", "GD401", "GD402", "GD403", "GD404", "GD405", "GD407", "GD409", "GD411"),
        critical=0.95,
        warning=0.7,
        info=0.2,
    ),
)
