"""GD022: the real images are scrambled.

What it is
    Images were brought into another layout by a reshape (`view`, `reshape`) where axes had to be moved (`permute`,
    `transpose`): the numbers are all there, and no longer in their places.

Why it hurts
    The discriminator is shown colour noise or images in nine small pieces, and the generator learns to make that. The
    losses look as usual.

How it is recognised
    By the real images that the discriminator is fed. They are read as they are, and as a reshape from the other layout
    (channels first or last) would have left them. If neighbouring pixels correlate far better the second way, that is
    how they are meant.

What it is not
    Images without colours have one layout. Images of noise, or of a texture finer than a pixel, correlate in no
    reading. Networks without convolutions do not care for the order of the numbers, but pictures of the samples do.

What to do
    Move the axes: `images.permute(0, 3, 1, 2)` in PyTorch, `np.transpose(images, (0, 2, 3, 1))` for Keras. Look at a
    batch as the discriminator is given it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run

COUNT = 64
"""Real images that are read."""


@dataclass(frozen=True)
class Limits:
    """Thresholds. Judgement: crops of photographs and emoji correlate by 0.90 and 0.91, scrambled by -0.06 to 0.77.

    Attributes:
        meant: Correlation of neighbouring pixels in the other reading, from which it can be the one that is meant.
        rougher: What lacks to a correlation of 1, over what lacks in the other reading. 2.3 and more in those.
    """

    meant: float = 0.6
    rougher: float = 1.8


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where a reshape undone makes better images of the reals."""
    data, reals = run.manifest.data, run.reals
    if data is None or reals is None or data.kind != "images":
        raise NotEvaluated(Message("Real images were not recorded."), applies=data is None or data.kind == "images")
    if reals.ndim != 4 or reals.shape[-1] < 2 or min(reals.shape[1:3]) < 4:
        raise NotEvaluated(Message("The real images have one channel, so one layout only."), applies=False)
    images = np.asarray(reals[:COUNT], np.float64)
    own = neighbour_correlation(images)
    other = max(neighbour_correlation(reading) for reading in other_readings(images))
    threshold = 1.0 - limits.rougher * (1.0 - other)
    if other < limits.meant or own > threshold:
        return []
    statement = Message(
        "Neighbouring pixels of the real images correlate by {own:.2f} as the discriminator is given them, and by "
        "{other:.2f} if a reshape from the other layout of channels is undone.",
        own=own,
        other=other,
    )
    return [Evidence("probe_data", own, threshold, 0, run.last_step, statement)]


def other_readings(images: np.ndarray) -> list[np.ndarray]:
    """Return images (n, h, w, c) as they were before a reshape from channels first, or last, into the other layout."""
    n, h, w, c = images.shape
    as_first = np.ascontiguousarray(np.moveaxis(images, -1, 1)).reshape(n, h, w, c)
    as_last = np.moveaxis(np.ascontiguousarray(images).reshape(n, c, h, w), 1, -1)
    return [as_first, as_last]


def neighbour_correlation(images: np.ndarray) -> float:
    """Return the correlation of neighbouring pixels within a channel, the mean of both directions; 0 of blank images.

    Args:
        images: (n, h, w, c).
    """
    centred = images - images.mean(axis=(1, 2), keepdims=True)
    variance = float((centred**2).mean())
    if not variance > 0:
        return 0.0
    right = float((centred[:, :, 1:] * centred[:, :, :-1]).mean())
    down = float((centred[:, 1:] * centred[:, :-1]).mean())
    return 0.5 * (right + down) / variance


LIMITS = Limits()

RULE = Rule(
    id="GD022",
    name="scrambled-images",
    title=Message("The real images are scrambled"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("move-axes",),
    references=("PyTorch documentation, torch.permute and torch.Tensor.view (order of axes, order of memory)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(symptoms=("GD301", "GD401", "GD402", "GD406"), critical=0.9, warning=0.8, info=0.3),
)
