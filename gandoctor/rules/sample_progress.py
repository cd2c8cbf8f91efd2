"""Whether the samples still come closer to the real data, or are there already: what makes a symptom harmless.

Shared by the rules on gradients and updates (GD201 to GD203), whose symptoms do no harm while the samples improve, and
by rules on samples, where a young generator shows what a sick one does, and leaves it behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gandoctor.measures import Band, null_bands
from gandoctor.rules.persistence import Episode
from gandoctor.rules.rule import Severity
from gandoctor.store import Run

STEPS = 200
"""Steps over which samples must have improved; longer than the noise of single probes (as in GD301)."""
SHARE = 0.2
"""Relative improvement over those steps that counts (as in GD301): a constant image that only darkened gained 0.09 in
160 steps, a healthy run gains 0.5."""
SIGMAS = 2.0
"""Standard deviations of the real-vs-real null that the improvement must also exceed (as in GD301)."""
LEAST_PROBES = 4

State = Literal["improving", "arrived", "stuck"]


@dataclass(frozen=True)
class Progress:
    """How the samples did.

    Attributes:
        state: "improving", "arrived" (as near to the reals as other reals are) or "stuck".
        statement: One sentence with the numbers.
    """

    state: State
    statement: str


def sample_progress(run: Run, first_step: int, last_step: int) -> Progress | None:
    """Tell how the samples did in the last 200 steps of a stretch; None where too little was recorded to know.

    Args:
        run: The run.
        first_step: Of the stretch; a shorter one is judged as a whole.
        last_step: Of the stretch.
    """
    start = max(first_step, last_step - STEPS)
    bands = null_bands(run)
    told = []
    for what, error, band in _errors(run, bands):
        window = error.loc[start:last_step].dropna()
        if len(window) < LEAST_PROBES:
            continue
        half = len(window) // 2
        early, late = float(window.iloc[:half].median()), float(window.iloc[-half:].median())
        gain = early - late
        if gain > SHARE * abs(early) and gain > SIGMAS * (band.std if band is not None else 0.0):
            return Progress("improving", f"The samples' {what} fell from {early:.3g} to {late:.3g}.")
        if what == _KID and band is not None and late <= band.high:
            return Progress("arrived", f"The samples' {what} is {late:.3g}, which real images reach among themselves.")
        told.append(f"their {what} went from {early:.3g} to {late:.3g}")
    if not told:
        return None
    return Progress("stuck", f"The samples do not improve: over {last_step - start} steps {' and '.join(told)}.")


def tempered(run: Run, episode: Episode, severity: Severity) -> tuple[Severity, str]:
    """Return the severity of a symptom in samples, and a sentence with a blank before it, or none.

    It is a remark while the samples were still improving at the end of its stretch: learning slowly is no failure. In
    the fault benchmark's calibration split it was slow healthy runs, at a quarter of the published learning rates, that
    looked noisy, alike or gridded for hundreds of steps beyond warm-up.
    """
    progress = sample_progress(run, episode.last_step - STEPS, episode.last_step)
    if progress is not None and progress.state == "improving" and severity is not Severity.INFO:
        return Severity.INFO, f" {progress.statement} While they improve it may pass."
    return severity, ""


_KID = "kernel distance to the real data"


def _errors(run: Run, bands: dict[str, Band]) -> list[tuple[str, pd.Series[float], Band | None]]:
    found: list[tuple[str, pd.Series[float], Band | None]] = []
    if "sample_kid" in run:
        found.append((_KID, run["sample_kid"], bands.get("sample_kid")))
    band = bands.get("sample_autocorrelation")
    if "sample_autocorrelation" in run and band is not None:
        found.append(("gap in pixel correlation", (run["sample_autocorrelation"] - band.mean).abs(), band))
    return found
