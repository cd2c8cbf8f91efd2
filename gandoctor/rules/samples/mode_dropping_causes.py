"""Why parts of the data may be missing: ranked hypotheses for GD404 and what decides each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gandoctor.rules.contracts import degenerate_real_data
from gandoctor.rules.reading.late_values import late_median, median_between
from gandoctor.rules.rule import Cause, Found, Status
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

NARROW_LATENTS = 0.05
"""Standard deviation of latents that hardly vary; the usual laws have 0.58 (uniform) and 1 (normal)."""
SHIFT = 0.25
"""Mean total variation of the digits' shares between one part of the run and the next, from which the generator moves
on; two draws of 256 reals differ by 0.09."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    shift = _shift(run)
    return [_single_images(shift), _chasing(shift), _unfinished(run), _loader(run), _narrow_latents(run)]


def _single_images(shift: float | None) -> Cause:
    return Cause(
        "discriminator-sees-single-images",
        "The discriminator sees one image at a time and cannot know that others are missing",
        0.45 if shift is None else 0.55 if shift < SHIFT else 0.2,
        "The same parts stay missing; a discriminator that is shown the batch's spread or packs of images brings them "
        f"back. This run: {_shown(shift)}",
    )


def _chasing(shift: float | None) -> Cause:
    return Cause(
        "chasing-the-discriminator",
        "The generator chases the discriminator from mode to mode",
        0.35 if shift is None else 0.65 if shift >= SHIFT else 0.15,
        "What is missing changes every few dozen steps, and R1 or lower learning rates end it. This run: "
        f"{_shown(shift)}",
    )


def _shown(shift: float | None) -> str:
    if shift is None:
        return "what the samples are of was not recorded."
    return f"from one fifth of it to the next {shift:.0%} of the samples went to other digits."


def _shift(run: Run) -> float | None:
    """Mean total variation between the digits' shares in successive fifths of the run after warm-up."""
    family = run.family("sample_class_share")
    if not family:
        return None
    table = pd.DataFrame(family).dropna().loc[warm_up_end(run.manifest) :]
    if len(table) < 10:
        return None
    parts = np.array([part.mean(axis=0) for part in np.array_split(table.to_numpy(), 5)])
    return float(0.5 * np.abs(np.diff(parts, axis=0)).sum(axis=1).mean())


def _unfinished(run: Run) -> Cause:
    start = warm_up_end(run.manifest)
    middle = (start + run.last_step) // 2
    early = median_between(run, "sample_missing_share", start, middle)
    late = median_between(run, "sample_missing_share", middle + 1, run.last_step)
    falling = early is not None and late is not None and late < 0.7 * early
    shown = "too short to tell."
    if early is not None and late is not None:
        shown = f"regions with {early:.0%} of the data were missing in the first half, with {late:.0%} in the second."
    return Cause(
        "not-finished",
        "The generator has not finished learning",
        0.5 if falling else 0.15,
        f"Less is missing from probe to probe. This run: {shown}",
    )


def _loader(run: Run) -> Cause:
    finding = degenerate_real_data.RULE.evaluate(run)
    shown = {
        Status.DETECTED: " ".join(e.statement for e in finding.evidence[:1]),
        Status.NOT_DETECTED: "its batches of real images do not repeat.",
    }.get(finding.status, finding.reason or "not known.")
    return Cause(
        "loader-repeats",
        "The data pipeline yields the same images again and again",
        {Status.DETECTED: 0.8, Status.NOT_DETECTED: 0.05}.get(finding.status, 0.2),
        "Count what the batches that are trained on hold: what is missing from them, through sorting without "
        f"shuffling, a filter or a repeated batch, cannot be learnt. This run: {shown}",
    )


def _narrow_latents(run: Run) -> Cause:
    latent, drawn = run.manifest.latent, late_median(run, "latent_spread")
    spread = drawn if drawn is not None else latent.std if latent is not None else None
    return Cause(
        "degenerate-latents",
        "The latents themselves hardly vary",
        0.2 if spread is None else 0.7 if spread < NARROW_LATENTS else 0.03,
        "Drawing latents with a standard deviation of 0.5 to 1 brings the missing parts back. This run: "
        + ("the latents were not recorded." if spread is None else f"their standard deviation is {spread:.2g}."),
    )
