"""Why parts of the data may be missing: ranked hypotheses for GD404 and what decides each.

The scores are judgement: what the run shows decides where it can, and what was not recorded stays in between.
"""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.hypotheses.data import LOADER_REPEATS
from gandoctor.rules.hypotheses.players import DEGENERATE_LATENTS
from gandoctor.rules.hypotheses.training import CHASING_THE_DISCRIMINATOR, NOT_FINISHED
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median, median_between
from gandoctor.rules.reading.real_batches import batches_repeat
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

NARROW_LATENTS = 0.05
"""Standard deviation of latents that hardly vary; the usual laws have 0.58 (uniform) and 1 (normal)."""
SHIFT = 0.25
"""Mean total variation of the digits' shares between one part of the run and the next, from which the generator moves
on; two draws of 256 reals differ by 0.09."""

SINGLE_IMAGES = Hypothesis(
    "discriminator-sees-single-images",
    Message("The discriminator sees one image at a time and cannot know that others are missing"),
    Message(
        "The same parts stay missing. A discriminator that is shown the spread of the batch, or packs of images, "
        "brings them back."
    ),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    shift = _shift(run)
    return [_single_images(shift), _chasing(shift), _unfinished(run), _loader(run), _narrow_latents(run)]


def _single_images(shift: float | None) -> Cause:
    score = 0.45 if shift is None else 0.55 if shift < SHIFT else 0.2
    return SINGLE_IMAGES.cause(score, _shown(shift))


def _chasing(shift: float | None) -> Cause:
    score = 0.35 if shift is None else 0.65 if shift >= SHIFT else 0.15
    test = Message("What is missing changes every few dozen steps, and R1 or lower learning rates end it.")
    return CHASING_THE_DISCRIMINATOR.cause(score, _shown(shift), test)


def _shown(shift: float | None) -> Message:
    if shift is None:
        return Message("what the samples are of was not recorded")
    return Message("from one fifth of it to the next {share:.0%} of the samples went to other digits", share=shift)


def _shift(run: Run) -> float | None:
    """Return the mean total variation between the digits' shares in successive fifths of the run after warm-up."""
    import pandas as pd

    family = run.family("sample_class_share")
    if not family:
        return None
    table = pd.DataFrame(family).dropna().loc[warm_up_end(run) :]
    if len(table) < 10:
        return None
    parts = np.array([part.mean(axis=0) for part in np.array_split(table.to_numpy(), 5)])
    return float(0.5 * np.abs(np.diff(parts, axis=0)).sum(axis=1).mean())


def _unfinished(run: Run) -> Cause:
    start = warm_up_end(run)
    middle = (start + run.last_step) // 2
    early = median_between(run, "sample_missing_share", start, middle)
    late = median_between(run, "sample_missing_share", middle + 1, run.last_step)
    test = Message("Less is missing from probe to probe.")
    if early is None or late is None:
        return NOT_FINISHED.cause(0.15, Message("too short to tell"), test)
    shown = Message(
        "regions with {early:.0%} of the data were missing in the first half, with {late:.0%} in the second",
        early=early,
        late=late,
    )
    return NOT_FINISHED.cause(0.5 if late < 0.7 * early else 0.15, shown, test)


def _loader(run: Run) -> Cause:
    repeat = batches_repeat(run)
    test = Message(
        "Count what the batches of the training hold: what is missing from them, through sorting without shuffling, a "
        "filter or a repeated batch, cannot be learnt."
    )
    if repeat is None:
        return LOADER_REPEATS.cause(0.2, Message("the real batches of the training steps were not seen"), test)
    if repeat:
        return LOADER_REPEATS.cause(0.8, Message("the same real batches come again and again"), test)
    return LOADER_REPEATS.cause(0.05, Message("its batches of real images do not repeat"), test)


def _narrow_latents(run: Run) -> Cause:
    latent, drawn = run.manifest.latent, late_median(run, "latent_spread")
    spread = drawn if drawn is not None else latent.std if latent is not None else None
    test = Message("Latents with a standard deviation of 0.5 to 1 bring the missing parts back.")
    if spread is None:
        return DEGENERATE_LATENTS.cause(0.2, Message("the latents were not recorded"), test)
    shown = Message("their standard deviation is {spread:.2g}", spread=spread)
    return DEGENERATE_LATENTS.cause(0.7 if spread < NARROW_LATENTS else 0.03, shown, test)
