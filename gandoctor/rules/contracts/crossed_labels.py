"""GD011: every output of the discriminator is compared with every label.

What it is
    The discriminator returns an array of shape (n, 1), the labels have shape (n,), and the loss is written by hand:
    a difference, a product. Such shapes broadcast to (n, n). The mean is then taken over every pairing of an output
    with a label instead of over each output with its own.

Why it hurts
    Real and generated images of a batch are given the same mixture of labels, so that nothing is left to learn. With
    least squares the discriminator settles at 0.5 for every image and its loss at 0.25, with cross-entropy at 0.69: by
    the losses alone this is the equilibrium of a perfect run. The generator learns from a discriminator that never
    learned a thing.

How it is recognised
    From numbers, in any loop. In the first steps the discriminator's loss is compared with the formulas of least
    squares, cross-entropy and hinge on its own outputs: over pairings, and over each output with its own label. Only
    where the former gives the loss in all of them, and the latter does not, is it said.

What it is not
    Where all labels of a call are the same, as with one call for the reals and one for the fakes, shapes that broadcast
    change nothing. Keras's own losses bring labels and outputs to one shape. A discriminator at its equilibrium has the
    same losses; there the two formulas give the same number, and nothing is said.

What to do
    Give labels the shape of the output: `tf.ones_like(output)`, or `labels[:, None]`. Assert that the shapes are equal
    where a loss is written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds. A formula gives a loss or does not; the tolerance of float32 is part of the recording.

    Attributes:
        steps: Steps that must have been compared: what one step fits by chance, several do not.
    """

    steps: int = 3


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the first losses were means over every pairing."""
    objective = run.manifest.objective
    if objective is None or objective.labels is None or objective.steps < limits.steps:
        raise NotEvaluated(
            Message(
                "Whether each output of the discriminator meets its own label is not known: its loss was not seen, or "
                "is no known formula of its outputs."
            )
        )
    if objective.labels != "crossed":
        return []
    statement = Message(
        "In each of {steps} steps the discriminator's loss was the mean over every pairing of an output with a label, "
        "not over each output with its own: shapes such as (n, 1) and (n,) have broadcast to (n, n).",
        steps=objective.steps,
    )
    return [Evidence("d_loss", 1, None, 1, objective.steps, sentences(statement, _level(run)))]


def _level(run: Run) -> Message | None:
    """Return what the loss and the ranking look like by now."""
    if "d_auc" not in run or "d_loss" not in run:
        return None
    late = run["d_auc"].dropna().tail(5)
    return Message(
        "By now its loss is {loss:.3g}, and it scores a real image above a generated one in {auc:.0%} of pairs; a coin "
        "does in 50%.",
        loss=float(run["d_loss"].dropna().tail(20).median()),
        auc=float(late.median()),
    )


LIMITS = Limits()

RULE = Rule(
    id="GD011",
    name="crossed-labels",
    title=Message("Every output of the discriminator meets every label"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("labels-in-shape-of-output",),
    references=(
        "NumPy documentation, Broadcasting",
        "carpedm20/DiscoGAN-pytorch issue 19 (labels and outputs of different shapes)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD302", "GD307", "GD401", "GD403", "GD405", "GD407"), critical=0.95, warning=0.7, info=0.15
    ),
)
