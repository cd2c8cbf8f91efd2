"""Whether the samples still come closer to the real data, or are there already: what makes a symptom harmless.

Shared by rules whose symptoms do no harm while the samples improve (GD201 to GD203, GD301, GD302), and by rules on
samples, where a young generator shows what a sick one does, and leaves it behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from gandoctor.measures import Band, null_bands
from gandoctor.message import Message
from gandoctor.rules.reading.persistence import Episode
from gandoctor.rules.rule import Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

STEPS = 200
"""Steps over which samples must have improved; longer than the noise of single probes."""
LEAST_STEPS = 100
"""Steps that are looked at where the stretch in question is shorter: a few probes fall or rise by chance."""
SHARE = 0.2
"""Relative improvement over those steps that counts: a healthy run gains 0.5."""
TREND_SHARE = 0.1
"""Relative improvement that counts where the probes have a falling trend: with learning rates a quarter of the
published ones, calibration runs that did learn gained this much in 200 steps, and often no more."""
TREND = 1.64
"""Standard deviations of Mann and Kendall's statistic that make a trend: 5 % by chance, were probes independent."""
SIGMAS = 2.0
"""Standard deviations of the real-vs-real null that the improvement must also exceed."""
ARRIVED_SIGMAS = 3.0
"""Standard deviations above the null's mean up to which samples are as near as other reals, where the null reaches
beyond: in tables with heavy tails a single draw of reals may lie several of them away."""
VARIED = 0.05
"""Spread across latents over the null's below which one image merely changes its brightness: a constant one that
darkened came 0.09 nearer in 160 steps (the limit of complete collapse, GD403)."""
LEAST_PROBES = 4
LASTING_SHARE = 0.8
"""Of the length of warm-up, how long beyond it a symptom must last that most young generators leave behind: up to 350
steps in slow healthy runs of the calibration split, where warm-up is 500."""

State = Literal["improving", "arrived", "stuck"]


@dataclass(frozen=True)
class Progress:
    """How the samples did.

    Attributes:
        state: "improving", "arrived" (as near to the reals as other reals are) or "stuck".
        statement: One sentence with the numbers.
    """

    state: State
    statement: Message


def sample_progress(run: Run, first_step: int, last_step: int) -> Progress | None:
    """Tell how the samples did in the last 200 steps of a stretch; None where too little was recorded to know.

    Args:
        run: The run.
        first_step: Of the stretch; one of fewer steps is judged as a whole, with 100 steps at least.
        last_step: Of the stretch.
    """
    start = max(min(first_step, last_step - LEAST_STEPS), last_step - STEPS)
    bands = null_bands(run)
    varied = _varied(run, bands.get("sample_latent_std"), start, last_step)
    told = []
    for what, error, band in _errors(run, bands):
        window = error.loc[start:last_step].dropna()
        if len(window) < LEAST_PROBES:
            continue
        early, late = halves(window)
        if varied and has_fallen(window, SIGMAS * (band.std if band is not None else 0.0)):
            fell = Message(
                "The samples' {error} fell from {early:.3g} to {late:.3g}.", error=what, early=early, late=late
            )
            return Progress("improving", fell)
        if what is _KID and band is not None and late <= min(band.high, band.mean + ARRIVED_SIGMAS * band.std):
            reached = Message("The samples' {error} is {late:.3g}, which other real data reach.", error=what, late=late)
            return Progress("arrived", reached)
        told.append(Message("their {error} went from {early:.3g} to {late:.3g}", error=what, early=early, late=late))
    if not told:
        return None
    stuck = Message(
        "The samples do not improve: over the last {steps} steps {told}.", steps=last_step - start, told=tuple(told)
    )
    return Progress("stuck", stuck)


def halves(window: pd.Series[float]) -> tuple[float, float]:
    """Return the medians of the first and of the last half of some probes."""
    half = len(window) // 2
    return float(window.iloc[:half].median()), float(window.iloc[-half:].median())


def has_fallen(window: pd.Series[float], noise: float = 0.0) -> bool:
    """Tell whether a statistic has fallen over some probes: by a fifth, or by a tenth with a falling trend.

    Args:
        window: The probes, at least 4.
        noise: What it must have fallen by besides.
    """
    early, late = halves(window)
    share = (early - late) / abs(early) if early else 0.0
    return early - late > noise and (share > SHARE or (share > TREND_SHARE and trend(window.to_numpy()) < -TREND))


def trend(values: np.ndarray) -> float:
    """Return Mann and Kendall's statistic of values (n,) in the order of time, in standard deviations without ties."""
    n = len(values)
    signs = np.sign(np.subtract.outer(values, values))
    return float(np.tril(signs).sum()) / sqrt(n * (n - 1) * (2 * n + 5) / 18)


def severity_while_learning(
    run: Run, episode: Episode, severity: Severity, must_last: bool = False
) -> tuple[Severity, Message | None]:
    """Return the severity of a symptom in samples, and a sentence on why it may pass; None where nothing says so.

    Args:
        run: The run.
        episode: The stretch in which the symptom held.
        severity: While nothing speaks for its passing.
        must_last: Whether it is a remark, too, until it has lasted for four fifths of the length of warm-up beyond it.

    It is a remark while the samples were still improving at the end of its stretch: learning slowly is no failure. In
    the fault benchmark's calibration split it was slow healthy runs, at a quarter of the published learning rates, that
    looked noisy, alike or gridded for hundreds of steps beyond warm-up.
    """
    progress = sample_progress(run, episode.first_step, episode.last_step)
    if progress is not None and progress.state == "improving" and severity is not Severity.INFO:
        passing = Message("{progress} It may pass while they improve.", progress=progress.statement)
        return Severity.INFO, passing
    end = warm_up_end(run)
    lasting = round(LASTING_SHARE * end)
    if must_last and episode.last_step - max(episode.first_step, end) < lasting and severity is not Severity.INFO:
        return Severity.INFO, Message(
            "It has not lasted for {steps} steps beyond warm-up, and may pass.", steps=lasting
        )
    return severity, None


_KID = Message("kernel distance to the real data")
_CORRELATION = Message("gap in pixel correlation")
_CLASS_KID = Message("kernel distance as digits")


def _errors(run: Run, bands: dict[str, Band]) -> list[tuple[Message, pd.Series[float], Band | None]]:
    found: list[tuple[Message, pd.Series[float], Band | None]] = []
    if "sample_kid" in run:
        found.append((_KID, run["sample_kid"], bands.get("sample_kid")))
    band = bands.get("sample_autocorrelation")
    if "sample_autocorrelation" in run and band is not None:
        found.append((_CORRELATION, (run["sample_autocorrelation"] - band.mean).abs(), band))
    band = bands.get("sample_class_kid")
    if "sample_class_kid" in run and band is not None:
        found.append((_CLASS_KID, run["sample_class_kid"], band))
    return found


def _varied(run: Run, band: Band | None, first_step: int, last_step: int) -> bool:
    """Tell whether the samples differed from one latent to another, as far as that is known."""
    if band is None or "sample_latent_std" not in run:
        return True
    spread = run["sample_latent_std"].loc[first_step:last_step].dropna()
    return spread.empty or bool(spread.median() > VARIED * band.mean)
