"""GD303: training goes round in circles: what the generator makes, it has made before.

What it is
    The players chase each other. The generator moves to what the discriminator likes, the discriminator learns that,
    the generator moves on, and after a while both are back where they were: a limit cycle, or, where it jumps from one
    group of classes to the next, mode hopping.

Why it hurts
    Steps are spent without getting anywhere, and how good the samples are depends on when the training is stopped. It
    is what theory expects of an unregularised game, and more training does not end it.

How it is recognised
    By the images of fixed latents, from probe to probe. They keep moving (further than a quarter of the distance
    between two real images), and yet come nearer to what they were three or more probes ago than to the last probe:
    at most 0.6 of that distance. It must hold in 3 of 4 successive probes spanning at least 60 steps, after warm-up.
    Or by the losses together with the samples: a single period, gone round at least 5 times, makes up most of the
    variance of a loss about its trend, and the kernel distance to the real data swings with that very period.

What it is not
    Raw losses jitter, that is normal. A period in the losses alone, with samples that do not care, harms nothing. The
    losses of a Wasserstein critic drift and are not looked at. Training that converges moves its images less and less;
    early training moves them fast, but to new places; jitter about one place returns no nearer than it stepped. Samples
    that are all alike at each moment are mode-collapse (GD403) on top.

What to do
    First see that nothing outside turns: images sorted by class, a learning rate with restarts. Then R1, which makes
    the circles shrink; less momentum and smaller learning rates make them smaller. Averaged weights give good samples
    from a generator that circles, without ending it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.measures import null_bands
from gandoctor.measures.periodicity import Cycle, explained_share, strongest_cycle, without_trend
from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, Player
from gandoctor.rules.balance.oscillating_training_causes import causes
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    pass

_STEP, _RETURN = "sample_step_distance", "sample_return_distance"
_BETWEEN_REALS = "sample_pairwise_distance"
_KID = "sample_kid"
_LOSSES: dict[str, Player] = {"g_loss": "g", "d_loss": "d"}


@dataclass(frozen=True)
class Limits:
    """Thresholds, to be calibrated.

    Attributes:
        nearness: Distance to the nearest earlier probe over that to the last one. A cycle that is met again exactly
            gives 0; jitter about one place gives 0.95, drift above 1. Judgement, half-way to be conservative.
        movement: Distance from the last probe over that between two real images. Judgement: an image that has moved
            by less has kept its shape.
        share: Of a loss's variance about its trend that one period makes up. A sine as large as the noise of single
            steps gives 0.7; of 1,000 simulated random walks 1 % exceeded 0.64.
        cycles: Times the period must fit into the steps looked at; random walks have slow swings of their own.
        sample_share: Of the variance of the kernel distance (its logarithm, about its trend) that the same period
            explains: 0.3 is exceeded by 1 % of simulated random walks. Both at once: fewer
            than 1 in 1,000.
        sample_swing: Standard deviation of that logarithm: 0.25 is a swing by a factor of 2 from best to worst.
    """

    nearness: float = 0.6
    movement: float = 0.25
    share: float = 0.6
    cycles: float = 5.0
    sample_share: float = 0.4
    sample_swing: float = 0.25


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on images that return, and on losses and samples that swing together."""
    evidence: list[Evidence] = []
    unknown: NotEvaluated | None = None
    try:
        evidence += _returning_images(run, limits)
    except NotEvaluated as reason:
        unknown = reason
    evidence += _swinging_losses(run, limits)
    if unknown is not None and not evidence:
        raise unknown
    return evidence


