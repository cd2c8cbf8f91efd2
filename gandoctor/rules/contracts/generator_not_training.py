"""GD003: the generator is not training.

What it is
    Step after step, the generator's own update leaves its weights exactly where they were, or its update never comes.
    Its images stay what they were at the start.

Why it hurts
    Only the discriminator learns. It soon tells the same bad images from real ones without error. Its loss goes to
    zero and looks like a lost balance, and every remedy for the balance is tried in vain.

How it is recognised
    The check is exact. The weights are compared before and after the generator's own update, and a movement of
    exactly 0 in two successive probes counts, also during warm-up. The first two steps count as one moment. If its
    update was never seen, its weights are compared from one probe to the next. If all of them are frozen, two probes
    without any movement count. If nothing says why, it takes four over at least 60 steps, after warm-up. Where every
    gradient is None, Keras ends the training at that update, and once is enough.

What it is not
    A generator that is updated once per several updates of a critic moves in between. So do weights whose gradients
    are accumulated, or whose update was skipped by loss scaling: such a step records nothing, which is not 0. A
    discriminator that trains alone before the game begins is being pre-trained: the generator's turn has not come. A
    learning rate that a schedule brought to 0 is reported as such. A generator whose loss is at its floor has nothing
    left to gain and a gradient of 0. One that moves by ever so little is not this failure: see the causes of GD301.
    One that moves only in the discriminator's step is not training either.

What to do
    Give the generator's optimizer the generator's own list of variables, and generate the images inside the tape that
    the gradient is taken from. `predict`, NumPy or a tape that was closed before cut the way back to the weights. If
    the gradient is exactly 0, compute the loss from logits, where it cannot saturate.
"""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.rules.contracts.standstill_causes import rank_causes
from gandoctor.rules.contracts.standstill_search import Limits, find_standstill
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, Rule, Severity
from gandoctor.store import Run


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one observation of the stretch in which it stood still."""
    still = find_standstill(run, "g", limits)
    return [] if still is None else [still.evidence()]


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why it stands still."""
    return rank_causes(run, found.details[0])


LIMITS = Limits()

RULE = Rule(
    id="GD003",
    name="generator-not-training",
    title=Message("The generator is not training"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "separate-variable-lists",
        "generate-inside-tape",
        "loss-from-logits",
        "learning-rate-above-zero",
    ),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1",
        "TensorFlow guide, Introduction to gradients and automatic differentiation: Getting a gradient of None",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    # A generator that moves a little does not stand still: only the frozen one is refuted.
    explains=Explanation(
        symptoms=("GD201", "GD203", "GD301", "GD305", "GD401", "GD402", "GD404", "GD405", "GD407", "GD411", "GD413"),
        critical=0.97,
        warning=0.7,
        info=0.2,
        same_as=("generator-frozen", "generator-not-moving"),
        refutes=("generator-frozen",),
    ),
)
