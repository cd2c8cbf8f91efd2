"""GD005: the discriminator's update also trains the generator.

What it is
    In the discriminator's step the generator should only supply images. Here its weights move too, in the direction
    that lowers the discriminator's loss: towards images that are easier to tell from real ones.

Why it hurts
    Part of the generator's training undoes the rest. The discriminator's loss falls because its opponent helps it (to
    less than half in all of 16 measured pairs of runs), and neither loss means what it seems to. What happens to the
    images depends on optimizer and networks: with the leak, their kernel distance to the data was 1.1 to 18 times as
    large in 9 pairs, and 0.2 to 0.8 times in 7. It is a broken contract, and need not be why a run fails.

How it is recognised
    The check is exact. The generator's trainable weights are compared before and after a discriminator update, and any
    movement counts. One probe is enough, also during warm-up. A generator that is left alone moves by exactly 0.

What it is not
    Moving averages of batch normalisation follow every generated batch, also in the discriminator's step, while no
    weight is trained; they do not count. One optimizer that is given both players' variables takes a single step for
    both: that is a generator's step, and the leak is GD004's. A generator that moves in its own update is correct.

What to do
    Give the discriminator's optimizer only the discriminator's variables. Images that are generated outside its tape,
    or passed through `tf.stop_gradient`, cannot carry a gradient back to the generator in the first place.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        movement: L2 norm of the generator's movement in a discriminator step. Exactly 0 in a correct loop: an
            optimizer cannot move what it is not given.
    """

    movement: float = 0.0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one observation of all probes in which the generator moved."""
    moved = run["g_update_in_d_step"]
    leaks = moved[moved > limits.movement]
    if leaks.empty:
        return []
    observed = float(leaks.median())
    statement = Message(
        "The discriminator's update moved the generator in {leaks} of {probes} probes, by a median of {movement:.3g} "
        "(L2 norm).",
        leaks=len(leaks),
        probes=len(moved),
        movement=observed,
    )
    if "g_update_in_g_step" in run:
        own = float(run["g_update_in_g_step"].median())
        if own > 0:
            share = Message("That is {share:.0%} of its movement in its own update.", share=observed / own)
            statement = sentences(statement, share)
    first, last = int(leaks.index[0]), int(leaks.index[-1])
    return [Evidence("g_update_in_d_step", observed, limits.movement, first, last, statement)]


LIMITS = Limits()

RULE = Rule(
    id="GD005",
    name="generator-updated-by-discriminator-step",
    title=Message("The discriminator's update also trains the generator"),
    severity=Severity.WARNING,
    requires=("g_update_in_d_step",),
    detect=detect,
    limits=LIMITS,
    treatments=("separate-variable-lists", "stop-gradient-in-discriminator-step"),
    references=("Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD010", "GD301", "GD302", "GD401", "GD403", "GD405", "GD407"),
        critical=0.85,
        warning=0.75,
        info=0.2,
        same_as=("generator-moved-in-both-steps",),
    ),
)
