"""The user's images as a monitor sees them: checked once, scaled to the data's own range."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.recording.probe.nested import like, parts
from gandoctor.store import DataCard

REALS_KEPT = 512
LEAST_IMAGES = 16


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
    """Return images as float32 (n, height, width, channels).

    Args:
        data: Array of shape (n, h, w) or (n, h, w, 1 or 3), in the units the model is trained on; or a tuple or
            dictionary of what the discriminator takes, such images first.
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
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3):
        raise UnusableImages(
            Message(
                "{argument} must be images of shape (n, height, width[, 1 or 3]); found shape {shape}",
                argument=name,
                shape=str(array.shape),
            )
        )
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
        distinct_count=len({hashlib.blake2b(np.ascontiguousarray(image).data).digest() for image in probe}),
    )


def to_unit(images: np.ndarray, card: DataCard) -> np.ndarray:
    """Scale so that the data's darkest value is 0 and its brightest is 1; values outside stay outside."""
    width = card.maximum - card.minimum
    scaled = (images - card.minimum) / np.float32(width if width > 0 else 1.0)
    return np.asarray(scaled, dtype=np.float32)


def to_bytes(unit_images: np.ndarray) -> np.ndarray:
    """Turn 0..1 images into uint8 for storing and showing; NaN becomes black."""
    scaled = np.clip(np.nan_to_num(unit_images, nan=0.0), 0.0, 1.0) * 255.0 + 0.5
    return np.asarray(scaled, dtype=np.uint8)
