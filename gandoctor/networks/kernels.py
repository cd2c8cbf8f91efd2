"""Convolution kernels and their strides: where a kernel covers neighbouring pixels unevenly."""

from __future__ import annotations

from gandoctor.store import LayerCard


def uneven_sides(layer: LayerCard) -> list[tuple[int, int]]:
    """Return kernel side and stride of each dimension in which the side is not a multiple of the stride.

    Empty where they fit, where the stride is 1, or where the settings are not known.
    """
    kernel, strides = layer.settings.get("kernel_size"), layer.settings.get("strides")
    if not isinstance(kernel, list) or not isinstance(strides, list):
        return []
    sides = zip(kernel, strides, strict=False)
    return [(k, s) for k, s in sides if isinstance(k, int) and isinstance(s, int) and s > 1 and k % s]
