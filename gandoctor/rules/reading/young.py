"""Whether a generator is young: what its own samples show, so that nobody has to wait for a number of steps.

Every generator begins with the symptoms of a failing one: one image for all latents, then noise, then faint images
that resemble each other. Once its samples vary and have shapes, what it shows is no matter of age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gandoctor.measures import Band, null_bands
from gandoctor.rules.reading.persistence import PROBES, SPAN_STEPS
from gandoctor.rules.reading.pixel_correlation import correlation_beneath_grain
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

GROWN = 0.6
"""Spread across latents over that of the reals from which a generator is grown: in the calibration split's healthy runs
of 600 steps it was 0.25 to 0.5 at step 77, and 0.45 to 0.8 where they were found sound at step 327."""
DRAWN = 0.3
"""The same from which something is drawn: one image for all latents has 0.05 to 0.13, young ones 0.25 to 0.8."""
SHAPES = 0.12
"""How far the correlation of neighbouring pixels may lie below that of the reals; as in GD401."""


def judged_from(run: Run) -> int:
    """Return the first step from which symptoms are judged: when the generator has grown up, or warm-up is over."""
    end = warm_up_end(run)
    grown = drawn(run, GROWN)
    since = None if grown is None else settled_since(grown)
    return end if since is None else min(end, since)


def drawn(run: Run, spread: float = DRAWN) -> pd.Series[bool] | None:
    """Tell at which probes the samples vary across latents and, where they are images, have shapes.

    Args:
        run: The run.
        spread: Spread across latents over that of the reals.

    Returns:
        One value a probe; None where it is not known.
    """
    bands = null_bands(run)
    across = bands.get("sample_latent_std")
    if across is None or "sample_latent_std" not in run:
        return None
    result: pd.Series[bool] = run["sample_latent_std"] >= spread * across.mean
    correlation = bands.get("sample_autocorrelation")
    if correlation is not None and "sample_autocorrelation" in run:
        beneath = correlation_beneath_grain(run).reindex(result.index)
        result &= beneath >= correlation.mean - SHAPES
    return result


def settled_since(condition: pd.Series[bool]) -> int | None:
    """Return the first probe by which a condition has held for a whole window: 4 probes and 60 steps; None if never."""
    steps, values = condition.index.to_numpy(), condition.to_numpy(dtype=bool)
    position = np.arange(len(steps))
    start = np.minimum(position - (PROBES - 1), np.searchsorted(steps, steps - SPAN_STEPS, side="right") - 1)
    total = np.concatenate([[0], np.cumsum(values)])
    first = np.maximum(start, 0)
    whole = (start >= 0) & (total[position + 1] - total[first] == position - first + 1)
    return int(steps[whole][0]) if whole.any() else None


def calm_since(run: Run, at_level: pd.Series[bool]) -> int:
    """Return the step from which a symptom is judged that comes after calm: what a young generator has, it has at once.

    Args:
        run: The run.
        at_level: At which probes a statistic was where that of the reals is.
    """
    shapes = drawn(run)
    since = None if shapes is None else settled_since(shapes & at_level.reindex(shapes.index, fill_value=False))
    earliest = judged_from(run)
    return earliest if since is None else min(earliest, since)


def near(series: pd.Series[float], band: Band, margin: float) -> pd.Series[bool]:
    """Tell at which probes a statistic was no more above its highest value on real images than by a margin."""
    return series <= band.high + margin
