"""MadeRows: what a generator has returned, known again row by row by its bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

REMEMBERED = 100_000
"""Rows that are known again when the discriminator is given them in a later step."""


@dataclass(frozen=True)
class Place:
    """Where the image is in what the discriminator is given.

    Attributes:
        index: Of the argument, among all that it is given.
        start, stop: Its channels (of vectors: columns), where others stand beside them; None where it has them all.
    """

    index: int
    start: int | None = None
    stop: int | None = None


class MadeRows:
    """Remembers rows that the generator has returned; the latest 100,000 of them.

    Args:
        digests: Returns something that stands for the values of each row of a batch.
        has_rows: Tells whether something is a batch of floats, (n, ...) with n > 0.
        channels_first: Whether a row's channels are its first axis; else they are its last.
    """

    def __init__(
        self, digests: Callable[[Any], Sequence[Hashable]], has_rows: Callable[[Any], bool], channels_first: bool
    ) -> None:
        self._of, self._has_rows, self._channels_first = digests, has_rows, channels_first
        self._digests: dict[Hashable, None] = {}
        self._shapes: set[tuple[int, ...]] = set()

    def add(self, made: Any) -> None:
        """Remember a batch; anything else is left out."""
        if not self._has_rows(made):
            return
        self._shapes.add(tuple(made.shape[1:]))
        self._digests |= dict.fromkeys(self._of(made))
        for old in list(self._digests)[: max(0, len(self._digests) - REMEMBERED)]:
            del self._digests[old]

    def among(self, given: Sequence[Any]) -> tuple[list[bool], Place] | None:
        """Find remembered rows among what the discriminator is given.

        A row is known again in another shape, such as flat, and where channels or columns stand before or after it.

        Returns:
            Of the first batch that has any: which of its rows they are, and where they stand in it. None without any.
        """
        for index, batch in enumerate(given):
            if not self._has_rows(batch):
                continue
            known = self._known(batch)
            if any(known):
                return known, Place(index)
            for count in sorted(self._counts(tuple(batch.shape[1:]))):
                total = self._split(tuple(batch.shape[1:]))[0]
                first, last = (self._known(self._channels(batch, a, a + count)) for a in (0, total - count))
                if any(first) and any(last):  # several images beside each other are judged together
                    return [a or b for a, b in zip(first, last, strict=True)], Place(index)
                if any(first) or any(last):
                    start = 0 if any(first) else total - count
                    return (first if any(first) else last), Place(index, start, start + count)
        return None

    def _known(self, rows: Any) -> list[bool]:
        return [digest in self._digests for digest in self._of(rows)]

    def _counts(self, shape: tuple[int, ...]) -> set[int]:
        """Return how many channels of such rows may be an image; one number alone identifies nothing."""
        if not shape:
            return set()
        total, extent = self._split(shape)
        own = [self._split(known) for known in self._shapes if known and math.prod(known) > 1]
        return {count for count, its_extent in own if its_extent == extent and count < total}

    def _split(self, shape: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        return (shape[0], shape[1:]) if self._channels_first else (shape[-1], shape[:-1])

    def _channels(self, batch: Any, start: int, stop: int) -> Any:
        return batch[:, start:stop] if self._channels_first else batch[..., start:stop]
