"""The user's real data as a monitor sees them: their kind, checked once; images scaled to the data's own range."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.measures.columns import Columns
from gandoctor.message import Message
from gandoctor.recording.probe.nested import like, parts
from gandoctor.store import DataCard
from gandoctor.store.cards import DataKind

REALS_KEPT = 512
LEAST_IMAGES = 16
LEAST_SIDE = 8
"""Of an image whose shape does not say that it is one: no image data set in use is smaller, no series has fewer steps
and as many channels."""
_FLAT_RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
"""Ranges of values in which images are given."""


class UnusableImages(GandoctorError):
    """Images that cannot be used; `why` says so as a clause."""

    def __init__(self, why: Message) -> None:
        super().__init__(f"{why}.")
        self.why = why


def images_of(data: Any) -> np.ndarray:
    """Return the images of `probe_data`: the first of several parts. A list is a list of images."""
    return np.asarray(parts(data)[0] if isinstance(data, tuple | dict) else data)


def with_conditions(images: np.ndarray | None, data: Any) -> Any:
    """Return the checked images of `probe_data` beside what came with them, as the discriminator takes them."""
    if images is None or not isinstance(data, tuple | dict):
        return images
    return like(data, [images, *(np.asarray(part)[: len(images)] for part in parts(data)[1:])])


def checked_images(data: Any, name: str) -> np.ndarray:
    """Return real data as float32: images as (n, height, width, channels), all else as it was given.

    Args:
        data: Images (n, h, w) or (n, h, w, c), series (n, T, C) or vectors (n, c), in the units the model is trained
            on; or a tuple or dictionary of what the discriminator takes, such data first.
        name: Name of the argument, for the message.

    Raises:
        UnusableImages: Wrong shape, too few images, values that are not finite, or parts that differ in length.
    """
    array = images_of(data)
    lengths = [len(part) for part in parts(data)] if isinstance(data, tuple | dict) else []
    if len(set(lengths)) > 1:
        raise UnusableImages(
            Message(
                "{argument} must hold as much of every part; found {lengths}", argument=name, lengths=tuple(lengths)
            )
        )
    if array.ndim not in (2, 3, 4) or 0 in array.shape[1:]:
        raise UnusableImages(
            Message(
                "{argument} must be images (n, height, width[, channels]), series (n, steps, channels) or vectors "
                "(n, columns); found shape {shape}",
                argument=name,
                shape=str(array.shape),
            )
        )
    if array.ndim == 3 and kind_of(array) == "images":
        array = array[..., None]
    if len(array) < LEAST_IMAGES:
        raise UnusableImages(
            Message(
                "{argument} must hold at least {least} images; found {count}",
                argument=name,
                least=LEAST_IMAGES,
                count=len(array),
            )
        )
    images = array[:REALS_KEPT].astype(np.float32)
    if not np.isfinite(images).all():
        raise UnusableImages(Message("{argument} holds values that are not finite (NaN or infinity)", argument=name))
    return images


def kind_of(data: np.ndarray) -> DataKind:
    """Tell what real data are by their shape.

    Args:
        data: (n, ...) of rank 2 to 4. Of rank 3, (n, T, C) with fewer than 8 channels or steps is a series, and so is
            one whose channels are in no order; of rank 2, values that only make sense as a square image are flat
            images.
    """
    if data.ndim == 2:
        return "images" if _are_flat_images(data) else "vectors"
    if data.ndim == 3 and (min(data.shape[1:]) < LEAST_SIDE or _are_channels(data)):
        return "series"
    return "images"


def _are_channels(data: np.ndarray) -> bool:
    """Tell whether (n, T, C) goes on smoothly in T, while its neighbours in C are no more alike than distant ones."""
    x = np.asarray(data[:REALS_KEPT], dtype=np.float64)
    x = x - x.mean(axis=(1, 2), keepdims=True)
    variance = float((x * x).mean())
    if not 0 < variance < math.inf:
        return False
    far = data.shape[2] // 2
    onward = float((x[:, :-1] * x[:, 1:]).mean()) / variance
    beside, apart = (float((x[..., :-lag] * x[..., lag:]).mean()) / variance for lag in (1, far))
    return onward > 0.5 and beside < apart + 0.1


def _are_flat_images(rows: np.ndarray) -> bool:
    """Tell whether rows (n, side * side) of a common image range are squares: alike beside and below each other.

    A smooth curve is alike beside each other too, but then less and less alike the farther apart: half a line of the
    would-be square nearer than a whole line.
    """
    side = math.isqrt(rows.shape[1])
    if side < LEAST_SIDE or side * side != rows.shape[1]:
        return False
    x = np.asarray(rows[:REALS_KEPT], dtype=np.float64)
    if (float(x.min()), float(x.max())) not in _FLAT_RANGES:
        return False
    x = x - x.mean(axis=1, keepdims=True)
    variance = float((x * x).mean())
    beside, half, below = (float((x[:, :-lag] * x[:, lag:]).mean()) / variance for lag in (1, side // 2, side))
    return beside > 0.3 and below > 0.3 and below > half + 0.1


def data_card(probe: np.ndarray, holdout: np.ndarray | None, given: Any) -> DataCard:
    """Describe the real data; its range is that of the images the monitor was given."""
    minimum, maximum = probe.min(), probe.max()
    return DataCard(
        shape=tuple(probe.shape[1:]),
        dtype=str(images_of(given).dtype),
        minimum=float(minimum),
        maximum=float(maximum),
        mean=float(probe.mean()),
        std=float(probe.std()),
        probe_count=len(probe),
        holdout_count=0 if holdout is None else len(holdout),
        share_at_minimum=float((probe == minimum).mean()),
        share_at_maximum=float((probe == maximum).mean()),
        kind=kind_of(probe),
        column_stds=_column_stds(probe),
        distinct_count=len({hashlib.blake2b(np.ascontiguousarray(image).data).digest() for image in probe}),
    )


def _column_stds(probe: np.ndarray) -> tuple[float, float] | None:
    if kind_of(probe) == "images":
        return None
    spread = probe.reshape(-1, probe.shape[-1]).std(axis=0, dtype=np.float64)
    varied = spread[spread > 0]
    return (float(varied.min()), float(varied.max())) if len(varied) else None


def to_unit(images: np.ndarray, card: DataCard) -> np.ndarray:
    """Return images as (n, height, width, channels), the data's darkest value 0 and its brightest 1.

    Values outside stay outside. Flat images become squares.

    Raises:
        ValueError: They are not as large as those of the card.
    """
    if len(card.shape) == 1:
        side = math.isqrt(card.shape[0])
        images = images.reshape(len(images), side, side, 1)
    else:
        images = images.reshape(len(images), *card.shape)
    width = card.maximum - card.minimum
    scaled = (images - card.minimum) / np.float32(width if width > 0 else 1.0)
    return np.asarray(scaled, dtype=np.float32)


def to_bytes(unit_images: np.ndarray) -> np.ndarray:
    """Turn 0..1 images into uint8 for storing and showing; NaN becomes black."""
    scaled = np.clip(np.nan_to_num(unit_images, nan=0.0), 0.0, 1.0) * 255.0 + 0.5
    return np.asarray(scaled, dtype=np.uint8)


def comparable_rows(data: np.ndarray, reals: np.ndarray | None, card: DataCard | None) -> np.ndarray:
    """Return data (n, d) between which distances mean something: pixels of the data's range, or standardised columns.

    As they are where the real data are not known or of another size.

    Args:
        data: Generated or real ones, (n, ...).
        reals: The real data.
        card: What is known of them.
    """
    if card is None or reals is None or data[0].size != reals[0].size:
        rows = data
    elif card.kind == "images":
        rows = to_unit(data, card)
    else:
        rows = Columns(reals).rows(data)
    return rows.reshape(len(rows), -1)
