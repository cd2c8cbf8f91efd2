"""GD403: the generator makes the same image, or the same few images, again and again.

What it is
    Different latents lead to one image (complete collapse) or to a handful (partial collapse). The generator has
    found outputs that fool the discriminator of the moment and has stopped looking for others.

Why it hurts
    Single samples may look perfect, so nobody notices until a whole sheet is looked at; and the losses look normal.
    What has been generated does not represent the data.

How it is recognised
    By copies. Pairs of samples are counted that lie closer together than real images ever do (the 1 % quantile of
    nearest-neighbour distances among the reals). By the birthday argument, c such pairs among n samples speak for a
    support of about n^2 / 2c images; the rule fires when that is fewer than the n samples themselves. It also fires
    when the median sample has its nearest neighbour at a small fraction of the distance usual among reals, and when
    the spread across latents vanishes. It must hold in 3 of 4 successive probes spanning at least 60 steps, after
    warm-up; in two where copies come at once and in great numbers.

What it is not
    A young or blurry generator makes images that resemble each other more than reals do: mean distances at 65-78 %
    of those of the reals belong to healthy runs, and blur alone makes few copies. Data with few modes, or with true
    duplicates, set their own standard. Missing classes with plenty of variety inside the others are mode-dropping
    (GD404): mean distances and copies do not see them. Precision and density look perfect under collapse and are
    not used.

What to do
    First see that the latents reach the generator and are drawn anew for every batch. Then give the discriminator a
    view of the batch (minibatch standard deviation, packing) or regularise it (R1); lower the learning rates last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gandoctor.measures import null_bands
from gandoctor.measures.null import DEFAULT_SAMPLE_COUNT
from gandoctor.rules.hypotheses.networks import no_batch_norm, saturated_output
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import degenerate_latents, latents_ignored
from gandoctor.rules.reading.persistence import Episode, persistent_episodes
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_DUPLICATES = "sample_duplicate_pairs"
_NEAREST = "sample_nn_distance"
_SPREAD = "sample_latent_std"
_COVERAGE = "sample_coverage"


@dataclass(frozen=True)
class Limits:
    """Thresholds against the real-vs-real null; measured on real digits made to collapse, to be calibrated on runs.

    Attributes:
        support: Estimated support over the number of samples. Of 128 digits: 10 distinct images give 0.08,
            half the batch equal gives 0.03, 100 distinct images 0.8; real images 60 and more; digits blurred
            by 1.5 pixels 6.
        sudden: Times the limit of duplicates from which two probes are enough, where there were none before: fewer
            images in effect than a quarter of the samples.
        duplicate_margin: Duplicates must also exceed this many times the largest number among resampled
            reals.
        nearest: Median nearest-neighbour distance over the null's mean (10 images: 0; half equal: 0.2; digits
            with contrast cut to 0.4: 0.4).
        spread: Spread across latents over the null's mean (constant output: 0.00; the lowest healthy run had
            a mean pairwise distance of 0.65).
        coverage: Coverage over the null's mean, for the statement only: a young generator's may be low as
            well.
        faint: Spread across latents over the null's mean below which copies are a remark while the samples improve, and
            until they have lasted: faint images lie close together. Slow healthy runs of the calibration split had 0.3
            to 0.5 until they drew; digits of which half are equal 0.7.
    """

    support: float = 1.0
    sudden: float = 4.0
    duplicate_margin: float = 3.0
    nearest: float = 0.2
    spread: float = 0.05
    coverage: float = 0.5
    faint: float = 0.5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on copies, on nearest neighbours, on the spread across latents; coverage in support."""
    bands = null_bands(run)
    if any(name not in bands for name in (_DUPLICATES, _NEAREST, _SPREAD)):
        raise NotEvaluated("Too few real images were stored to know what is normal for this data.")
    n = int(run.manifest.cadence.get("sample_count", DEFAULT_SAMPLE_COUNT))
    duplicates, nearest, spread = run[_DUPLICATES], run[_NEAREST], run[_SPREAD]
    pair_limit = max(n / (2 * limits.support), limits.duplicate_margin * bands[_DUPLICATES].high)
    nearest_limit = limits.nearest * bands[_NEAREST].mean
    spread_limit = limits.spread * bands[_SPREAD].mean
    conditions = {
        _DUPLICATES: duplicates > pair_limit,
        _NEAREST: nearest < nearest_limit,
        _SPREAD: spread < spread_limit,
    }
    start = warm_up_end(run.manifest)
    far = {_DUPLICATES: duplicates > limits.sudden * pair_limit}
    found = persistent_episodes(conditions, start, far)
    evidence = []
    if (episode := found[_DUPLICATES]) is not None:
        pairs = float(episode.of(duplicates).median())
        statement = _copies(pairs, n, bands[_DUPLICATES].mean)
        evidence.append(_evidence(_DUPLICATES, pairs, pair_limit, episode, statement))
        if episode.of(spread).median() < limits.faint * bands[_SPREAD].mean:
            severity, passing = severity_while_learning(
                run, episode, episode.severity(Severity.CRITICAL), must_last=True
            )
            evidence[-1] = replace(evidence[-1], severity=severity, statement=evidence[-1].statement + passing)
    if (episode := found[_NEAREST]) is not None:
        distance = float(episode.of(nearest).median())
        evidence.append(
            _evidence(
                _NEAREST,
                distance,
                nearest_limit,
                episode,
                f"Half of the samples have another one within {distance:.2g}; among your real images that distance is "
                f"{bands[_NEAREST].mean:.2g}.",
            )
        )
    if (episode := found[_SPREAD]) is not None:
        value = float(episode.of(spread).median())
        evidence.append(
            _evidence(
                _SPREAD,
                value,
                spread_limit,
                episode,
                f"Complete collapse: the latents hardly change the image, pixels vary by {value:.2g} across latents "
                f"and by {bands[_SPREAD].mean:.2g} across your real images.",
            )
        )
    if evidence and _COVERAGE in run and _COVERAGE in bands:
        first, last = min(e.first_step for e in evidence), max(e.last_step for e in evidence)
        coverage_limit = limits.coverage * bands[_COVERAGE].mean
        covered = run[_COVERAGE].loc[first:last]
        if len(covered) and covered.median() < coverage_limit:
            median = float(covered.median())
            severity = max((e.severity or Severity.CRITICAL for e in evidence), key=lambda s: s.rank)
            statement = f"Samples cover {median:.0%} of what as many real images would cover."
            evidence.append(Evidence(_COVERAGE, median, coverage_limit, first, last, statement, severity))
    return evidence


