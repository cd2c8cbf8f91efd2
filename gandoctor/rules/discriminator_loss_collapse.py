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
    cross-entropy), has a running median over 60 steps below 0.1, persistently. The logits of real and generated
    images lie more than 8 apart, where they were recorded. And the samples are not improving: neither their kernel
    distance to the real data nor the correlation of neighbouring pixels comes closer to that of the reals over the
    last 200 steps.

What it is not
    A low loss early in training is normal: 10 of 12 healthy runs dipped below 0.05 before step 300. A low loss
    while samples still improve is a strong discriminator doing its work. An accuracy or AUC of 1 is normal on
    simple data. The loss of a Wasserstein critic has no zero of that meaning, so the rule does not apply to it.
    Label smoothing keeps the loss above a floor (0.16 for 0.9): this rule then stays silent, and the logit gap has
    to be read by eye.

What to do
    Rule out the broken contracts first, in the order of the causes listed: a generator that cannot move, latents
    that do not reach it, a range it cannot produce. Only then change the balance: halve the discriminator's
    learning rate or double the generator's. Regularising the discriminator (R1, spectral normalisation) has the
    best evidence of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from gandoctor.measures import null_bands
from gandoctor.rules.discriminator_loss_collapse_causes import causes
from gandoctor.rules.persistence import SPAN_STEPS, Episode, persistent_episode
from gandoctor.rules.persistence import running_median as running_median
from gandoctor.rules.rule import Evidence, NotEvaluated, Rule, Severity
from gandoctor.rules.warmup import warm_up_end
from gandoctor.store import LossFamily, Run

EQUILIBRIUM: dict[LossFamily, float] = {
    "non_saturating": 0.693,
    "minimax": 0.693,
    "least_squares": 0.25,
    "hinge": 1.0,
}
"""Discriminator loss where real and generated images cannot be told apart, for losses averaged over both halves (with
sums it is twice that, which makes the rule slower to fire, never quicker). The floor is 0 for all of them."""

_CROSS_ENTROPY: tuple[LossFamily, ...] = ("non_saturating", "minimax")


@dataclass(frozen=True)
class Limits:
    """Thresholds, read off the first round of measurements (24 runs, 1/8 width, 500 steps); to be calibrated again.

    Attributes:
        excess: Loss over its equilibrium value, running median. 11 of 12 failing runs had 0.00-0.06 after
            step 300, the 12 healthy ones 0.40 (least squares: 0.10 of 0.25) to 1.0.
        logit_gap: Cross-entropy families only: healthy 0.03-4.9 and falling, failing 15-268.
        progress_steps: Steps over which samples must have improved; longer than the noise of single probes.
        progress_share: Relative improvement over those steps that counts as progress (a constant grey image that only
            darkened gained 0.09 in 160 steps; a healthy run gains 0.5).
        progress_sigmas: It must also exceed this many standard deviations of the real-vs-real null.
    """

    excess: float = 0.1
    logit_gap: float = 8.0
    progress_steps: int = 200
    progress_share: float = 0.2
    progress_sigmas: float = 2.0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the loss, with the logit gap and the lack of progress where they are known."""
    family = run.manifest.loss_family
    assert family is not None  # Rule.evaluate has checked the family
    equilibrium = EQUILIBRIUM[family]
    loss = run["d_loss"]
    threshold = limits.excess * equilibrium
    median = running_median(loss)
    if median.empty:
        raise NotEvaluated(f"d_loss covers fewer than {SPAN_STEPS} steps.")
    episode = persistent_episode(median < threshold, warm_up_end(run.manifest))
    if episode is None:
        return []
    episode = _reaching_back(episode, loss, threshold)
    evidence = []
    if family in _CROSS_ENTROPY and "d_logit_gap" in run:
        gaps = episode.of(run["d_logit_gap"])
        if len(gaps):
            gap = float(gaps.median())
            if abs(gap) < limits.logit_gap:
                return []
            evidence.append(
                Evidence(
                    "d_logit_gap",
                    gap,
                    limits.logit_gap,
                    episode.first_step,
                    episode.last_step,
                    f"The logits of real and generated images lie {gap:.0f} apart; by then healthy runs stay below 5.",
                    episode.severity(Severity.CRITICAL),
                )
            )
    progress = _progress(run, episode, limits)
    if progress is not None and progress[0]:
        return []
    known = Severity.CRITICAL if progress is not None else Severity.WARNING
    observed = float(episode.of(median).median())
    statement = (
        f"The discriminator's loss is {observed:.2g} in the median, {observed / equilibrium:.1%} of its value at "
        f"equilibrium ({equilibrium:g}), from step {episode.first_step} to {episode.last_step}. "
    )
    statement += (
        progress[1]
        if progress is not None
        else ("Whether the samples still improve is not known: too few sample statistics were recorded in that time.")
    )
    severity = episode.severity(known)
    main = Evidence(
        "d_loss",
        observed,
        threshold,
        episode.first_step,
        episode.last_step,
        statement + episode.ending,
        severity,
    )
    # One severity for all: unknown progress must not leave a critical logit gap behind.
    return [main, *(_with_severity(e, severity) for e in evidence)]


def _reaching_back(episode: Episode, loss: pd.Series[float], threshold: float) -> Episode:
    """Move the first step from where the running median fell to where the loss itself did."""
    before = loss.loc[episode.first_step - SPAN_STEPS : episode.first_step]
    low = before[before < threshold]
    first = int(low.index[0]) if len(low) else episode.first_step
    return Episode(min(first, episode.first_step), episode.last_step, episode.ongoing)


def _progress(run: Run, episode: Episode, limits: Limits) -> tuple[bool, str] | None:
    """Tell whether samples improved over the last steps of the episode, and say so; None if unknown."""
    bands = null_bands(run)
    start = max(episode.first_step, episode.last_step - limits.progress_steps)
    errors: dict[str, pd.Series[float]] = {}
    if "sample_kid" in run:
        errors["kernel distance to the real data"] = run["sample_kid"]
    if "sample_autocorrelation" in run and "sample_autocorrelation" in bands:
        errors["gap in pixel correlation"] = (
            run["sample_autocorrelation"] - bands["sample_autocorrelation"].mean
        ).abs()
    noise = {
        "kernel distance to the real data": bands["sample_kid"].std if "sample_kid" in bands else 0.0,
        "gap in pixel correlation": bands["sample_autocorrelation"].std if "sample_autocorrelation" in bands else 0.0,
    }
    told = []
    for what, error in errors.items():
        window = error.loc[start : episode.last_step].dropna()
        if len(window) < 4:
            continue
        early = float(window.iloc[: len(window) // 2].median())
        late = float(window.iloc[-(len(window) // 2) :].median())
        gain = early - late
        if gain > limits.progress_share * abs(early) and gain > limits.progress_sigmas * noise[what]:
            return True, f"The samples' {what} fell from {early:.3g} to {late:.3g}."
        told.append(f"their {what} went from {early:.3g} to {late:.3g}")
    if not told:
        return None
    steps = episode.last_step - start
    return False, f"The samples stopped improving: over its last {steps} steps {' and '.join(told)}."


def _with_severity(evidence: Evidence, severity: Severity) -> Evidence:
    return replace(evidence, severity=severity)


LIMITS = Limits()

RULE = Rule(
    id="GD301",
    name="discriminator-loss-collapse",
    title="The discriminator's loss fell to zero and the samples stopped improving",
    severity=Severity.CRITICAL,
    requires=("d_loss",),
    detect=detect,
    limits=LIMITS,
    treatments=(
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
    loss_families=frozenset(EQUILIBRIUM),
    causes=causes,
)
