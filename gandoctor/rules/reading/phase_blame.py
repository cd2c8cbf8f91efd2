"""What to blame where the two losses cannot belong to one game: the aims of the players, or the networks they see.

Shared by conflicting-objectives (GD008) and train-inference-mismatch (GD010), so that one of them speaks and not both.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from gandoctor.rules.reading.persistence import PROBES, SPAN_STEPS
from gandoctor.rules.reading.score_pulls import want_the_same
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import Run

Blame = Literal["objectives", "networks", "unknown"]

SAME_IMAGES = 0.5
"""Train-inference gap of the generator up to which the players agreed before it happened: 0.02 to 0.41 in healthy
runs after warm-up, 0.87 and 2.6 where the two steps saw different images. Once reversed labels have won, it is no
longer a sign of anything: 0.1 to 0.8."""
OTHER_IMAGES = 0.85
"""Train-inference gap that reversed labels alone do not leave behind: they left 0.1 to 0.8, different images 0.87 to
2.6."""
DIFFERENT_SCORES = 1.0
"""Spreads by which the discriminator's scores of fakes move when reals share their batch."""
ROUNDING = 1e-6
"""A change of logits near 0 that float32 explains."""
LEAST_PULL = 0.008
"""Share of the discriminator's change that the generator's must reach for its sign to mean something: in small networks
it is 0.003 or less, of either sign in healthy runs (calibration split of the fault benchmark: of twelve runs from six
seeds 8 with it, 4 against), as images in inference mode hardly follow the first update in training mode."""


def blame(run: Run, onset: int) -> Blame:
    """Return what the run shows: reversed aims, networks that differ between the steps, or neither.

    Args:
        run: A run whose losses cannot belong to one game.
        onset: Since when they cannot.
    """
    if want_the_same(run):
        return "objectives"
    if _late(run, "d_batch_gap") > DIFFERENT_SCORES:
        return "networks"
    if onset <= contract_warm_up_end(run) + SPAN_STEPS:  # a running median is late by up to its span
        found = first_updates(run)
        if found != "unknown":
            return found
        return _by_modes(run)
    return _before(run, onset)


def _by_modes(run: Run) -> Blame:
    """Tell by how far the generator's two modes are apart throughout, where the discriminator has but one."""
    if "sample_train_infer_gap" not in run:
        return "unknown"
    if _late(run, "sample_train_infer_gap") > OTHER_IMAGES:
        return "networks"
    return "unknown" if run.manifest.loss_family == "least_squares" or has_batch_norm(run) else "objectives"


def first_updates(run: Run) -> Blame:
    """Tell from the very first updates whether the players oppose each other.

    The discriminator's update widens the gap from generated to real logits, in whichever direction it was told; the
    generator's carries the generated logits the same way. In the first step no momentum blurs either: the signs
    agreed in all of 101 healthy runs and in none of 74 with the labels of one step reversed, of few seeds; where the
    generator's update hardly shows in the logits they are chance. Later they say little:
    with RMSprop they disagreed in up to 6 of 10 probes of a healthy run. Not with least squares, where both may
    begin beyond their targets (7 of 28 healthy runs disagreed), nor with batch normalisation in the discriminator:
    in inference mode, where the logits are measured, it is another network (3 of 8).
    """
    names = ("fake_logit_change_in_g_step", "logit_gap_change_in_d_step")
    if run.manifest.loss_family == "least_squares" or has_batch_norm(run) or any(name not in run for name in names):
        return "unknown"
    pull, widening = (run[name] for name in names)
    if pull.index[0] != 1 or widening.index[0] != 1:
        return "unknown"
    first = float(pull.iloc[0]), float(widening.iloc[0])
    if not all(np.isfinite(first)) or min(map(abs, first)) <= ROUNDING:
        return "unknown"
    if abs(first[0]) < LEAST_PULL * abs(first[1]):
        return "unknown"
    return "networks" if first[0] * first[1] > 0 else "objectives"


def has_batch_norm(run: Run) -> bool:
    """Tell whether the discriminator normalises over the batch."""
    card = run.manifest.discriminator
    in_card = card is not None and any("BatchNorm" in layer.type for layer in card.layers)
    return in_card or "d_batch_gap" in run


def _before(run: Run, onset: int) -> Blame:
    """Tell by the generator's two modes shortly before it happened: if they agreed, something else changed."""
    if "sample_train_infer_gap" not in run:
        return "unknown"
    gap = run["sample_train_infer_gap"]
    before = gap[(gap.index > contract_warm_up_end(run) // 2) & (gap.index <= onset - SPAN_STEPS)].iloc[-PROBES:]
    if before.empty:
        return "unknown"
    return "objectives" if float(before.median()) <= SAME_IMAGES else "networks"


def _late(run: Run, name: str) -> float:
    """Median after warm-up, or over all steps where nothing is recorded after it; 0 where nothing is."""
    if name not in run:
        return 0.0
    series = run[name]
    late = series.loc[contract_warm_up_end(run) :]
    return float(np.nanmedian(late if len(late) else series))