def _evidence(name: str, observed: float, limit: float, episode: Episode, statement: str) -> Evidence:
    return Evidence(
        name,
        observed,
        limit,
        episode.first_step,
        episode.last_step,
        statement + episode.ending,
        episode.severity(Severity.CRITICAL),
    )


def _copies(pairs: float, n: int, normal: float) -> str:
    possible = n * (n - 1) / 2
    if pairs >= 0.9 * possible:
        return f"Complete collapse: {pairs:.0f} of {possible:.0f} pairs of samples are copies of each other."
    group = (1 + np.sqrt(1 + 8 * pairs)) / 2
    return (
        f"Partial collapse: {pairs:.0f} pairs among {n} samples are copies ({normal:.1f} among real images), as "
        f"many as {n**2 / (2 * pairs):.0f} equally likely images would make, or one image in {group:.0f} samples."
    )


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why latents lead to the same images, with what this run shows of each."""
    shared = [
        hypothesis(run)
        for hypothesis in (degenerate_latents, latents_ignored, range_mismatch, saturated_output, no_batch_norm)
    ]
    return [
        *shared,
        Cause(
            "chasing-the-discriminator",
            "The generator chases the discriminator from mode to mode",
            0.5,
            "Contact sheets show a different image being repeated every few dozen steps; R1 or a batch-aware "
            "discriminator ends it. This run: compare the filmstrip.",
        ),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD403",
    name="mode-collapse",
    title="The generator makes the same few images again and again",
    severity=Severity.CRITICAL,
    requires=(_DUPLICATES, _NEAREST, _SPREAD),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "vary-latents",
        "match-output-range",
        "minibatch-standard-deviation",
        "r1-regularisation",
        "lower-discriminator-learning-rate",
    ),
    references=(
        "Arora and Zhang, Do GANs actually learn the distribution? An empirical study, 2017 (the birthday test)",
        "Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020 (coverage)",
        "Salimans et al., Improved Techniques for Training GANs, NeurIPS 2016 (a view of the batch)",
    ),
    page=__doc__,
    causes=causes,
)
