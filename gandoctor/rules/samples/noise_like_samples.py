"""GD401: the samples look like noise: neighbouring pixels hardly know of each other.

What it is
    The generator's output has no strokes and no shapes, only grain. Either it was never taught (its gradients carry
    nothing), or something behind it or in it breaks the image up again.

Why it hurts
    Nothing useful is generated, and the losses do not show it: with a discriminator that does not train they sit at
    their textbook equilibrium, 0.69, while the images are noise.

How it is recognised
    The correlation of neighbouring pixels is well below that of the user's own reals at the same batch size, and
    the power spectrum is flatter or holds more high frequencies than theirs. Both must hold in 3 of 4 successive
    probes spanning at least 60 steps, after warm-up: every generator starts as noise.

What it is not
    Images with grain on top are noisy-samples (GD402): what measured pixel noise takes from the correlation is
    given back before it is judged, unless the noise is most of the variance. So is salt and pepper, which lowers
    the correlation but leaves flat areas exactly flat. Real data that are themselves noisy set their own standard,
    because the comparison is with them. Smooth blobs correlate too much, not too little. Constant output has no
    correlation at all and is mode-collapse (GD403).

What to do
    Look for the broken contract first: does the discriminator train at all, does batch normalisation run in the
    mode it should, does the output range match the data? Then the order and placement of batch normalisation; only
    then the learning rates. Dropout comes last: the evidence for it is weak.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gandoctor.measures import null_bands
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
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.reading.pixel_correlation import correlation_beneath_grain
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_SIGNALS = ("sample_autocorrelation", "sample_spectral_flatness", "sample_high_frequency")
NEARER = 0.25
"""Share of what is missing to the correlation of real images that must be gained between the halves of the run."""
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
        flat_noise_sigma: Pixel noise over the null up to which flat areas count as flat: salt and pepper on a
            clear image, left to GD402.
    """

    correlation_drop: float = 0.12
    null_sigmas: float = 6.0
    flatness_ratio: float = 1.3
    high_frequency_ratio: float = 2.0
    flat_noise_sigma: float = 0.005


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the correlation and on whichever spectral statistic stands out."""
    bands = null_bands(run)
    if any(name not in bands for name in _SIGNALS):
        raise NotEvaluated("Too few real images were stored to know what is normal for this data.")
    table = pd.DataFrame({name: run[name] for name in _SIGNALS}).dropna()
    correlation = bands["sample_autocorrelation"]
    lowest = correlation.mean - max(limits.correlation_drop, limits.null_sigmas * correlation.std)
    flattest = limits.flatness_ratio * bands["sample_spectral_flatness"].mean
    most_high = limits.high_frequency_ratio * bands["sample_high_frequency"].mean
    beneath_grain = correlation_beneath_grain(run).reindex(table.index)
    holds = (beneath_grain < lowest) & (
        (table["sample_spectral_flatness"] > flattest) | (table["sample_high_frequency"] > most_high)
    )
    holds &= ~_salt_and_pepper(run, table.index, limits)
    episode = persistent_episode(holds, warm_up_end(run.manifest))
    if episode is None:
        return []
    severity, passing = severity_while_learning(run, episode, episode.severity(Severity.CRITICAL))
    observed = {name: float(episode.of(table[name]).median()) for name in _SIGNALS}
    evidence = [
        Evidence(
            "sample_autocorrelation",
            observed["sample_autocorrelation"],
            lowest,
            episode.first_step,
            episode.last_step,
            f"Neighbouring pixels of samples correlate by {observed['sample_autocorrelation']:.2f}; in your real "
            f"images by {correlation.mean:.2f}.{episode.ending}{passing}",
            severity,
        )
    ]
    for name, limit, what in (
        ("sample_spectral_flatness", flattest, "The spectrum of samples is flatter"),
        ("sample_high_frequency", most_high, "Samples hold a larger share of high frequencies"),
    ):
        if observed[name] > limit:
            evidence.append(
                Evidence(
                    name,
                    observed[name],
                    limit,
                    episode.first_step,
                    episode.last_step,
                    f"{what} than that of your real images: {observed[name]:.3f} against {bands[name].mean:.3f}.",
                    severity,
                )
            )
    return evidence


def _salt_and_pepper(run: Run, steps: pd.Index, limits: Limits) -> pd.Series[bool]:
    """Tell at which steps the flat areas are intact and only single pixels stand out."""
    bands = null_bands(run)
    if "sample_noise_sigma" not in run or "sample_impulse" not in run:
        return pd.Series(False, index=steps)
    noise = run["sample_noise_sigma"].reindex(steps)
    impulse = run["sample_impulse"].reindex(steps)
    return (noise < bands["sample_noise_sigma"].high + limits.flat_noise_sigma) & (
        impulse > bands["sample_impulse"].high
    )


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why the generator has learnt nothing, with what this run shows of each."""
    return [*(hypothesis(run) for hypothesis in _RANKED), _not_finished(run)]


def _not_finished(run: Run) -> Cause:
    late = run["sample_autocorrelation"].loc[warm_up_end(run.manifest) :]
    half = len(late) // 2
    early, now = float(late.iloc[:half].median()), float(late.iloc[half:].median())
    missing = null_bands(run)["sample_autocorrelation"].mean - early
    rising = now - early > NEARER * missing
    return Cause(
        "not-finished",
        "The generator has not finished learning",
        0.6 if rising else 0.1,
        "The correlation of neighbouring pixels keeps rising over the last probes. This run: its median after warm-up "
        f"went from {early:.2f} in the first half to {now:.2f} in the second.",
    )


LIMITS = Limits()

RULE = Rule(
    id="GD401",
    name="noise-like-samples",
    title="The samples look like noise",
    severity=Severity.CRITICAL,
    requires=_SIGNALS,
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
    causes=causes,
)
