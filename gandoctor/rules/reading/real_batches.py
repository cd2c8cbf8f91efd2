"""Whether the discriminator is shown the same real images again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gandoctor.rules.reading.repetition import few_batches, longest_stretch, repeated_stretch, same_as_before
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-6
"""Relative difference of means and spreads that float32 explains; this and the others as in GD009."""
CONSTANT = 2
"""Successive steps whose batches hold a single image."""
REPEATED = 10
"""Successive steps with the same batch."""
WINDOW, HANDFUL = 200, 4
"""Steps in which different batches are counted, and how many of them are a few."""


def batches_repeat(run: Run) -> bool | None:
    """Tell whether the real images repeat: within a batch, from step to step, or a few batches that take turns.

    None where the batches of the training steps were not seen.
    """
    import pandas as pd

    reals = run.reals
    if reals is not None and len(reals) > 1 and (reals == reals[0]).all():
        return True
    if "real_mean" not in run or "real_spread" not in run:
        return None
    table = pd.DataFrame({"mean": run["real_mean"], "spread": run["real_spread"]}).dropna()
    if table.empty:
        return None
    mean, spread = table["mean"], table["spread"]
    return (
        repeated_stretch(mean, spread, ROUNDING, REPEATED) is not None
        or few_batches(mean, spread, ROUNDING, WINDOW, HANDFUL) is not None
        or _one_image_a_batch(run, mean, spread)
    )


def _one_image_a_batch(run: Run, mean: pd.Series[float], spread: pd.Series[float]) -> bool:
    """Tell whether all images of a batch are the same. In a batch of one, they are, and so are its latents."""
    card = run.manifest.data
    bounds = [abs(card.minimum), abs(card.maximum)] if card is not None else []
    size = max([float(mean.abs().max()), *bounds])
    found = longest_stretch(spread <= ROUNDING * size, CONSTANT)
    if found is None:
        return False
    within = slice(found.first_step, found.last_step)
    if same_as_before(mean.loc[within], spread.loc[within], ROUNDING).iloc[1:].all():
        return True
    return "latent_spread" not in run or not bool((run["latent_spread"].loc[within] == 0).all())
