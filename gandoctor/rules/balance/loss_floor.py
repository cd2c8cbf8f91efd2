"""How low a discriminator's cross-entropy can become: with smoothed labels even a perfect one does not reach 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

LEAST = 0.1
"""Loss below which nothing is taken for the floor of smoothed labels: 0.95 in place of 1 has 0.10."""
MOST = 0.4
"""Loss above which it is not either: 0.6 in place of 1 has 0.34."""


def known_floor(run: Run) -> float:
    """Return the floor that the run's labels set, 0 where nothing says that they are smoothed.

    Of a loss averaged over real and generated images: half the entropies of both labels, in nats. Read from what was
    declared (`real_label`, `fake_label`) and from `label_smoothing` of the Keras losses.
    """
    declared = run.manifest.declared
    real = 1.0 if declared.real_label is None else declared.real_label
    fake = 0.0 if declared.fake_label is None else declared.fake_label
    used = [v for name, loss in run.manifest.losses.items() if "generator" not in name and (v := _smoothing(loss))]
    smoothing = min(used, default=0.0)  # which of several losses the discriminator has is not known
    return sum(_entropy(label * (1.0 - smoothing) + smoothing / 2.0) for label in (real, fake)) / 2.0


def observed_floor(run: Run, loss: pd.Series[float]) -> float | None:
    """Return the lowest loss after warm-up where it could be the floor of smoothed labels, else None.

    The 5 % quantile of single steps: one lucky batch is not a floor.
    """
    late = loss.loc[warm_up_end(run) :].to_numpy()
    late = late[np.isfinite(late)]
    lowest = float(np.quantile(late, 0.05)) if late.size else 0.0
    return lowest if LEAST <= lowest <= MOST else None


def _entropy(p: float) -> float:
    return 0.0 if p <= 0.0 or p >= 1.0 else -p * math.log(p) - (1.0 - p) * math.log(1.0 - p)


def _smoothing(loss: dict[str, Any]) -> float | None:
    value = loss.get("label_smoothing")
    return float(value) if isinstance(value, int | float) and 0.0 < value < 1.0 else None
