"""GD207: the critic's slope is not what its loss needs.

What it is
    The slope is the norm of the gradient of the discriminator's score with respect to its input. A Wasserstein critic
    has to be 1-Lipschitz: its slope may not exceed 1, and a gradient penalty holds it near 1. Here it is far above 1
    although there is a penalty, grows without anything that holds it, or is exactly 0.

Why it hurts
    The loss of a critic without a bound on its slope measures no distance: it only grows. The critic becomes a cliff,
    the generator's gradient explodes or points nowhere. Where the slope is 0 the generator gets no gradient at all.

How it is recognised
    At the images of the probes, real, generated and in between, in 3 of 4 successive measurements over at least 60
    steps, from step 100 on. With a penalty: a median slope above 3 between real and generated images. The usual reasons
    are a weight that is far too small, a penalty that is computed and not added, and one whose gradient is stopped.
    Without one: above 10, and ten times the slope at the start. A slope of exactly 0 is found with every loss.

What it is not
    Critics with clipped weights have any slope below that. A penalty that draws the slope to 0 (R1), or only from
    above, leaves slopes below 1, and so does spectral normalisation. A slope of one over the root of the batch size is
    mentioned: the penalty took one norm over the whole batch instead of one an image. Discriminators of other losses
    need no slope of 1 and are not judged, except for a slope of 0.

What to do
    One norm an image, squared distance from 1, weight 10, added to the critic's loss inside its tape; no
    `stop_gradient` and no `numpy()` on the way. Or spectral normalisation of every layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.message import Message, sentences
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_REAL, _FAKE, _BETWEEN = "d_input_gradient_real", "d_input_gradient_fake", "d_input_gradient_between"


@dataclass(frozen=True)
class Limits:
    """Thresholds. Measured on small critics of digits and of points in the plane, one seed each.

    Attributes:
        steep: Slope with a penalty. Penalties at work: 0.9 to 1.2 (points), at most 2.0 in the first 400 steps
            (digits), 1.1 to 1.4 in the WGAN-GP control. A weight of 0.001, or a gradient that is stopped: 3 to 60
            (points), 20 to 580 (digits).
        unbounded: Slope without one. Unbounded critics: 30 to 80 after 500 steps (points), 500 after 300 (digits);
            critics with clipped weights: 0.0006 to 0.06.
        growth: How much more than at the first measurement such a critic must have.
        start: First step that is judged. A penalty at work held the slope below 2.1 from the first measurement on.
        flat: Slope with a penalty below which it is mentioned. One norm over a batch of 64: 0.10 to 0.13, as 1/8 says.
    """

    steep: float = 3.0
    unbounded: float = 10.0
    growth: float = 10.0
    flat: float = 0.3
    start: int = 100


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of a slope of 0, of one that nothing holds, and of one that a penalty does not hold."""
    for name in (_REAL, _FAKE):
        if name not in run:
            raise NotEvaluated(not_recorded(run, name))
    start = min(limits.start, contract_warm_up_end(run))
    dead = _dead(run)
    if dead:
        return dead
    if run.manifest.loss_family is None:
        raise NotEvaluated(Message("The loss family is unknown. Pass loss=."))
    if run.manifest.loss_family != "wasserstein":
        return []
    objective = run.manifest.objective
    if objective is None or _BETWEEN not in run:
        raise NotEvaluated(Message("Whether the critic's loss has a gradient penalty was not seen."))
    slope = run[_BETWEEN].dropna()
    if objective.penalised:
        return [*_steep(slope, start, limits), *_flat(slope, start, limits)]
    return _unbounded(slope, _first_slope(run), start, limits)


def _dead(run: Run) -> list[Evidence]:
    """Return evidence where no image moves the score."""
    import pandas as pd

    both = pd.DataFrame({"real": run[_REAL], "fake": run[_FAKE]}).dropna()
    episode = persistent_episode((both == 0).all(axis=1), 0)
    if episode is None:
        return []
    statement = Message(
        "The gradient of the discriminator's score with respect to its input is exactly 0, at real and at generated "
        "images: the generator learns nothing from it.",
    )
    severity, told = episode.severity(Severity.CRITICAL), sentences(statement, episode.ending)
    return [Evidence(_FAKE, 0.0, 0.0, episode.first_step, episode.last_step, told, severity, detail="dead")]


