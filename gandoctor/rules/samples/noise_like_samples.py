"""GD401: the samples look like noise: neighbouring pixels are hardly related.

What it is
    The generator's output has no strokes and no shapes, only grain. Either it was never taught (its gradients carry
    nothing), or something in it or behind it breaks the image up again.

Why it hurts
    Nothing useful is generated, and the losses do not show it: with a discriminator that does not train they sit at
    their textbook equilibrium, 0.69, while the images are noise.

How it is recognised
    The correlation of neighbouring pixels is well below that of your own reals at the same batch size, and the power
    spectrum is flatter or holds more high frequencies than theirs. Both must hold in 3 of 4 successive probes that span
    at least 60 steps, after warm-up or once they were clear: every generator starts as noise.

What it is not
    Images with grain on top are noisy-samples (GD402): what the measured pixel noise takes from the correlation is
    given back before it is judged, unless the noise is most of the variance. So is salt and pepper, which lowers the
    correlation but leaves flat areas exactly flat; where it comes with grain, a median filter tells: it brings the
    correlation back to that of filtered reals, and of noise it makes blobs of noise. Noisy real data set their own
    standard, because they are what samples are compared with. Smooth blobs correlate too much, not too little. Constant
    output has no correlation at all and is mode-collapse (GD403).

What to do
    Look for the broken contract first. Does the discriminator train at all? Does batch normalisation run in the right
    mode? Does the output range match the data? Then check the order and placement of batch normalisation, and only
    then the learning rates. Dropout comes last: the evidence for it is weak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.measures import null_bands
from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.networks import (
    batch_norm_in_discriminator,
    batch_norm_mode,
    batch_norm_placement,
    too_much_dropout,
)
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import (
    discriminator_frozen,
    discriminator_learns_faster,
    generator_not_moving,
    labels_disagree,
)
from gandoctor.rules.hypotheses.training import NOT_FINISHED
from gandoctor.rules.reading.late_values import medians_of_halves
from gandoctor.rules.reading.persistence import PROBES, Episode, persistent_episode
from gandoctor.rules.reading.pixel_correlation import correlation_beneath_grain
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.reading.young import GROWN, calm_since, drawn
from gandoctor.rules.rule import Cause, Evidence, Found, Rule, Severity
from gandoctor.rules.samples.real_bands import real_bands
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_CORRELATION = "sample_autocorrelation"
_FLATNESS = "sample_spectral_flatness"
_HIGH = "sample_high_frequency"
_SIGMA = "sample_noise_sigma"
_IMPULSE = "sample_impulse"
_LONE = "sample_lone_pixels"
_FILTERED = "sample_filtered_correlation"
SIGNALS = (_CORRELATION, _FLATNESS, _HIGH)
NEARER = 0.25
"""Share of what the correlation lacks of that of real images that it must gain between the halves of the run."""
_RANKED = (
    range_mismatch,
    discriminator_frozen,
    generator_not_moving,
    labels_disagree,
    batch_norm_mode,
    batch_norm_in_discriminator,
    batch_norm_placement,
    too_much_dropout,
    discriminator_learns_faster,
)


@dataclass(frozen=True)
class Limits:
    """Thresholds against the real-vs-real null, read off the first round of measurements; to be calibrated again.

    Attributes:
        correlation_drop: How far the correlation must lie below the null's mean. Noise-like runs lay 0.16 to
            0.83 below, healthy ones 0.01 to 0.05 above, reals with Gaussian noise of sigma 0.1 lay 0.05
            below.
        null_sigmas: The drop must also exceed this many standard deviations of the null (0.003 to 0.005 on
            MNIST).
        flatness_ratio: Spectral flatness over the null's (a discriminator that never trained: 1.5; healthy:
            0.8 to 0.9).
        high_frequency_ratio: High-frequency share over the null's (never trained: 8; healthy: 0.9 to 1.0;
            reals with noise of sigma 0.1: 1.9).
        calm: Share of the drop up to which the correlation is at the level of the reals: what then comes is judged at
            once. Judgement.
        flat_noise_sigma: Pixel noise over the null up to which flat areas count as flat: salt and pepper on a
            clear image, left to GD402.
        lone_pixels: As in GD402: share of lone pixels above that of the reals that is salt and pepper. The texture
            of generators that were never taught holds none (0.0000), at impulses as frequent.
    """

    correlation_drop: float = 0.12
    null_sigmas: float = 6.0
    flatness_ratio: float = 1.3
    high_frequency_ratio: float = 2.0
    calm: float = 0.25
    flat_noise_sigma: float = 0.005
    lone_pixels: float = 0.003


@dataclass(frozen=True)
class NoiseLike:
    """A stretch of training in which the samples look like noise.

    Attributes:
        episode: The stretch.
        medians: Of each of SIGNALS over it.
        limits: What each was compared with: the least correlation, the largest flatness and high-frequency share.
    """

    episode: Episode
    medians: dict[str, float]
    limits: dict[str, float]


def find_noise(run: Run, limits: Limits) -> NoiseLike | None:
    """Find the stretch in which the samples look like noise; None where there is none.

    Raises:
        NotEvaluated: Too few real images were stored, or too few probes were recorded.
    """
    import pandas as pd

    bands = real_bands(run, *SIGNALS)
    table = pd.DataFrame({name: run[name] for name in SIGNALS}).dropna()
    correlation = bands[_CORRELATION]
    edges = {
        _CORRELATION: correlation.mean - max(limits.correlation_drop, limits.null_sigmas * correlation.std),
        _FLATNESS: limits.flatness_ratio * bands[_FLATNESS].mean,
        _HIGH: limits.high_frequency_ratio * bands[_HIGH].mean,
    }
    beneath_grain = correlation_beneath_grain(run).reindex(table.index)
    holds = (beneath_grain < edges[_CORRELATION]) & (
        (table[_FLATNESS] > edges[_FLATNESS]) | (table[_HIGH] > edges[_HIGH])
    )
    holds &= ~_salt_and_pepper(run, table.index, limits)
    clear = beneath_grain >= correlation.mean - limits.calm * limits.correlation_drop
    grown = drawn(run, GROWN)
    if grown is not None:  # faint first shapes come and go
        clear &= grown.reindex(clear.index, fill_value=False)
    start, until = calm_since(run, clear), warm_up_end(run)
    episode = persistent_episode(holds, start, begun=True, young_until=until)
    if episode is None:
        return None
    return NoiseLike(episode, {name: float(episode.of(table[name]).median()) for name in SIGNALS}, edges)


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the correlation and on whichever spectral statistic stands out."""
    noise = find_noise(run, limits)
    if noise is None:
        return []
    bands, episode = real_bands(run, *SIGNALS), noise.episode
    severity, passing = severity_while_learning(run, episode, episode.severity(Severity.CRITICAL))
    uncorrelated = Message(
        "Neighbouring pixels of samples correlate by {correlation:.2f}, those of your real images by {normal:.2f}.",
        correlation=noise.medians[_CORRELATION],
        normal=bands[_CORRELATION].mean,
    )
    flatter = Message(
        "The spectrum of samples is flatter than that of your real images: {flatness:.3f} against {normal:.3f}.",
        flatness=noise.medians[_FLATNESS],
        normal=bands[_FLATNESS].mean,
    )
    higher = Message(
        "Samples hold a larger share of high frequencies than your real images: {share:.3f} against {normal:.3f}.",
        share=noise.medians[_HIGH],
        normal=bands[_HIGH].mean,
    )
    told = {_CORRELATION: sentences(uncorrelated, episode.ending, passing)}
    told |= {n: m for n, m in ((_FLATNESS, flatter), (_HIGH, higher)) if noise.medians[n] > noise.limits[n]}
    return [
        Evidence(
            name, noise.medians[name], noise.limits[name], episode.first_step, episode.last_step, statement, severity
        )
        for name, statement in told.items()
    ]


