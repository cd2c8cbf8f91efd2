"""GD405: the samples are blank: black, white or grey, with nothing on them.

What it is
    Every generated image has one brightness from edge to edge, or so nearly that nothing can be made out. Most often
    it is the same brightness for every latent: the generator is stuck at a bound of its output, or halfway.

Why it hurts
    There is nothing to look at, and little to learn from: at a bound of a sigmoid or tanh hardly any gradient passes,
    and the discriminator needs only the brightness to be right about every image.

How it is recognised
    The contrast of the samples (the standard deviation of all their values) is a small part of that of the real data.
    Or every image of a probe has exactly one brightness, whichever it is. It must hold in 3 of 4 successive probes that
    span at least 60 steps, after warm-up or once they were vivid. The statement names the brightness, on the scale of
    the data.

What it is not
    A generator that makes one good image for every latent has contrast. That is mode-collapse (GD403), which also fires
    here, because blank images are copies of each other. Faint young samples keep a third of the contrast of the reals
    or more. Noise has contrast as well (GD401). Real images with little contrast set their own standard. An image of
    one colour, such as red, has contrast between its channels, and is found only where the colour is exact.

What to do
    Compare the range of the data with what the generator's last activation can reach: data in 0..255 turn the output
    of a sigmoid black, data in -1..1 turn it grey. Then check that the latents vary, that batch normalisation keeps the
    generator's activations apart and that its units are alive. The balance of the two players comes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.networks import no_batch_norm, saturated_output
from gandoctor.rules.hypotheses.output_range import range_mismatch
from gandoctor.rules.hypotheses.players import degenerate_latents, discriminator_learns_faster
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.persistence import Episode, persistent_episode
from gandoctor.rules.reading.young import calm_since
from gandoctor.rules.rule import Cause, Evidence, Found, NotEvaluated, Rule, Severity
from gandoctor.rules.samples.real_bands import real_bands
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

_CONTRAST = "sample_std"
_BRIGHTNESS = "sample_mean"
_CORRELATION = "sample_autocorrelation"
_NOISE = "sample_noise_sigma"
SIGNALS = (_CONTRAST, _BRIGHTNESS)

MANY_DEAD = 0.5
"""Share of dead units from which a generator may have nothing left to draw with; healthy ones have few."""

DEAD_UNITS = Hypothesis(
    "generator-dead-units",
    Message("The generator's ReLU units are dead"),
    Message(
        "Units that are 0 for every latent pass nothing on and get no gradient. Leaky ReLU, or a lower learning rate "
        "from the start, keeps them alive."
    ),
)


@dataclass(frozen=True)
class Limits:
    """Set on the first round of measurements and on made images; to be calibrated on runs.

    Attributes:
        contrast: Standard deviation of all values over that of the reals. Constant images give 0; real digits with
            their contrast cut to 0.4 give 0.4; the faintest generator that still showed strokes gave 0.33.
        calm: Contrast over that of the reals from which samples are vivid: what then comes is judged at once.
            Judgement.
        bound: Distance from the darkest and the brightest value of the data, as a share of their range, up to which
            a blank is called black or white. For the wording only.
    """

    contrast: float = 0.15
    calm: float = 0.5
    bound: float = 0.1


@dataclass(frozen=True)
class Blank:
    """A stretch of training in which the samples are blank.

    Attributes:
        episode: The stretch.
        contrast: Median standard deviation of the samples' values, 0..1 over the data's range; normal: the reals'.
        limit: Contrast below which samples are blank.
        brightness: Median brightness of the samples, 0..1 over the data's range.
    """

    episode: Episode
    contrast: float
    normal: float
    limit: float
    brightness: float


def find_blank(run: Run, limits: Limits) -> Blank | None:
    """Find the stretch in which the samples are blank; None where there is none.

    Raises:
        NotEvaluated: The contrast of the reals is not known or is 0, or too few probes were recorded.
    """
    import pandas as pd

    normal = _real_contrast(run)
    if normal is None:
        raise NotEvaluated(Message("The contrast of your real images is not known: none were stored."))
    if not normal > 0:
        raise NotEvaluated(Message("Your real images are blank themselves."))
    limit = limits.contrast * normal
    table = pd.DataFrame({name: run[name] for name in SIGNALS}).dropna()
    flat = _every_image_flat(run, table.index)
    vivid = table[_CONTRAST] >= limits.calm * normal
    episode = persistent_episode(
        (table[_CONTRAST] < limit) | flat, calm_since(run, vivid), begun=True, young_until=warm_up_end(run)
    )
    if episode is None:
        return None
    contrast, brightness = (float(episode.of(table[name]).median()) for name in SIGNALS)
    return Blank(episode, contrast, normal, limit, brightness)


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence on the contrast of the samples, with the brightness in words."""
    blank = find_blank(run, limits)
    if blank is None:
        return []
    episode = blank.episode
    return [
        Evidence(
            _CONTRAST,
            blank.contrast,
            blank.limit,
            episode.first_step,
            episode.last_step,
            sentences(_statement(blank, limits), episode.ending),
            episode.severity(Severity.CRITICAL),
        )
    ]


