"""The correlation of neighbouring pixels with the part that white grain takes from it given back.

Grain on a clear image lowers the correlation as much as a missing image does. White noise of variance s^2 adds s^2 to
the variance and nothing to the covariance of neighbours, so the correlation beneath it is c * v / (v - s^2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

MOST_GRAIN = 0.5
"""Share of the variance up to which grain is taken off; beyond it there is no image to speak of beneath."""


def correlation_beneath_grain(run: Run) -> pd.Series[float]:
    """Return `sample_autocorrelation`, raised to what it would be without the measured pixel noise.

    The spread of brightness between images counts towards the variance here, which makes the correction a little too
    small. Where noise or variance was not recorded, or noise is most of the variance, the value stays as recorded.
    """
    import pandas as pd

    recorded = run["sample_autocorrelation"]
    if "sample_noise_sigma" not in run or "sample_std" not in run:
        return recorded
    table = pd.DataFrame(
        {"c": recorded, "s": run["sample_noise_sigma"], "v": run["sample_std"]}, index=recorded.index
    ).fillna(0.0)
    variance, grain = table["v"] ** 2, table["s"] ** 2
    correctable = (grain > 0) & (grain < MOST_GRAIN * variance)
    raised = recorded * variance / (variance - grain).where(correctable, 1.0)
    result: pd.Series[float] = raised.where(correctable, recorded)
    return result
