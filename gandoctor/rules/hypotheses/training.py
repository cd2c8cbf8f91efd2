"""Hypotheses on how training goes: too far a step, too short a run, players that chase each other.

Declared here because several rules share them; most are scored by each rule, by what its own symptom shows.
"""

from __future__ import annotations

from gandoctor.loss_families import OBJECTIVES
from gandoctor.message import Message, clauses
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause
from gandoctor.store import Run

CONFIDENT_LOSS = 0.1
"""Loss of a discriminator, averaged over reals and fakes, that is sure of both."""

NOT_FINISHED = Hypothesis(
    "not-finished",
    Message("The generator has not finished learning"),
    Message("The symptom keeps fading over the last probes."),
)
EXPLODING_UPDATES = Hypothesis(
    "exploding-updates",
    Message("The learning rate is too large: updates exploded"),
    Message("A ten times smaller learning rate moves or removes it."),
)
CHASING_THE_DISCRIMINATOR = Hypothesis(
    "chasing-the-discriminator",
    Message("The generator chases the discriminator from mode to mode"),
    Message("Contact sheets show a different image being repeated every few dozen steps."),
)
LEARNING_RATE_MISTYPED = Hypothesis(
    "learning-rate-mistyped",
    Message("A learning rate was mistyped by powers of ten"),
    Message("Read it in the code: 1e-4 and 4e-4 are usual with Adam and RMSprop."),
)
NO_GRADIENT_ARRIVES = Hypothesis(
    "no-gradient-arrives",
    Message("Its loss does not depend on its weights, or is saturated"),
    Message(
        "The norm of its gradient is exactly 0: the images were made outside the tape, went through NumPy, or met a "
        "loss that is flat there."
    ),
)
LOGARITHM_OF_ZERO = Hypothesis(
    "logarithm-of-zero",
    Message("The loss takes the logarithm of a probability that reached 0"),
    Message("Compute the loss from logits: it has a gradient then, and stays finite."),
)
LOGITS_TAKEN_FOR_PROBABILITIES = Hypothesis(
    "logits-taken-for-probabilities",
    Message("The loss takes the discriminator's logits for probabilities"),
    Message(
        "The discriminator ends without a sigmoid and the loss has from_logits=False: it then clips every negative "
        "logit to 0, however small (GD105)."
    ),
)
SATURATING_LOSS = Hypothesis(
    "saturating-loss",
    Message("The generator's loss goes flat where the discriminator is sure (minimax)"),
    Message(
        "Minimise -log D(G(z)) in place of log(1 - D(G(z))), with the same weights: the gradient is back in the next "
        "step."
    ),
)
DISCRIMINATOR_OVERFITS = Hypothesis(
    "discriminator-overfits",
    Message("The discriminator has memorised its training images"),
    Message("It scores held-out reals more and more like generated images (GD304)."),
)


def saturating_loss(run: Run) -> Cause:
    """Score that the generator plays minimax against a discriminator that is sure."""
    family, d_loss = run.manifest.loss_family, late_median(run, "d_loss")
    sure = d_loss is not None and d_loss < CONFIDENT_LOSS
    score = 0.9 if family == "minimax" and sure else 0.5 if family == "minimax" else 0.4 if family is None else 0.02
    loss = Message("the loss family is not known")
    if family is not None:
        loss = Message("the loss is {family}", family=OBJECTIVES[family].title)
    d_shown = None if d_loss is None else Message("the discriminator's loss is {loss:.2g}", loss=d_loss)
    return SATURATING_LOSS.cause(score, clauses(loss, d_shown))
