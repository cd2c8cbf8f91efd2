"""GD016: the discriminator's output is saturated, and its gradient is exactly 0.

What it is
    The discriminator ends in a sigmoid, and its scores have reached 0 or 1 to the last bit. There a sigmoid is flat: no
    gradient comes back through it, neither to the discriminator nor to the generator.

Why it hurts
    The game is over, whoever was ahead. The losses stand still, weights no longer move, and no later step can change
    that. It looks like a frozen discriminator, and it is not.

How it is recognised
    The network ends in an activation with two bounds; the gradient of its own update is exactly 0 in each of the last
    60 steps, and was not at first; and the mean scores of real and of generated images stand at a bound.

What it is not
    A discriminator without any gradient from the start, or one whose flag is wrong, is GD002. Scores close to a bound
    with a gradient that still arrives are GD301. A cross-entropy that Keras computes from the logits behind the sigmoid
    has a gradient there.

What to do
    Let the network end without an activation. A least-squares, hinge or Wasserstein loss is made for that; take a
    cross-entropy from logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.networks.output_reach import image_of
from gandoctor.rules.reading.discriminator_output import output_of
from gandoctor.rules.reading.model_card import network_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        steps: Steps in a row with a gradient of exactly 0. Judgement: 0 to the last bit is no matter of a few steps.
        score: Distance of a mean score from the bound: ten roundings of float32 at 1.
    """

    steps: int = 60
    score: float = 1e-6


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the last gradients are 0 and the scores stand at a bound."""
    network = network_of(run, "d")
    output = output_of(network)
    reach = None if output.activation is None else image_of(output.activation, -math.inf, math.inf)
    if reach is None or not all(map(math.isfinite, reach)):
        return []
    gradient = run["d_grad_norm"].dropna()
    if len(gradient) <= limits.steps:
        raise NotEvaluated(Message("Needs {steps} gradients of the discriminator.", steps=limits.steps + 1))
    moved = gradient.index[gradient > 0]
    if not len(moved) or (gradient.iloc[-limits.steps :] > 0).any():
        return []
    since = int(gradient.index[gradient.index > moved[-1]][0])
    real, fake = (float(run[f"d_{kind}_score"].iloc[-1]) for kind in ("real", "fake"))
    if any(min(abs(score - bound) for bound in reach) > limits.score for score in (real, fake)):
        return []
    statement = Message(
        "The discriminator ends in {layer}. Its scores are {real:.6g} for real and {fake:.6g} for generated images, "
        "where that is flat, and its gradient is exactly 0 since step {step}.",
        layer=network.named(output.position),
        real=real,
        fake=fake,
        step=since,
    )
    layers = (network.address(output.position),)
    return [Evidence("d_grad_norm", 0.0, 0.0, since, int(gradient.index[-1]), statement, None, layers)]


LIMITS = Limits()

RULE = Rule(
    id="GD016",
    name="saturated-discriminator",
    title=Message("The discriminator's output is saturated"),
    severity=Severity.CRITICAL,
    requires=("d_grad_norm", "d_real_score", "d_fake_score"),
    detect=detect,
    limits=LIMITS,
    treatments=("linear-critic", "loss-from-logits"),
    references=("Mao et al., Least Squares Generative Adversarial Networks, ICCV 2017 (scores without a sigmoid)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD002", "GD003", "GD201", "GD203", "GD301", "GD302", "GD401", "GD403", "GD405", "GD409", "GD411"),
        critical=0.98,
        warning=0.8,
        info=0.2,
    ),
)
