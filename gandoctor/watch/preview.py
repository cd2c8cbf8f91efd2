"""Images drawn with characters: half blocks in colour, a ramp of grays in letters without."""

from __future__ import annotations

import numpy as np
from rich.style import Style
from rich.text import Text

from gandoctor.message import Message
from gandoctor.watch.canvas import STYLES, Canvas, fit
from gandoctor.watch.columns import draw_columns
from gandoctor.watch.snapshot import Preview, Snapshot

RAMP = " .:-=+*#%@"
_FEW, _SOME = 2, 3
"""Images in a row at least, in a narrow and in a wider space: two of one kind are seen side by side."""


def draw_samples(snapshot: Snapshot, canvas: Canvas, width: int, rows: int) -> list[Text]:
    """Return the newest samples under a row of real ones; of what is no image, columns beside those of the real data.

    Args:
        snapshot: What is shown; it has a preview or columns.
        canvas: What the terminal can show.
        width: Of the space in characters.
        rows: Height of the space in lines, the headings included.
    """
    if snapshot.preview is not None:
        return _images(snapshot.preview, canvas, width, rows)
    assert snapshot.columns is not None
    drawn = draw_columns(snapshot.columns, width, rows - 1, canvas.ascii_only)
    return [_heading(Message("samples, step {step}", step=snapshot.columns.step), canvas, width), *drawn.split("\n")]


def _images(preview: Preview, canvas: Canvas, width: int, rows: int) -> list[Text]:
    colour = canvas.colour and not canvas.ascii_only
    below = _heading(Message("samples, step {step}", step=preview.step), canvas, width)
    small = None if preview.reals is None else _size_in_rows(preview, width, rows - 2)
    if preview.reals is None or small is None:
        return [below, *draw_images(preview.images, width, rows - 1, colour).split("\n")]
    factor, across, down = small
    above = _heading(Message("real images"), canvas, width)
    reals = _drawn(_laid_out(preview.reals, factor, across, 1), colour)
    fakes = _drawn(_laid_out(preview.images, factor, across, down - 1), colour)
    return [above, *reals, below, *fakes]


def _size_in_rows(preview: Preview, width: int, rows: int) -> tuple[int, int, int] | None:
    """Return by which factor to shrink, how many images fit side by side, and in how many rows; None for too few."""
    sides = preview.images.shape[1:3]
    wanted = min(_SOME if width >= _SOME * 14 else _FEW, len(preview.images))
    for factor in range(1, max(sides) + 1):
        height, across = -(-sides[0] // factor), width // -(-sides[1] // factor)
        down = rows // -(-height // 2)
        if across >= wanted and down >= 2:
            return factor, min(across, len(preview.images)), min(down, 1 + -(-len(preview.images) // across))
    return None


def _heading(said: Message, canvas: Canvas, width: int) -> Text:
    return fit(Text(canvas.said(said), STYLES["quiet"]), width)


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
    return Text("\n").join(_drawn(_mosaic(images, columns, 2 * rows), colour))


def _drawn(mosaic: np.ndarray, colour: bool) -> list[Text]:
    upper, lower = mosaic[0::2], mosaic[1::2]
    return [_colour_line(u, d) if colour else _letter_line(u, d) for u, d in zip(upper, lower, strict=True)]


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
    return _laid_out(images, factor, across, down)[: height + height % 2, :width]


def _laid_out(images: np.ndarray, factor: int, across: int, down: int) -> np.ndarray:
    """Return images side by side in rows, (2k, m, 3) uint8; each takes an even number of pixels down."""
    shown = [_shrink(image, factor) for image in images[: across * down]]
    shown = [np.pad(image, ((0, len(image) % 2), (0, 0), (0, 0))) for image in shown]
    blank = np.zeros_like(shown[0])
    shown += [blank] * (across * down - len(shown))
    return np.concatenate([np.concatenate(shown[i * across : (i + 1) * across], axis=1) for i in range(down)])


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
