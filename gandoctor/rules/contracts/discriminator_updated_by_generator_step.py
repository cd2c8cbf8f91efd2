"""GD004: the generator's update also trains the discriminator.

What it is
    In the generator's step the discriminator should only pass on a gradient. Here its weights move too, towards
    calling generated images real, because that is the generator's label. The popular recipe of stacking the two
    networks in one compiled model and training that model does exactly this, and so does the article this project
    began with.

Why it hurts
    Half of the discriminator's training undoes the other half. That slows the discriminator down. In the first round
    of measurements (two seeds), runs with the leak were as good as runs without, so it need not be why a run fails.
    But the discriminator is then not trained on the loss one reads, learning rates do not mean what they say, and
    every other remedy acts on a game that nobody designed.

How it is recognised
    The check is exact. The discriminator's trainable weights are compared before and after a generator update, and any
    movement counts. One probe is enough, also during warm-up. A discriminator that is left alone moves by exactly 0.

What it is not
    Moving averages of batch normalisation may follow the generated images while no weight is trained; they do not
    count. A discriminator that moves in its own update is correct: that is `d_update_in_d_step`.

What to do
    Use two gradient tapes and give each optimizer its own list of variables, or set `trainable` before every call of a
    phase. Do not set `discriminator.trainable = False` once before compiling the stacked model, as older tutorials
    advise. Keras 3 reads the flag when the training function is first traced, and the discriminator may then never
    train again, with only a one-line warning. Without the leak the discriminator gets stronger: be ready to lower its
    learning rate.
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
        movement: L2 norm of the discriminator's movement in a generator step. Exactly 0 in a correct loop
            (measured with Keras 3.15: 0.000 with separate variable lists, 0.118 with the stacked model).
    """

    movement: float = 0.0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return one observation of all probes in which the discriminator moved."""
    moved = run["d_update_in_g_step"]
    leaks = moved[moved > limits.movement]
    if leaks.empty:
        return []
    observed = float(leaks.median())
    statement = Message(
        "The generator's update moved the discriminator in {leaks} of {probes} probes, by a median of {movement:.3g} "
        "(L2 norm).",
        leaks=len(leaks),
        probes=len(moved),
        movement=observed,
    )
    if "d_update_in_d_step" in run:
        own = float(run["d_update_in_d_step"].median())
        if own > 0:
            share = Message("That is {share:.0%} of its movement in its own update.", share=observed / own)
            statement = sentences(statement, share)
    first, last = int(leaks.index[0]), int(leaks.index[-1])
    return [Evidence("d_update_in_g_step", observed, limits.movement, first, last, statement)]


LIMITS = Limits()

RULE = Rule(
    id="GD004",
    name="discriminator-updated-by-generator-step",
    title=Message("The generator's update also trains the discriminator"),
    severity=Severity.WARNING,
    requires=("d_update_in_g_step",),
    detect=detect,
    limits=LIMITS,
    treatments=("separate-variable-lists", "set-trainable-per-phase", "lower-discriminator-learning-rate"),
    references=(
        "Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, algorithm 1",
        "keras-team/keras issue 4674 and roatienza/Deep-Learning-Experiments issue 1 (the leak in this very recipe)",
        "keras-team/keras issue 6405 (what `trainable` and compile meant in Keras 2)",
    ),
    page=__doc__,
    after_warm_up=False,
    # The leak slows the discriminator down. It is not known to spoil samples.
    explains=Explanation(
        symptoms=("GD302",),
        critical=0.5,
        warning=0.4,
        info=0.1,
        same_as=("discriminator-moved-in-both-steps",),
    ),
)