def _salt_and_pepper(run: Run, steps: pd.Index, limits: Limits) -> pd.Series[bool]:
    """Tell at which steps single pixels stand out from shapes: on flat areas left intact, or on what a filter clears.

    Lone pixels are rare: their share is the median of the last probes that persistence asks for.
    """
    import pandas as pd

    specked = pd.Series(False, index=steps)
    bands = null_bands(run)
    if {_SIGMA, _IMPULSE} <= set(run.names):
        noise, impulse = (run[name].reindex(steps) for name in (_SIGMA, _IMPULSE))
        specked |= (noise < bands[_SIGMA].high + limits.flat_noise_sigma) & (impulse > bands[_IMPULSE].high)
    if {_LONE, _FILTERED} <= set(run.names) and _LONE in bands:
        lone = run[_LONE].reindex(steps).rolling(PROBES, min_periods=1).median()
        cleared = run[_FILTERED].reindex(steps) >= bands[_FILTERED].mean - limits.correlation_drop
        specked |= cleared & (lone > bands[_LONE].mean + limits.lone_pixels)
    return specked


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why the generator has learnt nothing, with what this run shows of each."""
    return [*(hypothesis(run) for hypothesis in _RANKED), _not_finished(run)]


def _not_finished(run: Run) -> Cause:
    """Return the hypothesis that learning goes on; its scores are judgement."""
    early, late = medians_of_halves(run[_CORRELATION].loc[warm_up_end(run) :])
    lacking = real_bands(run, _CORRELATION)[_CORRELATION].mean - early
    shown = Message(
        "its median after warm-up went from {early:.2f} in the first half to {late:.2f} in the second",
        early=early,
        late=late,
    )
    test = Message("The correlation of neighbouring pixels keeps rising over the last probes.")
    return NOT_FINISHED.cause(0.6 if late - early > NEARER * lacking else 0.1, shown, test)


LIMITS = Limits()

RULE = Rule(
    id="GD401",
    name="noise-like-samples",
    title=Message("The samples look like noise"),
    severity=Severity.CRITICAL,
    requires=SIGNALS,
    detect=detect,
    limits=LIMITS,
    treatments=(
        "separate-variable-lists",
        "match-output-range",
        "consistent-labels",
        "batch-norm-placement",
        "batch-norm-momentum",
        "raise-generator-learning-rate",
        "dropout-rate",
        "lower-discriminator-learning-rate",
        "train-longer",
    ),
    references=(
        "Radford et al., Unsupervised Representation Learning with DCGANs, ICLR 2016 (where batch norm belongs)",
        "eriklindernoren/Keras-GAN issue 252 (frozen batch norm, samples stay noise)",
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 3",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
)
