"""GD403: the generator makes the same image, or the same few images, again and again.

What it is
    Different latents lead to one image (complete collapse) or to a handful (partial collapse). The generator has found
    outputs that fool the discriminator of the moment and has stopped looking for others.

Why it hurts
    Single samples may look perfect, so nobody notices until a whole sheet is looked at; and the losses look normal.
    What has been generated does not represent the data.

How it is recognised
    By copies. Pairs of samples are counted that lie closer together than real images ever do (the 1 % quantile of
    nearest-neighbour distances among the reals, at most 0.3 of their usual distance). By the birthday argument, c
    such pairs among n samples suggest a support of about n^2 / 2c images; the rule fires when that is fewer than
    the n samples themselves. It also fires when the median sample has its nearest neighbour at a small fraction of
    the distance usual among reals, and when the spread across latents vanishes. It must hold in 3 of 4 successive
    probes that span at least 60 steps, after warm-up or after the samples have varied; in two where copies come at once
    and in great numbers. In warm-up, one image that fills the sheet for 100 steps is said as well.

What it is not
    A young or blurry generator makes images that resemble each other more than reals do: mean distances at 65-78 % of
    those of the reals belong to healthy runs, and blur alone makes few copies. Data with few modes, or with true
    duplicates, set their own standard. Missing classes with plenty of variety inside the others are mode-dropping
    (GD404): mean distances and copies do not see them. Precision and density look perfect under collapse and are not
    used.

What to do
    First check that the latents reach the generator and are drawn anew for every batch. Then give the discriminator a
    view of the batch (minibatch standard deviation, packing) or regularise it (R1). Lower the learning rates last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.networks import no_batch_norm, saturated_output
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import degenerate_latents
from gandoctor.rules.hypotheses.training import CHASING_THE_DISCRIMINATOR
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.persistence import PROBES, Episode, persistent_episodes
from gandoctor.rules.reading.sample_progress import LEAST_STEPS, sample_progress, severity_while_learning
from gandoctor.rules.reading.young import calm_since
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.samples.real_bands import real_bands, sample_count
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_DUPLICATES = "sample_duplicate_pairs"
_NEAREST = "sample_nn_distance"
_SPREAD = "sample_latent_std"
_COVERAGE = "sample_coverage"
SIGNALS = (_DUPLICATES, _NEAREST, _SPREAD)
HOPS, STAYS = 0.5, 0.05
"""Movement of an image between probes over the distance of neighbouring real images, from which it has become another
one, and below which it stays the same. Judgement."""


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
        filled: Share of all pairs that are copies from which one image fills the sheet, also in warm-up.
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
    filled: float = 0.9
    faint: float = 0.5


@dataclass(frozen=True)
class Sign:
    """A stretch of training in which a signal shows collapse.

    Attributes:
        signal: Which.
        observed: Its median over the stretch.
        limit: What each probe was compared with; normal: the mean of the null.
        first_step: First step of the stretch; last_step: its last.
        episode: The stretch; None for low coverage, which only supports the others and spans them all.
    """

    signal: str
    observed: float
    limit: float
    normal: float
    first_step: int
    last_step: int
    episode: Episode | None = None


def find_collapse(run: Run, limits: Limits) -> list[Sign]:
    """Find where the samples are copies of each other, one sign for each signal that shows it; empty where none does.

    Raises:
        NotEvaluated: Too few real images were stored, or too few probes were recorded.
    """
    import pandas as pd

    bands = real_bands(run, *SIGNALS)
    pair_limit = max(sample_count(run) / (2 * limits.support), limits.duplicate_margin * bands[_DUPLICATES].high)
    edges = {
        _DUPLICATES: pair_limit,
        _NEAREST: limits.nearest * bands[_NEAREST].mean,
        _SPREAD: limits.spread * bands[_SPREAD].mean,
    }
    conditions = {
        _DUPLICATES: run[_DUPLICATES] > edges[_DUPLICATES],
        _NEAREST: run[_NEAREST] < edges[_NEAREST],
        _SPREAD: run[_SPREAD] < edges[_SPREAD],
    }
    far = {_DUPLICATES: run[_DUPLICATES] > limits.sudden * pair_limit}
    varied = ~pd.DataFrame(conditions).any(axis=1)
    start = dict.fromkeys(conditions, calm_since(run, varied))
    signs = [
        Sign(
            name,
            float(episode.of(run[name]).median()),
            edges[name],
            bands[name].mean,
            episode.first_step,
            episode.last_step,
            episode,
        )
        for name, episode in persistent_episodes(
            conditions, start, far, begun=True, young_until=warm_up_end(run)
        ).items()
        if episode is not None
    ]
    if signs and _COVERAGE in run and _COVERAGE in bands:
        first, last = min(sign.first_step for sign in signs), max(sign.last_step for sign in signs)
        normal = bands[_COVERAGE].mean
        covered = run[_COVERAGE].loc[first:last]
        if len(covered) and covered.median() < limits.coverage * normal:
            signs.append(Sign(_COVERAGE, float(covered.median()), limits.coverage * normal, normal, first, last))
    return signs


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on copies, on nearest neighbours, on the spread across latents; coverage in support."""
    evidence: list[Evidence] = []
    try:
        signs = find_collapse(run, limits)
    except NotEvaluated:
        filled = _filled_sheet(run, limits)
        if filled is None:
            raise
        return [filled]
    for sign in signs:
        severity = max((e.severity or Severity.CRITICAL for e in evidence), key=lambda s: s.rank, default=None)
        ending = passing = None
        if sign.episode is not None:
            severity, ending = sign.episode.severity(Severity.CRITICAL), sign.episode.ending
            if sign.signal == _DUPLICATES and _are_faint(run, sign.episode, limits):
                severity, passing = severity_while_learning(run, sign.episode, severity, must_last=True)
        statement = sentences(_statement(sign, sample_count(run)), ending, passing)
        evidence.append(
            Evidence(sign.signal, sign.observed, sign.limit, sign.first_step, sign.last_step, statement, severity)
        )
    return evidence


