"""Labels are recognised by value in what a player is fed, in every usual layout, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.recording.probe.as_fed import Place
from gandoctor.recording.probe.labels import Labels, find_constant_label, find_labels

RNG = np.random.default_rng(0)
N = 64
Z = RNG.normal(size=(N, 5)).astype(np.float32)
CLASSES = RNG.permutation(np.arange(N) % 3)
ONE_HOT = np.eye(3, dtype=np.float32)[CLASSES]
IMAGES = RNG.normal(size=(N, 4, 4, 1)).astype(np.float32)
PLANES = np.broadcast_to(ONE_HOT[:, None, None], (N, 4, 4, 3)).astype(np.float32)
ALONE = Place(0, 0, 1, (4, 4, 1))


@pytest.mark.parametrize(
    ("arrays", "image", "coding", "where"),
    [
        ([Z, CLASSES], None, "class numbers", (1, 0, 1)),
        ([CLASSES[:, None].astype(np.float32), Z], None, "class numbers", (0, 0, 1)),
        ([Z, ONE_HOT], None, "one-hot rows", (1, 0, 3)),
        ([np.concatenate([Z, ONE_HOT], axis=1)], None, "one-hot rows", (0, 5, 8)),
        ([np.concatenate([ONE_HOT, Z], axis=1)], None, "one-hot rows", (0, 0, 3)),
        ([np.concatenate([Z, CLASSES[:, None]], axis=1)], None, "class numbers", (0, 5, 6)),
        ([IMAGES, CLASSES], ALONE, "class numbers", (1, 0, 1)),
        ([np.concatenate([IMAGES, PLANES], axis=-1)], ALONE, "one-hot planes", (0, 1, 4)),
        ([np.concatenate([IMAGES, PLANES[..., :1] * 0.5], axis=-1)], ALONE, "planes of class numbers", (0, 1, 2)),
    ],
)
def test_labels_are_found_and_exchanged(
    arrays: list[np.ndarray], image: Place | None, coding: str, where: tuple[int, int, int]
) -> None:
    labels = find_labels(arrays, image)
    assert labels is not None
    assert (labels.coding, (labels.part, labels.start, labels.stop)) == (coding, where)
    classes = labels.classes(arrays)
    expected = CLASSES if coding != "planes of class numbers" else (CLASSES == 0).astype(int)
    np.testing.assert_array_equal(classes, expected)
    order = np.roll(np.arange(N), 1)
    exchanged = labels.exchanged(arrays, order)
    np.testing.assert_array_equal(labels.classes(exchanged), classes[order])
    outside = [part for i, part in enumerate(exchanged) if i != labels.part]
    np.testing.assert_equal(outside, [part for i, part in enumerate(arrays) if i != labels.part])
    if image is not None:
        np.testing.assert_array_equal(image.images(exchanged), IMAGES)


@pytest.mark.parametrize(
    "arrays",
    [
        [Z],
        [IMAGES],
        [(Z > 0).astype(np.float32)],  # several ones a row
        [np.arange(N)],  # numbers that never repeat
        [np.zeros(N, int)],
        [Z[:8], CLASSES[:8]],
        [Z, CLASSES, CLASSES],  # two that may be it
        [np.array(["a", "b"] * 32)],
    ],
)
def test_what_is_no_label_is_not_taken_for_one(arrays: list[np.ndarray]) -> None:
    assert find_labels(arrays) is None


def test_binary_images_are_no_labels() -> None:
    given = np.concatenate([np.eye(4, dtype=np.float32)[RNG.integers(0, 4, (N, 4))][..., None], PLANES], axis=-1)
    labels = find_labels([given], ALONE)
    assert labels is not None
    assert (labels.start, labels.stop) == (1, 4)


def test_a_label_that_is_always_the_same_is_found_by_the_coding_of_the_other_player() -> None:
    rows = np.eye(10)[np.arange(N) % 10].astype(np.float32)
    like = find_labels([rows])
    assert like is not None
    noise, six = RNG.normal(size=(N, 32)).astype(np.float32), np.tile(np.eye(10, dtype=np.float32)[6], (N, 1))
    assert find_constant_label([noise, six], like, 10) == Labels(1, 0, 10, "one-hot rows", False)
    beside = find_constant_label([np.concatenate([noise, six], 1)], like, 10)
    assert beside == Labels(0, 32, 42, "one-hot rows", True)
    assert find_constant_label([noise, rows], like, 10) is None
    assert find_constant_label([noise, np.zeros((N, 10), np.float32)], like, 10) is None, "zeros are no label"
