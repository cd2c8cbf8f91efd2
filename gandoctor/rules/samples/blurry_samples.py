"""GD407: the samples are smoother than the real images: shapes without edges, averages of several images.

What it is
    The generator makes soft images. Strokes have no edges, textures are missing, and where several details are possible
    the image shows their average. The overall shape may be right.

Why it hurts
    Fine detail is what tells a good sample from a rough one, and a game that rewarded it would not settle on averages.
    Either the discriminator does not see the detail, or something other than the discriminator teaches the generator.
    Softness of that kind does not go away by itself.

How it is recognised
    By two measurements that agree, each against your own reals at the same batch size: neighbouring pixels differ by
    much less than theirs (the correlation is too high), and the share of high spatial frequencies is far below theirs.
    Both must hold in 3 of 4 successive probes that span at least 60 steps, after warm-up.

What it is not
    Healthy samples are a little smoother than the reals: the margins leave room for that. Faint samples of a young
    generator lose contrast, not frequencies, and neither measurement depends on contrast. Smooth real data set their
    own standard. Samples that hardly vary across latents are not judged: a generator that makes one image, be it blank
    or the mean of the data, has collapsed or gone blank (mode-collapse GD403, blank-samples GD405), and softness is its
    least problem. Grain is noisy-samples (GD402) and can hide blur beneath it. Averages of two sharp images keep half
    of the high frequencies and are not found; nor is blur where the reals have next to none.

What to do
    Look for what smooths the images by construction: a pixel loss beside the adversarial one, upsampling after the last
    convolution, averaged weights. Then find out which player is at fault: a discriminator that cannot tell the
    samples from the reals is too weak to ask for detail, and one that always can leaves the generator nothing to
    follow.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.reading.sample_progress import severity_while_learning
from gandoctor.rules.rule import Evidence, Rule, Severity
from gandoctor.rules.samples.blurry_samples_causes import causes
from gandoctor.rules.samples.real_bands import real_bands
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_CORRELATION = "sample_autocorrelation"
_HIGH = "sample_high_frequency"
_SPREAD = "sample_latent_std"
_SIGNALS = (_CORRELATION, _HIGH, _SPREAD)


@dataclass(frozen=True)
class Limits:
    """Thresholds against the real-vs-real null; measured on blurred real digits, to be calibrated on runs.

    Attributes:
        decorrelation: 1 minus the correlation of neighbouring pixels, over the same of the null. Digits blurred
            by a Gaussian of 0.5 pixels: 0.70, of 0.6: 0.57, of 1: 0.31; digits rebuilt from 40 principal components
            0.51, from 10: 0.30; halfway to the mean digit 0.57; the average of two digits 0.77. The healthy runs of
            the first round had 0.79 to 0.91.
        null_sigmas: The correlation must also exceed the null's mean by this many of its standard deviations (0.0045
            with 128 digits).
        high_frequency_ratio: High-frequency share over the null's. Blurred by 0.5 pixels: 0.35, by 1: 0.004; rebuilt
            from 40 components 0.10; halfway to the mean digit 0.52; the average of two 0.73; healthy 0.75 to 0.92.
            Synthetic colour photographs blurred by 1 pixel: 0.1 to 0.46, where their own edges hold most of the rest.
        spread: Spread across latents over the null's below which samples are not judged (the mean image: 0; digits
            rebuilt from 2 components: 0.35).
    """

    decorrelation: float = 0.6
    null_sigmas: float = 6.0
    high_frequency_ratio: float = 0.5
    spread: float = 0.1


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the high-frequency share and on the correlation, which must agree."""
    import pandas as pd

    bands = real_bands(run, *_SIGNALS)
    # A probe of constant images has no spectrum and no correlation, and so no row here.
    table = pd.DataFrame({name: run[name] for name in _SIGNALS}).dropna()
    correlation, high = bands[_CORRELATION], bands[_HIGH]
    highest = max(
        1.0 - limits.decorrelation * (1.0 - correlation.mean),
        correlation.mean + limits.null_sigmas * correlation.std,
    )
    least = limits.high_frequency_ratio * high.mean
    holds = (
        (table[_HIGH] < least)
        & (table[_CORRELATION] > highest)
        & (table[_SPREAD] > limits.spread * bands[_SPREAD].mean)
    )
    episode = persistent_episode(holds, warm_up_end(run))
    if episode is None:
        return []
    severity, passing = severity_while_learning(run, episode, episode.severity(Severity.WARNING), must_last=True)
    share = float(episode.of(table[_HIGH]).median())
    correlated = float(episode.of(table[_CORRELATION]).median())
    softer = Message(
        "Samples hold {ratio:.1%} of the high frequencies of your real images: a share of {share:.2g} of their power "
        "against {normal:.2g}.",
        ratio=share / high.mean,
        share=share,
        normal=high.mean,
    )
    smoother = Message(
        "Neighbouring pixels of samples correlate by {correlation:.3f}, those of your real images by {normal:.3f}: the "
        "samples are smoother.",
        correlation=correlated,
        normal=correlation.mean,
    )
    first, last = episode.first_step, episode.last_step
    return [
        Evidence(_HIGH, share, least, first, last, sentences(softer, episode.ending, passing), severity),
        Evidence(_CORRELATION, correlated, highest, first, last, smoother, severity),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD407",
    name="blurry-samples",
    title=Message("The samples are blurry"),
    severity=Severity.WARNING,
    requires=_SIGNALS,
    detect=detect,
    limits=LIMITS,
    treatments=(
        "lower-pixel-loss-weight",
        "convolution-after-upsampling",
        "separate-variable-lists",
        "raise-generator-learning-rate",
        "lower-discriminator-learning-rate",
        "strengthen-discriminator",
        "train-longer",
    ),
    references=(
        "Larsen et al., Autoencoding beyond Pixels using a Learned Similarity Metric, ICML 2016 (pixel losses blur)",
        "Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017 (L1 and L2 average)",
        "Durall et al., Watch Your Up-Convolution, CVPR 2020 (spectra of generated images)",
    ),
    page=__doc__,
    causes=causes,
)
