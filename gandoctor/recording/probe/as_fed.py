"""Generated images before the discriminator as it was given them in training: beside the labels that went with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandoctor.recording.probe.nested import flattened, mapped


@dataclass(frozen=True)
class Place:
    """Where in the discriminator's input the image is.

    Attributes:
        part: Which array of those it takes.
        start, stop: Its channels or columns on the last axis.
        shape: Of one image as the generator returns it.
    """

    part: int
    start: int
    stop: int
    shape: tuple[int, ...]

    def fits(self, inputs: Any) -> bool:
        """Tell whether an input has room for the image there."""
        arrays = flattened(inputs)
        if len(arrays) <= self.part or arrays[self.part].ndim < 2:
            return False
        array = arrays[self.part]
        return bool(array[..., self.start : self.stop].size == len(array) * np.prod(self.shape, dtype=int))

    def images(self, inputs: Any) -> np.ndarray:
        """Return the images, float32 (n, *shape)."""
        array = flattened(inputs)[self.part]
        return np.asarray(array[..., self.start : self.stop], np.float32).reshape(len(array), *self.shape)

    def with_images(self, inputs: Any, images: np.ndarray) -> Any:
        """Return the input with other images in the place of its own."""
        array = flattened(inputs)[self.part].copy()
        array[..., self.start : self.stop] = images.reshape(array[..., self.start : self.stop].shape)
        position = iter(range(len(flattened(inputs))))
        return mapped(lambda own: array if next(position) == self.part else own, inputs)

    def holds_all(self, inputs: Any) -> bool:
        """Tell whether an input is just the images."""
        return [part.shape[1:] for part in flattened(inputs)] == [self.shape]


def places(part: int, array: np.ndarray, output: np.ndarray) -> list[Place]:
    """Return where an array has room for such images: all of it, or some of its channels or columns.

    Args:
        part: Which array of the discriminator's input it is.
        array: (n, ...).
        output: What the generator returned, (m, ...).
    """
    if array.ndim < 2 or 0 in array.shape or 0 in output.shape:
        return []
    shape, width = output.shape[1:], array.shape[-1]
    if array[0].size == output[0].size:
        return [Place(part, 0, width, shape)]
    if array.ndim == 2:
        needed = int(np.prod(shape))
    elif array.shape[1:-1] == shape[:-1]:
        needed = shape[-1]
    elif array.shape[1:-1] == shape:
        needed = 1
    else:
        return []
    if needed >= width:
        return []
    starts: Sequence[int] = range(width - needed + 1) if array.ndim > 2 else (0, width - needed)
    return [Place(part, start, start + needed, shape) for start in starts]


class FakesAsFed:
    """Puts generated images where those of the same latents were in training.

    Args:
        place: As an attribute.
        latents: As the generator took them, (n, ...) each part.
        fed: What the discriminator was given with their images, row by row.

    Attributes:
        place: Where the image is.
    """

    def __init__(self, place: Place, latents: Any, fed: Any) -> None:
        self.place, self._fed = place, fed
        self._row_of = {row: i for i, row in enumerate(digests(*flattened(latents)))}

    def __call__(self, images: np.ndarray, latents: Any) -> Any:
        """Return NumPy arrays as the discriminator takes them.

        Args:
            images: As the generator returns them, (n, ...).
            latents: What they were made from, at least n of those that were kept.
        """
        rows = [self._row_of[row] for row in digests(*flattened(latents))[: len(images)]]
        return self.place.with_images(mapped(lambda part: part[rows], self._fed), images)


def digests(*arrays: np.ndarray) -> list[bytes]:
    """Return one hash a row of arrays that belong together; 0 and -0 are the same."""
    plain = [np.ascontiguousarray(np.asarray(array, np.float32) + np.float32(0)) for array in arrays]
    return [
        hashlib.blake2b(b"".join(row.tobytes() for row in rows), digest_size=16).digest()
        for rows in zip(*plain, strict=True)
    ]
