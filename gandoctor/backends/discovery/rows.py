"""Rows of batches, compared by value: what eager execution leaves to tell whose output something is."""

from __future__ import annotations

import numpy as np

ROWS_COMPARED = 64
"""Rows of a batch that are compared."""


def share_rows(made: np.ndarray | None, given: np.ndarray | None) -> bool:
    """Tell whether rows of what one network made are among the rows another is given.

    Further channels or columns may have been put beside them, and other rows before or after them.

    Args:
        made: Floating (n, ...), channels last; None is never shared.
        given: Likewise.
    """
    if made is None or given is None or made.ndim != given.ndim or made.ndim < 2 or not len(made) or not len(given):
        return False
    if made.shape[1:-1] != given.shape[1:-1] or made.shape[-1] > given.shape[-1] or made[0].size < 2:
        return False
    ours = {row.tobytes() for row in made[:ROWS_COMPARED]}
    if len(ours) == 1 and len(made) > 1:
        return False  # rows that are all alike identify nothing
    channels = made.shape[-1]
    for start in {0, given.shape[-1] - channels}:
        theirs = np.ascontiguousarray(given[..., start : start + channels], dtype=made.dtype)
        if sum(row.tobytes() in ours for row in theirs) >= max(1, len(ours) // 4):
            return True
    return False
