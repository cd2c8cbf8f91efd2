"""Kernels that do not fit their strides."""

from __future__ import annotations

from typing import Any

import pytest

from gandoctor.networks.kernels import uneven_sides
from gandoctor.store import LayerCard


@pytest.mark.parametrize(
    ("kernel", "strides", "uneven"),
    [
        ([5, 5], [2, 2], [(5, 2), (5, 2)]),
        ([4, 3], [2, 2], [(3, 2)]),
        ([1, 1], [2, 2], [(1, 2), (1, 2)]),
        ([4, 4], [2, 2], []),
        ([5, 5], [1, 1], []),
        ("5", [2, 2], []),
        ([5, None], [2, 2], [(5, 2)]),
        (None, None, []),
    ],
)
def test_sides_that_are_no_multiple_of_the_stride(kernel: Any, strides: Any, uneven: list[tuple[int, int]]) -> None:
    layer = LayerCard(name="up", type="Conv2DTranspose", settings={"kernel_size": kernel, "strides": strides})
    assert uneven_sides(layer) == uneven
