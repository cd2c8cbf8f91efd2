"""GD301: the discriminator's loss has gone to zero and the samples have stopped getting better.

What it is
    The discriminator tells real from generated without error and without doubt, step after step, and the generator
    no longer moves in any useful direction. The game is over before the samples are good.

Why it hurts
    A discriminator that is always right tells the generator little: with the original (minimax) or a clipped loss
    the gradient vanishes, with the non-saturating loss it stays large but becomes uninformative. Further steps are
    wasted.

How it is recognised
    Three things at once, after warm-up. The loss, as a share of what it is at equilibrium (0.69 for the mean binary
    cross-entropy), has a running median over 60 steps below 0.025, persistently. The logits of real and generated
    images lie more than 8 apart (with least squares and hinge, their scores 4 standard deviations), where they were
    recorded. And the samples are not improving: neither their kernel distances to the real data nor the correlation of
    neighbouring pixels come closer to those of the reals over the last 200 steps.

What it is not
    A low loss early in training is normal: 10 of 12 healthy runs dipped below 0.05 before step 300. A low loss
    while samples still improve is a strong discriminator doing its work. An accuracy or AUC of 1 is normal on
    simple data. The loss of a Wasserstein critic has no zero of that meaning, so the rule does not apply to it.
    Label smoothing keeps the loss above a floor (0.16 for 0.9): where the settings or the loss say so, what counts is
    the excess over it. Where they do not, a loss that stays at its own lowest value counts as a warning, with such a
    gap of the logits only.

What to do
    Rule out the broken contracts first, in the order of the causes listed: a generator that cannot move, latents
    that do not reach it, a range it cannot produce. Only then change the balance: halve the discriminator's
    learning rate or double the generator's. Regularising the discriminator (R1, spectral normalisation) has the
    best evidence of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from gandoctor.loss_families import families, objective
from gandoctor.message import Message, sentences
from gandoctor.rules.balance.discriminator_loss_collapse_causes import causes
from gandoctor.rules.balance.loss_floor import known_floor, observed_floor
from gandoctor.rules.reading.persistence import SPAN_STEPS, Episode, persistent_episode, running_median
from gandoctor.rules.reading.sample_progress import sample_progress
from gandoctor.rules.reading.young import judged_from
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds, read off the first round of measurements (24 runs, 1/8 width, 500 steps); to be calibrated again.

    Attributes:
        excess: Loss over its equilibrium value, running median. In the fault benchmark's calibration split ill runs had
            0.00 to 0.02; slow healthy ones that stood still for hundreds of steps, before they went on, 0.03 and more.
        logit_gap: Cross-entropy families only: healthy 0.03-4.9 and falling, failing 15-268.
        separation: Least squares and hinge: pooled standard deviations between real and generated scores. A least
            squares loss at the threshold implies 6 in the mode it is computed in; the scores are of inference mode.
        auc: Least squares and hinge where that was not recorded. Says little by itself: healthy runs reach 1.00.
    """

    excess: float = 0.025
    logit_gap: float = 8.0
    separation: float = 4.0
    auc: float = 0.999


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the loss, with the separation of the scores and the lack of progress where they are known."""
    loss = run["d_loss"]
    median = running_median(loss)
    if median.empty:
        raise NotEvaluated(Message("d_loss covers fewer than {steps} steps.", steps=SPAN_STEPS))
    floor = known_floor(run) if _is_cross_entropy(run) else 0.0
    found = _collapse(run, median, floor, limits)
    assumed = False
    if found is None and _is_cross_entropy(run) and "d_logit_gap" in run:
        lowest = observed_floor(run, loss)
        if lowest is not None and lowest > floor:
            found, floor, assumed = _collapse(run, median, lowest, limits), lowest, True
    if found is None:
        return []
    episode, threshold = found
    episode = _reaching_back(episode, loss, threshold)
    apart = _separation(run, episode, limits)
    if apart is False or (assumed and apart is None):
        return []
    progress = sample_progress(run, episode.first_step, episode.last_step)
    if progress is not None and progress.state == "improving":
        return []
    known = Severity.CRITICAL if progress is not None and not assumed else Severity.WARNING
    severity = episode.severity(known)
    observed = float(episode.of(median).median())
    progressing = Message("Whether the samples still improve is not known: too few sample statistics were recorded.")
    statement = sentences(
        Message(
            "The discriminator's loss is {loss:.2g} in the median, {level}, from step {first} to {last}.",
            loss=observed,
            level=_level(observed, floor, _equilibrium(run)),
            first=episode.first_step,
            last=episode.last_step,
        ),
        Message("It never falls further, as with smoothed labels.") if assumed else None,
        progressing if progress is None else progress.statement,
        episode.ending,
    )
    main = Evidence(
        "d_loss",
        observed,
        threshold,
        episode.first_step,
        episode.last_step,
        statement,
        severity,
    )
    # One severity for all: unknown progress must not leave a critical logit gap behind.
    return [main, replace(apart, severity=severity)] if apart else [main]


def _collapse(run: Run, median: pd.Series[float], floor: float, limits: Limits) -> tuple[Episode, float] | None:
    """Return the stretch in which the loss was close to its floor, and how close that is; None if it never was."""
    threshold = floor + limits.excess * (_equilibrium(run) - floor)
    episode = persistent_episode(median < threshold, judged_from(run), young_until=warm_up_end(run))
    return None if episode is None else (episode, threshold)


def _is_cross_entropy(run: Run) -> bool:
    known = objective(run.manifest.loss_family)
    return known is not None and known.is_cross_entropy


def _equilibrium(run: Run) -> float:
    """Return the loss, averaged over both halves, where real and generated images cannot be told apart.

    A sum over them has twice that, which makes the rule slower to fire, never quicker.
    """
    known = objective(run.manifest.loss_family)
    level = None if known is None else known.d_equilibrium
    assert level is not None  # Rule.evaluate has checked the family
    return level


def _level(observed: float, floor: float, equilibrium: float) -> Message:
    share = observed / equilibrium
    if floor > 0:
        return Message(
            "{share:.1%} of its value at equilibrium ({equilibrium:.3g}); with its labels it cannot fall below "
            "{floor:.2g}",
            share=share,
            equilibrium=equilibrium,
            floor=floor,
        )
    return Message("{share:.1%} of its value at equilibrium ({equilibrium:.3g})", share=share, equilibrium=equilibrium)


def _separation(run: Run, episode: Episode, limits: Limits) -> Evidence | Literal[False] | None:
    """Return how far the scores lie apart; False if not far enough, None if that was not recorded."""
    by_logits = {"d_logit_gap": limits.logit_gap}
    by_scores = {"d_prime": limits.separation, "d_auc": limits.auc}
    for signal, limit in (by_logits if _is_cross_entropy(run) else by_scores).items():
        values = episode.of(run[signal]) if signal in run else None
        if values is None or not len(values):
            continue
        observed = float(values.median())
        beyond = max(observed, 1.0 - observed) if signal == "d_auc" else abs(observed)
        if beyond < limit:
            return False
        said = _apart(signal, observed)
        return Evidence(signal, observed, limit, episode.first_step, episode.last_step, said)
    return None


def _apart(signal: str, observed: float) -> Message:
    if signal == "d_logit_gap":
        return Message(
            "The logits of real and generated images lie {gap:.0f} apart; healthy runs stay below 5 by then.",
            gap=observed,
        )
    if signal == "d_prime":
        return Message(
            "The scores of real and generated images lie {spreads:.1f} standard deviations apart.", spreads=observed
        )
    return Message("A real image scores above a generated one with a probability of {auc:.4f}.", auc=observed)


def _reaching_back(episode: Episode, loss: pd.Series[float], threshold: float) -> Episode:
    """Move the first step from where the running median fell to where the loss itself did."""
    before = loss.loc[episode.first_step - SPAN_STEPS : episode.first_step]
    low = before[before < threshold]
    first = int(low.index[0]) if len(low) else episode.first_step
    return replace(episode, first_step=min(first, episode.first_step))


LIMITS = Limits()

RULE = Rule(
    id="GD301",
    name="discriminator-loss-collapse",
    title=Message("The discriminator's loss fell to zero and the samples stopped improving"),
    severity=Severity.CRITICAL,
    requires=("d_loss",),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "non-saturating-loss",
        "raise-generator-learning-rate",
        "match-output-range",
        "vary-latents",
        "consistent-labels",
        "fakes-in-training-mode",
        "batch-norm-momentum",
        "separate-batches",
        "batch-norm-placement",
        "dropout-rate",
        "lower-discriminator-learning-rate",
        "r1-regularisation",
        "spectral-normalisation",
        "one-sided-label-smoothing",
        "instance-noise",
        "no-pretraining",
    ),
    references=(
        "Arjovsky and Bottou, Towards Principled Methods for Training GANs, ICLR 2017",
        "Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018",
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 2",
    ),
    page=__doc__,
    loss_families=families(bounded=True),
    after_warm_up=False,
    causes=causes,
)
