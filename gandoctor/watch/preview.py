"""Generated images drawn with characters: half blocks in colour, a ramp of grays in letters without."""

from __future__ import annotations

import numpy as np
from rich.style import Style
from rich.text import Text

RAMP = " .:-=+*#%@"


def draw_images(images: np.ndarray, columns: int, rows: int, colour: bool) -> Text:
    """Draw as many images as fit, shrunk by a whole factor until at least four do (or as few as there are).

    Args:
        images: uint8, (n, height, width, channels); of two channels the first is drawn, of more the first three.
        columns: Width of the space in characters.
        rows: Height of the space in lines; a line holds two pixels.
        colour: Half blocks in true colour (rich lowers it to what the terminal has); otherwise letters.
    """
    if columns < 1 or rows < 1 or not len(images):
        return Text()
    mosaic = _mosaic(images, columns, 2 * rows)
    upper, lower = mosaic[0::2], mosaic[1::2]
    lines = [_colour_line(u, d) if colour else _letter_line(u, d) for u, d in zip(upper, lower, strict=True)]
    return Text("\n").join(lines)


def _mosaic(images: np.ndarray, width: int, height: int) -> np.ndarray:
    """Lay images out in a (2k, m, 3) uint8 grid that fits into width x height pixels."""
    wanted = min(4, len(images))
    factor = 1
    while True:
        small_height, small_width = (max(1, -(-side // factor)) for side in images.shape[1:3])
        across, down = width // small_width, height // small_height
        if across * down >= wanted or max(small_height, small_width) == 1:
            break
        factor += 1
    across = max(1, min(across, len(images)))
    down = max(1, min(down, -(-len(images) // across)))
    shown = [_shrink(image, factor)[:height, :width] for image in images[: across * down]]
    blank = np.zeros_like(shown[0])
    shown += [blank] * (across * down - len(shown))
    grid = np.concatenate([np.concatenate(shown[i * across : (i + 1) * across], axis=1) for i in range(down)])
    padded: np.ndarray = np.pad(grid, ((0, len(grid) % 2), (0, 0), (0, 0)))
    return padded


def _shrink(image: np.ndarray, factor: int) -> np.ndarray:
    """Average factor x factor blocks, the border being repeated; gray becomes RGB."""
    rgb = np.repeat(image[..., :1], 3, axis=2) if image.shape[2] < 3 else image[..., :3]
    pad = [(0, -side % factor) for side in rgb.shape[:2]]
    padded = np.pad(rgb, (*pad, (0, 0)), mode="edge").astype(np.float32)
    height, width = padded.shape[0] // factor, padded.shape[1] // factor
    blocks = padded.reshape(height, factor, width, factor, 3)
    small: np.ndarray = blocks.mean(axis=(1, 3)).round().astype(np.uint8)
    return small


def _colour_line(upper: np.ndarray, lower: np.ndarray) -> Text:
    line = Text()
    for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
        line.append("▀", Style(color=_hex(top), bgcolor=_hex(bottom)))
    return line


def _hex(rgb: list[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _letter_line(upper: np.ndarray, lower: np.ndarray) -> Text:
    gray = (upper.mean(axis=1) + lower.mean(axis=1)) / 2
    return Text("".join(RAMP[int(level / 256 * len(RAMP))] for level in gray))