def _returning_images(run: Run, limits: Limits) -> list[Evidence]:
    import pandas as pd

    for name in (_STEP, _RETURN):
        if name not in run:
            raise NotEvaluated(not_recorded(run, name))
    band = null_bands(run).get(_BETWEEN_REALS)
    if band is None:
        raise NotEvaluated(Message("Too few real images were stored to know how far apart two of them are."))
    table = pd.DataFrame({name: run[name] for name in (_STEP, _RETURN)}).dropna()
    returns = table[_RETURN] <= limits.nearness * table[_STEP]
    moves = table[_STEP] >= limits.movement * band.mean
    episode = persistent_episode(returns & moves, warm_up_end(run))
    if episode is None:
        return []
    step, back = (float(episode.of(table[name]).median()) for name in (_STEP, _RETURN))
    statement = sentences(
        Message(
            "The images of fixed latents come back. They move by {step:.2g} from one probe to the next (two real "
            "images are {reals:.2g} apart), and yet lie only {back:.2g} from where they were three or more probes ago.",
            step=step,
            reals=band.mean,
            back=back,
        ),
        episode.ending,
    )
    severity = episode.severity(Severity.WARNING)
    limit = limits.nearness * step
    return [Evidence(_RETURN, back, limit, episode.first_step, episode.last_step, statement, severity)]


def _swinging_losses(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence where a period of a loss is also one of the samples' quality."""
    if run.manifest.loss_family == "wasserstein" or _KID not in run:
        return []
    start, end = warm_up_end(run), run.last_step
    band = null_bands(run).get(_KID)
    floor = max(band.high, 1e-3) if band is not None else 1e-3  # below it, distances are noise
    evidence = []
    for name, owner in _LOSSES.items():
        # A cycle that began half-way through would drown in what came before.
        for since in (start, start + (end - start) // 2):
            cycle = _cycle(run, name, since, limits)
            swing = _swing(run, cycle, since, floor, limits) if cycle is not None else None
            if cycle is not None and swing is not None:
                level = float(run[name].loc[since:].median())
                statement = Message(
                    "The {player}'s loss has a period of about {period:.0f} steps, which makes up {share:.0%} of its "
                    "variance since step {since}. With the same period the samples' kernel distance to the real data "
                    "swings between {low:.2g} and {high:.2g}.",
                    player=NAMES[owner],
                    period=cycle.period,
                    share=cycle.share,
                    since=since,
                    low=swing[0],
                    high=swing[1],
                )
                evidence.append(Evidence(name, level, None, since, end, statement, Severity.WARNING))
                break
    return evidence


def _cycle(run: Run, name: str, since: int, limits: Limits) -> Cycle | None:
    if name not in run:
        return None
    loss = run[name].loc[since:]
    loss = loss[np.isfinite(loss.to_numpy())]
    cycle = strongest_cycle(loss.index.to_numpy(), loss.to_numpy(dtype=float), limits.cycles)
    return cycle if cycle is not None and cycle.share >= limits.share else None


def _swing(run: Run, cycle: Cycle, since: int, floor: float, limits: Limits) -> tuple[float, float] | None:
    """Return between which kernel distances the samples swing with a period; None where they do not."""
    kid = run[_KID].loc[since:]
    kid = kid[np.isfinite(kid.to_numpy())]
    steps, values = kid.index.to_numpy(), np.log(np.maximum(kid.to_numpy(dtype=float), floor))
    explained = explained_share(steps, values, cycle.period)
    if explained is None or explained < limits.sample_share:
        return None
    if float(np.std(without_trend(steps.astype(float), values))) < limits.sample_swing:
        return None
    return float(kid.quantile(0.1)), float(kid.quantile(0.9))


LIMITS = Limits()

RULE = Rule(
    id="GD303",
    name="oscillating-training",
    title=Message("Training goes round in circles"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "r1-regularisation",
        "feed-varied-batches",
        "lower-momentum",
        "halve-both-learning-rates",
        "modern-baseline",
        "average-generator-weights",
        "instance-noise",
    ),
    references=(
        "Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018 (limit cycles and R1)",
        "Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, ICLR 2019",
        "R. A. Fisher, Tests of Significance in Harmonic Analysis, Proceedings of the Royal Society A, 1929",
    ),
    page=__doc__,
    causes=causes,
)