def _filled_sheet(run: Run, limits: Limits) -> Evidence | None:
    """Return that all samples of the last 100 steps of warm-up are copies; None where they are not.

    Every generator begins so. It is a remark while it leaves that behind, and critical where it does not.
    """
    samples, last = sample_count(run), int(run[_DUPLICATES].index[-1])
    copies = run[_DUPLICATES].loc[last - LEAST_STEPS :]
    possible = samples * (samples - 1) / 2
    whole = len(copies) >= PROBES and last - int(copies.index[0]) >= 0.9 * LEAST_STEPS and int(copies.index[0]) > 0
    if not whole or not (copies >= limits.filled * possible).all():
        return None
    progress = sample_progress(run, int(copies.index[0]), last)
    stuck = progress is not None and progress.state == "stuck"
    statement = sentences(
        _copies(float(copies.median()), samples, real_bands(run, _DUPLICATES)[_DUPLICATES].mean),
        progress.statement if progress is not None else None,
        None if stuck else Message("Training is young, and it may pass."),
    )
    return Evidence(
        _DUPLICATES,
        float(copies.median()),
        limits.filled * possible,
        int(copies.index[0]),
        last,
        statement,
        Severity.CRITICAL if stuck else Severity.INFO,
    )


def _are_faint(run: Run, episode: Episode, limits: Limits) -> bool:
    """Tell whether the images of a stretch lie close together for lack of contrast."""
    normal = real_bands(run, _SPREAD)[_SPREAD].mean
    return bool(episode.of(run[_SPREAD]).median() < limits.faint * normal)


def _statement(sign: Sign, samples: int) -> Message:
    """Say what a signal shows."""
    if sign.signal == _DUPLICATES:
        return _copies(sign.observed, samples, sign.normal)
    if sign.signal == _NEAREST:
        return Message(
            "Half of the samples have another one within {distance:.2g}; among your real images that distance is "
            "{normal:.2g}.",
            distance=sign.observed,
            normal=sign.normal,
        )
    if sign.signal == _SPREAD:
        return Message(
            "Complete collapse: the latents hardly change the image. Pixels vary by {spread:.2g} across latents and by "
            "{normal:.2g} across your real images.",
            spread=sign.observed,
            normal=sign.normal,
        )
    return Message("Samples cover {share:.0%} of what as many real images would cover.", share=sign.observed)


def _copies(pairs: float, samples: int, normal: float) -> Message:
    possible = samples * (samples - 1) / 2
    if pairs >= 0.9 * possible:
        return Message(
            "Complete collapse: {pairs:.0f} of {possible:.0f} pairs of samples are copies of each other.",
            pairs=pairs,
            possible=possible,
        )
    return Message(
        "Partial collapse: {pairs:.0f} pairs among {samples} samples are copies ({normal:.1f} among as many real "
        "images). About {support:.0f} equally likely images would make as many, or one image that {group:.0f} of the "
        "samples show.",
        pairs=pairs,
        samples=samples,
        normal=normal,
        support=samples**2 / (2 * pairs),
        group=float((1 + np.sqrt(1 + 8 * pairs)) / 2),
    )


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why latents lead to the same images, with what this run shows of each.

    That latents are ignored is the finding itself, and no cause of it.
    """
    shared = (degenerate_latents, range_mismatch, saturated_output, no_batch_norm)
    return [*(hypothesis(run) for hypothesis in shared), _chasing(run, found)]


def _chasing(run: Run, found: Found) -> Cause:
    """Score that the repeated image changes from probe to probe: half, by judgement, where that was not recorded."""
    test = sentences(CHASING_THE_DISCRIMINATOR.test, Message("R1, or a discriminator that sees the batch, ends it."))
    first, last = min(e.first_step for e in found.evidence), max(e.last_step for e in found.evidence)
    moved = median_between(run, "sample_step_distance", first, last)
    apart = real_bands(run, _NEAREST)[_NEAREST].mean
    if moved is None:
        return CHASING_THE_DISCRIMINATOR.cause(0.5, Message("how far the images move was not recorded"), test)
    shown = Message(
        "from probe to probe an image moves by {moved:.2g}, and {apart:.2g} lie between neighbouring real images",
        moved=moved,
        apart=apart,
    )
    share = moved / apart if apart > 0 else 0.0
    return CHASING_THE_DISCRIMINATOR.cause(0.7 if share > HOPS else 0.05 if share < STAYS else 0.4, shown, test)


LIMITS = Limits()

RULE = Rule(
    id="GD403",
    name="mode-collapse",
    title=Message("The generator makes the same few images again and again"),
    severity=Severity.CRITICAL,
    requires=SIGNALS,
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
    after_warm_up=False,
    causes=causes,
)
