"""GD405: the samples are blank: black, white or grey, with nothing on them.

What it is
    Every generated image is one brightness from edge to edge, or so nearly that nothing can be made out. Most often it
    is the same one for every latent: the generator sits at a bound of its output, or halfway, and does not leave it.

Why it hurts
    There is nothing to look at, and little to learn from: at a bound of a sigmoid or tanh hardly any gradient passes,
    and the discriminator needs no more than the brightness to be right about every image.

How it is recognised
    The contrast of the samples, the standard deviation of all their values, is a small part of that of the real data.
    Or every image of a probe is exactly one brightness, whichever it is. It must hold in 3 of 4 successive probes
    spanning at least 60 steps, after warm-up. The statement says which brightness it is, on the scale of the data.

What it is not
    A generator that makes one good image for every latent has contrast: that is mode-collapse (GD403), which also holds
    here, since blank images are copies of each other. Faint young samples keep a third of the contrast of the reals
    and more. Noise has contrast as well (GD401). Real images with little contrast of their own set their own standard.
    An image of one colour, red for instance, has contrast between its channels and is found only where it is exact.

What to do
    Compare the range of the data with what the generator's last activation reaches: data in 0..255 leave a sigmoid
    black, data in -1..1 leave it grey. Then look whether the latents vary, whether batch normalisation keeps the
    generator's activations apart and whether its units are alive; the balance of the players comes last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gandoctor.measures import null_bands
from gandoctor.rules.hypotheses.networks import no_batch_norm, saturated_output
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import degenerate_latents, discriminator_learns_faster
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_CONTRAST = "sample_std"
_BRIGHTNESS = "sample_mean"
_CORRELATION = "sample_autocorrelation"
_NOISE = "sample_noise_sigma"

MANY_DEAD = 0.5
"""Share of dead units from which a generator may have nothing left to draw with; healthy ones have few."""


@dataclass(frozen=True)
class Limits:
    """Set on the first round of measurements and on made images; to be calibrated on runs.

    Attributes:
        contrast: Standard deviation of all values over that of the reals. Constant images give 0; real digits with
            their contrast cut to 0.4 give 0.4; the faintest generator that still showed strokes gave 0.33.
        bound: Distance from the darkest and the brightest value of the data, as a share of their range, up to which
            a blank is called black or white. For the wording only.
    """

    contrast: float = 0.15
    bound: float = 0.1


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the contrast of the samples, with the brightness in words."""
    normal = _real_contrast(run)
    if normal is None:
        raise NotEvaluated("The contrast of your real images is not known: none were stored.")
    if not normal > 0:
        raise NotEvaluated("Your real images are blank themselves.")
    limit = limits.contrast * normal
    table = pd.DataFrame({name: run[name] for name in (_CONTRAST, _BRIGHTNESS)}).dropna()
    flat = _every_image_flat(run, table.index)
    episode = persistent_episode((table[_CONTRAST] < limit) | flat, warm_up_end(run.manifest))
    if episode is None:
        return []
    observed = float(episode.of(table[_CONTRAST]).median())
    severity = episode.severity(Severity.CRITICAL)
    mean = float(episode.of(table[_BRIGHTNESS]).median())
    statement = (
        f"Samples are {_in_words(mean, limits)}: their values vary by {observed:.2g} of the data's range, those "
        f"of your real images by {normal:.2g}."
        if observed < limit
        else f"Every sample is one brightness from edge to edge, though not the same one: on average {mean:.2g} on a "
        "scale where your data reach from 0 to 1."
    )
    return [
        Evidence(
            _CONTRAST, observed, limit, episode.first_step, episode.last_step, statement + episode.ending, severity
        )
    ]


def _real_contrast(run: Run) -> float | None:
    """Standard deviation of the reals' values over their range: resampled, else as the data card has it."""
    band = null_bands(run).get(_CONTRAST)
    if band is not None:
        return band.mean
    data = run.manifest.data
    width = data.maximum - data.minimum if data is not None else 0.0
    return data.std / width if data is not None and width > 0 and np.isfinite(data.std) else None


def _every_image_flat(run: Run, steps: pd.Index) -> pd.Series[bool]:
    """Tell at which steps no image had any variation within it: then there was no correlation to measure.

    Noise is measured whenever the values are finite, so that a probe with the one and without the other is no gap.
    """
    measured = pd.Series(steps.isin(run[_NOISE].index) if _NOISE in run else False, index=steps)
    varied = pd.Series(steps.isin(run[_CORRELATION].index) if _CORRELATION in run else False, index=steps)
    return measured & ~varied & (_CORRELATION not in run.manifest.missing)


def _in_words(mean: float, limits: Limits) -> str:
    if mean < limits.bound:
        return "black, the darkest value of your data" if mean > -limits.bound else "darker than any of your data"
    if mean > 1 - limits.bound:
        return (
            "white, the brightest value of your data" if mean < 1 + limits.bound else "brighter than any of your data"
        )
    return f"grey, at {mean:.2g} on a scale where your data reach from 0 to 1"


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank why there is nothing on the images, with what this run shows of each."""
    return [
        range_mismatch(run),
        degenerate_latents(run),
        _dead_units(run),
        saturated_output(run),
        no_batch_norm(run),
        discriminator_learns_faster(run),
    ]


def _dead_units(run: Run) -> Cause:
    dead = late_median(run, "g_dead_units")
    return Cause(
        "generator-dead-units",
        "The generator's ReLU units are dead",
        0.15 if dead is None else 0.8 if dead >= MANY_DEAD else 0.05,
        "Units that are 0 for every latent pass nothing on and get no gradient; leaky ReLU or a lower learning rate "
        "from the start keeps them alive. This run: "
        + ("not recorded." if dead is None else f"{dead:.0%} of the units are 0 for every latent."),
    )


LIMITS = Limits()

RULE = Rule(
    id="GD405",
    name="blank-samples",
    title="The samples are blank",
    severity=Severity.CRITICAL,
    requires=(_CONTRAST, _BRIGHTNESS),
    detect=detect,
    limits=LIMITS,
    treatments=(
        "match-output-range",
        "vary-latents",
        "batch-norm-in-generator",
        "lower-discriminator-learning-rate",
        "r1-regularisation",
    ),
    references=(
        "Radford et al., Unsupervised Representation Learning with DCGANs, ICLR 2016 (batch norm in the generator)",
        "carpedm20/DCGAN-tensorflow issue 24 (images that were not scaled)",
        "fchollet/deep-learning-with-python-notebooks issue 7 (tanh on data in [0, 1])",
    ),
    page=__doc__,
    causes=causes,
)
