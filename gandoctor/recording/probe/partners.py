"""Partners: the real sample that training pairs with each input of the generator, as where images are translated."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.recording.probe.as_fed import digests
from gandoctor.recording.probe.nested import flattened


class Partners:
    """Finds the real samples that were fed in the same rows as inputs of the generator.

    Whether they are partners at all, or merely share a step, is for measures to tell.

    Args:
        inputs: As the generator took them, (n, ...) each part.
        reals: The real samples beside them, float32 (n, ...).

    Attributes:
        inputs: Floats (n, d): all parts of each input in one row.
        reals: As an argument.
    """

    def __init__(self, inputs: Any, reals: np.ndarray) -> None:
        arrays = flattened(inputs)
        self.inputs = np.concatenate([np.asarray(part, np.float32).reshape(len(part), -1) for part in arrays], axis=1)
        self.reals = reals
        self._row_of = {row: i for i, row in enumerate(digests(*arrays))}

    def of(self, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows of a batch have a partner, and the partners.

        Args:
            inputs: As the generator takes them.

        Returns:
            Rows of the batch, integers (m,), and float32 (m, ...).
        """
        found = [(i, self._row_of[row]) for i, row in enumerate(digests(*flattened(inputs))) if row in self._row_of]
        rows, partners = (np.array([pair[k] for pair in found], dtype=int) for k in (0, 1))
        return rows, self.reals[partners]