def _real_contrast(run: Run) -> float | None:
    """Return the standard deviation of the reals' values over their range: resampled, else from the data card."""
    band = real_bands(run).get(_CONTRAST)
    if band is not None:
        return band.mean
    data = run.manifest.data
    width = data.maximum - data.minimum if data is not None else 0.0
    return data.std / width if data is not None and width > 0 and np.isfinite(data.std) else None


def _every_image_flat(run: Run, steps: pd.Index) -> pd.Series[bool]:
    """Tell at which steps no image varied within itself, so that there was no correlation to measure.

    Noise is measured whenever the values are finite: a probe that has it and lacks the correlation is no gap.
    """
    import pandas as pd

    measured = pd.Series(steps.isin(run[_NOISE].index) if _NOISE in run else False, index=steps)
    varied = pd.Series(steps.isin(run[_CORRELATION].index) if _CORRELATION in run else False, index=steps)
    return measured & ~varied & (_CORRELATION not in run.manifest.missing)


def _statement(blank: Blank, limits: Limits) -> Message:
    """Say which brightness the samples have, and how little they vary."""
    if not blank.contrast < blank.limit:
        return Message(
            "Each sample has one brightness from edge to edge, though not all the same: {brightness:.2g} on average, "
            "where your data reach from 0 to 1.",
            brightness=blank.brightness,
        )
    return sentences(
        _in_words(blank.brightness, limits),
        Message(
            "Their values vary by {contrast:.2g} of the data's range, those of your real images by {normal:.2g}.",
            contrast=blank.contrast,
            normal=blank.normal,
        ),
    )


def _in_words(brightness: float, limits: Limits) -> Message:
    if brightness < limits.bound:
        if brightness > -limits.bound:
            return Message("The samples are black, the darkest value of your data.")
        return Message("The samples are darker than any of your data.")
    if brightness > 1 - limits.bound:
        if brightness < 1 + limits.bound:
            return Message("The samples are white, the brightest value of your data.")
        return Message("The samples are brighter than any of your data.")
    return Message("The samples are grey: {brightness:.2g}, where your data reach from 0 to 1.", brightness=brightness)


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
    """Return the hypothesis that the units are dead; its scores are judgement."""
    dead = late_median(run, "g_dead_units")
    if dead is None:
        return DEAD_UNITS.cause(0.15, NOT_RECORDED)
    shown = Message("{share:.0%} of the units are 0 for every latent", share=dead)
    return DEAD_UNITS.cause(0.8 if dead >= MANY_DEAD else 0.05, shown)


LIMITS = Limits()

RULE = Rule(
    id="GD405",
    name="blank-samples",
    title=Message("The samples are blank"),
    severity=Severity.CRITICAL,
    requires=SIGNALS,
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
    after_warm_up=False,
    causes=causes,
)
