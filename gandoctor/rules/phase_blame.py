"""What to blame where the two losses cannot belong to one game: the aims of the players, or the networks they see."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gandoctor.rules.phase_agreement import SAME_IMAGES, directions
from gandoctor.rules.warmup import warm_up_end
from gandoctor.store import Run

DIFFERENT_SCORES = 1.0
"""Spreads by which the discriminator's scores of fakes move when reals share their batch."""

Blame = Literal["objectives", "networks", "unknown"]


def blame(run: Run) -> Blame:
    """Return what the run shows: reversed aims, networks that differ between the steps, or neither.

    Directions tell where the generator still pulls: not with least squares, whose generator stops once it has what
    it wants.
    """
    verdict = directions(run).verdict if run.manifest.loss_family != "least_squares" else "unknown"
    if verdict == "conflict":
        return "objectives"
    if _late(run, "sample_train_infer_gap") > SAME_IMAGES or _late(run, "d_batch_gap") > DIFFERENT_SCORES:
        return "networks"
    return "networks" if verdict == "one game" else "unknown"


def _late(run: Run, name: str) -> float:
    """Median after warm-up, or over all steps where nothing is recorded after it; 0 where nothing is."""
    if name not in run:
        return 0.0
    series = run[name]
    late = series.loc[warm_up_end(run.manifest) :]
    return float(np.nanmedian(late if len(late) else series))
