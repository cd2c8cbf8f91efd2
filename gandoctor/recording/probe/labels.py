"""Labels: where in a player's input the label is, recognised by its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gandoctor.recording.probe.as_fed import Place
from gandoctor.recording.probe.nested import flattened, mapped

LEAST_ROWS = 16
"""Rows from which a label is recognised: of fewer, too much looks like one."""
LEAST_REPEATS = 2.0
"""Rows a class: labels repeat, numbers that count something else hardly do."""
Coding = Literal["class numbers", "one-hot rows", "one-hot planes", "planes of class numbers"]


@dataclass(frozen=True)
class Labels:
    """The label in a batch of a player's input.

    Attributes:
        part: Which array of those it takes.
        start, stop: Its channels or columns on the last axis; the whole array where it is (n,).
        coding: How a class is written.
        beside: Whether other values share the array with it.
    """

    part: int
    start: int
    stop: int
    coding: Coding
    beside: bool

    def classes(self, inputs: Any) -> np.ndarray:
        """Return a whole number for the class of each row, (n,): the place of the 1, or the class number itself.

        Planes may hold class numbers divided by something: their classes are counted in the order of their values.
        """
        values = self.values(flattened(inputs)[self.part])
        if self.coding.startswith("one-hot"):
            return np.asarray(values.argmax(axis=1))
        if self.coding == "class numbers":
            return values[:, 0].astype(np.int64)
        return np.unique(values[:, 0], return_inverse=True)[1].reshape(-1)

    def exchanged(self, inputs: Any, order: np.ndarray) -> Any:
        """Return the inputs, each with the label of another: row i has that of row `order[i]`."""
        array = flattened(inputs)[self.part]
        changed = array.copy()
        if array.ndim == 1:
            changed[:] = array[order]
        else:
            changed[..., self.start : self.stop] = array[order][..., self.start : self.stop]
        position = iter(range(len(flattened(inputs))))
        return mapped(lambda own: changed if next(position) == self.part else own, inputs)

    def values(self, array: np.ndarray) -> np.ndarray:
        """Return the label of each row of its part, (n, width)."""
        if array.ndim == 1:
            return array[:, None]
        return array.reshape(len(array), -1, array.shape[-1])[:, 0, self.start : self.stop]

    def without(self, array: np.ndarray) -> np.ndarray:
        """Return what else is in its part, (n, size); no columns where that is nothing."""
        if array.ndim == 1:
            return array[:, None][:, :0]
        return np.delete(array, np.s_[self.start : self.stop], axis=-1).reshape(len(array), -1)


def find_labels(arrays: Sequence[np.ndarray], image: Place | None = None) -> Labels | None:
    """Return where the label is; None where nothing, or more than one thing, looks like one.

    Args:
        arrays: All parts of a player's input, of the same rows.
        image: Where in them the image is.
    """
    if not arrays or len(arrays[0]) < LEAST_ROWS:
        return None
    found = []
    for part, array in enumerate(arrays):
        taken = image if image is not None and image.part == part else None
        found += _in_array(part, array, taken)
    one_hot = [labels for labels in found if labels.coding.startswith("one-hot")]
    best = one_hot or found
    return best[0] if len(best) == 1 else None


def find_constant_label(arrays: Sequence[np.ndarray], like: Labels, classes: int) -> Labels | None:
    """Return where the generator's label is, if all rows have the same one; None where nothing looks like one.

    Args:
        arrays: All parts of the generator's input, of the same rows.
        like: The label in the discriminator's input, whose coding it must share.
        classes: Number of classes that were seen there.
    """
    if not arrays or len(arrays[0]) < LEAST_ROWS:
        return None
    width = like.stop - like.start
    for part, array in enumerate(arrays):
        if array.ndim > 2 or array.dtype.kind not in "fiub":
            continue
        row = np.atleast_1d(array[0])
        constant = (array == array[0]).reshape(len(array), -1).all(axis=0)
        if like.coding.startswith("one-hot"):
            for start in range(len(row) - width + 1):
                block = row[start : start + width]
                is_label = constant[start : start + width].all() and np.isin(block, (0, 1)).all() and block.sum() == 1
                if is_label:
                    return Labels(part, start, start + width, "one-hot rows", width < len(row))
        elif len(row) == 1 and constant[0] and row[0] % 1 == 0 and 0 <= row[0] <= classes:
            return Labels(part, 0, 1, "class numbers", False)
    return None


def _in_array(part: int, array: np.ndarray, image: Place | None) -> list[Labels]:
    if array.dtype.kind not in "fiub":
        return []
    if array.ndim == 1:
        return [Labels(part, 0, 1, "class numbers", False)] if _are_numbers(array) else []
    width = array.shape[-1]
    free = [(0, width)] if image is None else [(0, image.start), (image.stop, width)]
    rows = np.asarray(array.reshape(len(array), -1, width), np.float64)
    varied = rows.min(axis=1) != rows.max(axis=1)
    found = []
    for first, last in free:
        usable = [c for c in range(first, last) if not varied[:, c].any()]
        found += _in_columns(part, rows[:, 0], usable, array.ndim > 2, width)
    return found


def _in_columns(part: int, rows: np.ndarray, usable: list[int], are_planes: bool, width: int) -> list[Labels]:
    """Return the runs of columns that hold one 1 a row, or else single columns of class numbers."""
    binary = [c for c in usable if np.isin(rows[:, c], (0.0, 1.0)).all()]
    found: list[Labels] = []
    for start, stop in _runs(binary):
        block = rows[:, start:stop]
        if stop - start > 1 and (block.sum(axis=1) == 1).all() and (block.max(axis=0) > 0).sum() > 1:
            coding: Coding = "one-hot planes" if are_planes else "one-hot rows"
            found.append(Labels(part, start, stop, coding, stop - start < width))
    if found:
        return found
    for c in usable:
        column = rows[:, c]
        if are_planes and _repeat(column):
            found.append(Labels(part, c, c + 1, "planes of class numbers", width > 1))
        elif not are_planes and _are_numbers(column):
            found.append(Labels(part, c, c + 1, "class numbers", width > 1))
    return found


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for c in columns:
        if runs and runs[-1][1] == c:
            runs[-1] = (runs[-1][0], c + 1)
        else:
            runs.append((c, c + 1))
    return runs


def _are_numbers(column: np.ndarray) -> bool:
    """Tell whether values are whole, not negative, and repeat as labels do."""
    values = np.asarray(column, np.float64)
    return bool(np.isfinite(values).all() and (values >= 0).all() and (values % 1 == 0).all()) and _repeat(values)


def _repeat(values: np.ndarray) -> bool:
    distinct = len(np.unique(values))
    return 1 < distinct <= len(values) / LEAST_REPEATS
