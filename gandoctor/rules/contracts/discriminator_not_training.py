"""GD002: the discriminator is not training.

What it is
    Step after step, the discriminator's own update leaves its weights exactly where they were. In Keras 3 the usual
    reason is the freeze trap: `discriminator.trainable = False` is set once, before the stacked model is compiled, as
    older tutorials advise. Keras 3 reads the flag when a train function is first traced, not at compile. The
    discriminator's own step then finds nothing to train, ever, and only a one-line warning says so.

Why it hurts
    The generator is judged by a network that has learnt nothing and does not follow it anywhere. The losses hide it:
    they stay at 0.69, the textbook equilibrium, as in the best of runs, while the images are noise.

How it is recognised
    The check is exact. The weights are compared before and after the discriminator's own update, and a movement of
    exactly 0 in two successive probes counts, also during warm-up. The first two steps count as one moment. If its
    update was never seen, its weights are compared from one probe to the next. If all of them are frozen, two probes
    without any movement count. If nothing says why, it takes four over at least 60 steps, after warm-up.

What it is not
    A discriminator that is updated every few steps only moves in between. So do weights whose gradients are
    accumulated, or whose update was skipped by loss scaling: such a step records nothing, which is not 0. A
    discriminator that stops because its schedule reached a learning rate of 0 is reported as such, with a lower
    severity. One that moves only in the generator's step is not training either: it learns the generator's goal. One
    whose loss is at its floor, such as a hinge loss with every image beyond the margin, has nothing left to learn and
    a gradient of 0. A small movement is not this failure, and samples that look alike (GD403) say nothing about it.

What to do
    Use two gradient tapes and give each optimizer its own list of variables: no flag can empty such a list unnoticed.
    Or set `trainable` before every call of a phase: True before the discriminator's, above all the very first one,
    and False before the stacked model's. Setting it once, or around a compile, does not work in Keras 3: the
    discriminator freezes or leaks. Then check that d_update_in_d_step is above 0 and d_update_in_g_step is 0.
"""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.rules.contracts.standstill_causes import rank_causes
from gandoctor.rules.contracts.standstill_search import Limits, find_standstill
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, Rule, Severity
from gandoctor.store import Run

_TRAP = Message(
    "Keras 3 reads `trainable` when a train function is first traced, not at compile: setting `discriminator.trainable "
    "= False` once, for example before compiling the stacked model, stops the discriminator for good."
)


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one observation of the stretch in which it stood still; it names the freeze trap where that fits."""
    still = find_standstill(run, "d", limits)
    return [] if still is None else [still.evidence(_TRAP if still.fits_freeze_trap else None)]


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why it stands still."""
    return rank_causes(run, found.details[0])


LIMITS = Limits()

RULE = Rule(
    id="GD002",
    name="discriminator-not-training",
    title=Message("The discriminator is not training"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("set-trainable-per-phase", "separate-variable-lists", "learning-rate-above-zero", "loss-from-logits"),
    references=(
        "eriklindernoren/Keras-GAN issues 22, 73 and 91 (confusion about freezing the discriminator)",
        "keras-team/keras issue 6405 (what `trainable` and compile meant in Keras 2)",
        "Measured with Keras 3.15: 0.000 in the discriminator's step after the Keras 2 recipe, 0.235 with the flag set "
        "before every call",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    explains=Explanation(
        symptoms=(
            "GD203",
            "GD301",
            "GD302",
            "GD303",
            "GD401",
            "GD402",
            "GD403",
            "GD404",
            "GD405",
            "GD407",
            "GD409",
            "GD411",
        ),
        critical=0.97,
        warning=0.7,
        info=0.2,
        same_as=("discriminator-frozen",),
    ),
)
