"""GD002: the discriminator does not train.

What it is
    Step after step the discriminator's own update leaves its weights exactly where they were. In Keras 3 the usual
    reason is the freeze trap: `discriminator.trainable = False`, set once before the stacked model is compiled as
    older tutorials say. Keras 3 reads the flag when a train function is first traced, not at compile, so the
    discriminator's own step finds nothing to train, for good, with a one-line warning.

Why it hurts
    The generator is judged by a network that has learnt nothing and follows it nowhere. The losses do not show it:
    they sit at 0.69, the textbook equilibrium, as in the best of runs, while the images are noise.

How it is recognised
    Exactly: the weights are compared before and after the discriminator's own update, and a movement of exactly 0
    in two successive probes counts, also during warm-up; the first two steps count as one moment. Where its update
    was never seen, its weights are compared from one probe to the next. If they are all frozen, two probes
    without any movement count; if nothing says why, four over at least 60 steps, after warm-up.

What it is not
    A discriminator that is updated every few steps only moves in between, and so do weights whose gradients are
    accumulated or whose update loss scaling skipped: such a step records nothing, which is not 0. One that ceased
    because its schedule brought the learning rate to 0 is told as such, and less loudly. A discriminator that moves
    in the generator's step only is not training either: it is taught the generator's aim. One whose loss is at its
    floor has nothing left to learn, and a gradient of 0: a hinge loss with every image beyond the margin. A small
    movement is not this failure, and samples that look alike (GD403) say nothing about it.

What to do
    Take two gradient tapes and hand each optimizer its own list of variables: such a list cannot be emptied by a
    flag unseen. Or set `trainable` before every call of a phase: True before the discriminator's, the very first
    one above all, and False before the stacked model's. Setting it once, or around a compile, does not work in
    Keras 3: it freezes the discriminator or leaks. Afterwards check that d_update_in_d_step is above 0 and
    d_update_in_g_step is 0.
"""

from __future__ import annotations

from gandoctor.rules.contracts.standstill import Limits, find_standstill
from gandoctor.rules.contracts.standstill_causes import rank_causes
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, Rule, Severity
from gandoctor.store import Run

_TRAP = (
    " Keras 3 reads `trainable` when a train function is first traced, not at compile: `discriminator.trainable = "
    "False` set once, as before compiling the stacked model, stops the discriminator for good."
)


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """One evidence over the stretch in which it stood still; names the freeze trap where that fits."""
    still = find_standstill(run, "d", limits)
    return [] if still is None else [still.evidence_saying(_TRAP if still.fits_freeze_trap else "")]


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why it stands still."""
    return rank_causes(run, "d", LIMITS)


LIMITS = Limits()

RULE = Rule(
    id="GD002",
    name="discriminator-not-training",
    title="The discriminator does not train",
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("separate-variable-lists", "set-trainable-per-phase", "learning-rate-above-zero", "loss-from-logits"),
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
        symptoms=("GD203", "GD301", "GD302", "GD303", "GD401", "GD402", "GD403", "GD404", "GD405", "GD407", "GD409"),
        critical=0.97,
        warning=0.7,
        info=0.2,
        same_as=("discriminator-frozen",),
    ),
)
