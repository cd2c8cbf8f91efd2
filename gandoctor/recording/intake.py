"""Intake: the real data and latents that the players are fed in the first steps, told apart by their values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from gandoctor.recording.in_step import Call
from gandoctor.recording.probe.images import LEAST_IMAGES, REALS_KEPT
from gandoctor.recording.probe.latents import FIXED_COUNT, POOL_COUNT, SAMPLE_COUNT
from gandoctor.recording.probe.nested import flattened, mapped

STEPS_MAX = 20
"""Steps after which what was kept has to do."""
BYTES_MAX = 64 * 2**20
INTERPOLATED = 0.999
"""Cosine above which a row lies on the line between a generated and a real one: where a gradient penalty is taken."""


class Intake:
    """Keeps the first real rows that the discriminator is fed, and what the generator is fed for the rows it judges.

    A row of the discriminator's input is generated where it equals a row that the generator made; further channels or
    columns may stand beside it. The others are real, unless the framework knows that they were made of generated ones.

    Attributes:
        steps: Steps that were looked at.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._reals: list[np.ndarray] = []
        self._latents: list[Any] = []

    @property
    def real_count(self) -> int:
        """How many real rows are kept."""
        return sum(map(len, self._reals))

    @property
    def is_full(self) -> bool:
        """Whether there is nothing more to wait for."""
        if self.steps >= STEPS_MAX:
            return True
        enough_latents = sum(len(flattened(z)[0]) for z in self._latents) >= FIXED_COUNT + POOL_COUNT
        kept = sum(one.nbytes for one in self._reals)
        return (self.real_count >= REALS_KEPT or kept >= BYTES_MAX) and enough_latents

    def take(self, calls: Sequence[Call]) -> None:
        """Look at the calls of one step, in their order."""
        self.steps += 1
        made: dict[bytes, tuple[int, int]] = {}
        generators = [call for call in calls if call.player == "g" and len(call.output)]
        for i, call in enumerate(generators):
            made |= {row.tobytes(): (i, k) for k, row in enumerate(call.output)}
        judged: set[tuple[int, int]] = set()
        candidates: list[tuple[np.ndarray, np.ndarray, bool | None]] = []
        for call in (call for call in calls if call.player == "d"):
            rows = _judged_part(call, generators)
            if rows is None:
                continue
            matches = [made.get(row.tobytes()) for row in rows]
            judged |= {match for match in matches if match is not None}
            own = np.array([match is None for match in matches], dtype=bool)
            candidates.append((rows, own, call.of_generator))
        # Where no generated row is found by value among calls that the framework knows nothing of, none is believed.
        told_by_value = any(not own.all() for _, own, known in candidates if known is None)
        real = [
            rows[own]
            for rows, own, known in candidates
            if own.any() and (known is False or not own.all() or (known is None and told_by_value))
        ]
        if judged or any(known is not None for *_, known in candidates):
            self._keep(_without_interpolated(real, generators), judged, generators)

    def reals(self) -> np.ndarray | None:
        """Return up to 512 real rows, float32 (n, ...); None where there are too few."""
        shapes = {one.shape[1:] for one in self._reals}
        if len(shapes) != 1 or self.real_count < LEAST_IMAGES:
            return None
        return np.concatenate(self._reals)[:REALS_KEPT]

    def sampler(self) -> Any:
        """Return a sampler that gives the first n kept inputs of the generator, always the same; None if too few."""
        if not self._latents or sum(len(flattened(z)[0]) for z in self._latents) < SAMPLE_COUNT:
            return None
        parts = [flattened(z) for z in self._latents]
        if len({len(p) for p in parts}) > 1 or len({tuple(a.shape[1:] for a in p) for p in parts}) > 1:
            return None
        kept = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
        first = self._latents[0]

        def sample(n: int) -> Any:
            arrays = iter(kept)
            return mapped(lambda _: next(arrays)[:n], first)

        return sample

    def _keep(self, real: list[np.ndarray], judged: set[tuple[int, int]], generators: list[Call]) -> None:
        if self.real_count < REALS_KEPT:
            self._reals += [np.array(rows, dtype=np.float32) for rows in real]
        if sum(len(flattened(z)[0]) for z in self._latents) >= FIXED_COUNT + POOL_COUNT:
            return
        for i, call in enumerate(generators):
            rows = sorted(k for j, k in judged if j == i)
            if not judged:
                rows = list(range(len(call.output)))  # augmented since, so that none is found by value
            if rows and all(len(part) == len(call.output) for part in flattened(call.inputs)):
                self._latents.append(mapped(partial(_rows_at, rows), call.inputs))


def _rows_at(rows: list[int], part: np.ndarray) -> np.ndarray:
    return part[rows]


def _judged_part(call: Call, generators: list[Call]) -> np.ndarray | None:
    """Return the part of the discriminator's input that is like what the generator makes."""
    for array in flattened(call.inputs):
        for made in generators:
            output = made.output
            if array.ndim != output.ndim or array.shape[1:-1] != output.shape[1:-1]:
                continue
            if array.shape[-1] >= output.shape[-1]:
                return np.ascontiguousarray(array[..., : output.shape[-1]], dtype=output.dtype)
    return None


def _without_interpolated(real: list[np.ndarray], generators: list[Call]) -> list[np.ndarray]:
    """Leave out what was judged twice, and batches between a generated and another one, row by row: a penalty's."""
    kept: list[np.ndarray] = []
    for rows in real:
        if any(np.array_equal(rows, earlier) for earlier in kept):
            continue
        lies_between = any(
            other is not rows and len(other) == len(rows) == len(call.output) and _is_between(rows, other, call.output)
            for other in real
            for call in generators
        )
        if not lies_between:
            kept.append(rows)
    return kept


def _is_between(rows: np.ndarray, other: np.ndarray, made: np.ndarray) -> bool:
    ours, theirs = ((x - made).reshape(len(made), -1).astype(np.float64) for x in (rows, other))
    lengths = np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)
    if (lengths[0] == 0).any() or (lengths[1] == 0).any():
        return False
    cosines = (ours * theirs).sum(axis=1) / (lengths[0] * lengths[1])
    return bool((cosines > INTERPOLATED).all() and (lengths[0] < lengths[1]).all())