def _steep(slope: pd.Series[float], start: int, limits: Limits) -> list[Evidence]:
    episode = persistent_episode(slope > limits.steep, start)
    if episode is None:
        return []
    observed = float(episode.of(slope).median())
    statement = Message(
        "There is a gradient penalty, and yet the slope of the critic between real and generated images is "
        "{slope:.3g}, where a penalty at work holds it near 1.",
        slope=observed,
    )
    told = sentences(statement, episode.ending)
    severity = episode.severity(Severity.WARNING)
    first, last = episode.first_step, episode.last_step
    return [Evidence(_BETWEEN, observed, limits.steep, first, last, told, severity, detail="penalised")]


def _flat(slope: pd.Series[float], start: int, limits: Limits) -> list[Evidence]:
    episode = persistent_episode(slope < limits.flat, start)
    if episode is None or not episode.ongoing:
        return []
    observed = float(episode.of(slope).median())
    statement = Message(
        "There is a gradient penalty, and the slope of the critic is {slope:.2g}. One norm over a whole batch of "
        "{batch} images, instead of one an image, would hold it there; so would a penalty that draws it to 0.",
        slope=observed,
        batch=max(1, round(1.0 / max(observed, 1e-3) ** 2)),
    )
    first, last = episode.first_step, episode.last_step
    return [Evidence(_BETWEEN, observed, limits.flat, first, last, statement, Severity.INFO, detail="flat")]


def _first_slope(run: Run) -> float:
    """Return the slope at its first measurement, wherever: in a loop, real images are known some steps later only."""
    first = [series for name in (_BETWEEN, _REAL, _FAKE) if len(series := run[name].dropna())]
    return float(min(first, key=lambda series: int(series.index[0])).iloc[0]) if first else 0.0


def _unbounded(slope: pd.Series[float], first_slope: float, start: int, limits: Limits) -> list[Evidence]:
    threshold = max(limits.unbounded, limits.growth * first_slope)
    episode = persistent_episode(slope > threshold, start)
    if episode is None:
        return []
    observed = float(episode.of(slope).median())
    statement = Message(
        "Nothing holds the slope of the critic: between real and generated images it has grown from {before:.2g} to "
        "{slope:.3g}. Its loss measures no distance.",
        before=first_slope,
        slope=observed,
    )
    told = sentences(statement, episode.ending)
    severity = episode.severity(Severity.WARNING)
    first, last = episode.first_step, episode.last_step
    return [Evidence(_BETWEEN, observed, threshold, first, last, told, severity, detail="unbounded")]


NOT_ADDED = Hypothesis(
    "penalty-not-at-work",
    Message("The penalty is too weak, is not added to the loss, or its gradient is stopped"),
    Message("Set its weight to 10 and look at the slope: with a penalty at work it is near 1 within 100 steps."),
)
NO_PENALTY = Hypothesis(
    "no-lipschitz-bound",
    Message("The critic has neither a gradient penalty nor clipped weights nor spectral normalisation"),
    Message("Add one of them: the slope stops growing."),
)
NO_PATH = Hypothesis(
    "no-path-to-input",
    Message("Every path from the input to the score is dead or cut"),
    Message("Count its dead ReLU units (GD204), and look for rounding, argmax or `stop_gradient` between its layers."),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Name what sets off each kind. The scores are judgement."""
    kinds = {"dead": NO_PATH, "penalised": NOT_ADDED, "unbounded": NO_PENALTY}
    shown = Message("the run shows the slope; what is written in the loss it cannot")
    return [kinds[kind].cause(0.8, shown) for kind in dict.fromkeys(found.details) if kind in kinds]


LIMITS = Limits()

RULE = Rule(
    id="GD207",
    name="critic-slope",
    title=Message("The critic's slope is not what its loss needs"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("gradient-penalty", "spectral-normalisation", "leaky-discriminator"),
    references=(
        "Arjovsky et al., Wasserstein GAN, ICML 2017",
        "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
)
