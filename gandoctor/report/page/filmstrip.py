"""The sample filmstrip: which contact sheets are embedded, decoded first and kept small."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gandoctor.store import Run, SampleSheet

SHEETS = 40
SIDE_MAX = 1_024
PIXELS_MAX = 40_000_000
BYTES_MAX = 550_000
"""All sheets as they stand in the page, so that it stays small enough to be sent, whatever the images."""
FRAMES_MIN = 5
LOSSLESS_MAX = 60_000
"""Bytes above which a sheet is compressed with loss, e.g. one of colour images; the run has it as it was."""
STEP_MAX = 2**53


@dataclass(frozen=True)
class Frame:
    """One embedded contact sheet.

    Attributes:
        step: Its step.
        source: WebP as a data address.
        width: Pixels; height: pixels.
        stored: Width and height in pixels before it was shrunk.
        repeats: Places of the samples that show the same image as two others; empty where that was not looked at.
    """

    step: int
    source: str
    width: int
    height: int
    stored: tuple[int, int] = (0, 0)
    repeats: tuple[int, ...] = ()


@dataclass(frozen=True)
class Filmstrip:
    """The sheets shown and what was left out.

    Attributes:
        frames: In order of step.
        total: Sheets the run holds.
        unreadable: Steps whose sheet is damaged.
    """

    frames: tuple[Frame, ...]
    total: int
    unreadable: tuple[int, ...]


def filmstrip(run: Run, moments: Sequence[int], sheets: int = SHEETS) -> Filmstrip:
    """Embed at most so many sheets: the first, the last, those nearest the steps in `moments`, the rest evenly spread.

    Every sheet is decoded and encoded again: a file that only claims to be a PNG, or hides something behind one,
    never reaches the page. Sheets are shrunk to 1024 pixels a side, and fewer are taken where 0.55 MB would not do.
    """
    every = [s for s in run.sheets if s.step < STEP_MAX]
    chosen = choose([s.step for s in every], moments, sheets)
    frames: list[Frame] = []
    unreadable: list[int] = []
    for index in chosen:
        frame = _frame(every[index])
        if frame is None:
            unreadable.append(every[index].step)
        else:
            frames.append(frame)
    total = sum(len(f.source) for f in frames)
    if total > BYTES_MAX:
        fewer = max(FRAMES_MIN, int(len(frames) * BYTES_MAX / total))
        frames = [frames[i] for i in choose([f.step for f in frames], moments, fewer)]
    return Filmstrip(tuple(frames), len(every), tuple(unreadable))


def choose(steps: Sequence[int], moments: Sequence[int], limit: int) -> list[int]:
    """Return the positions of at most `limit` of the rising `steps`, first and last and nearest to `moments` first."""
    if len(steps) <= limit:
        return list(range(len(steps)))
    wanted = [0, len(steps) - 1]
    array = np.asarray(steps)
    wanted += [int(np.abs(array - moment).argmin()) for moment in moments]
    kept = list(dict.fromkeys(wanted))[: max(limit, 2)]
    free = limit - len(kept)
    others = [i for i in range(len(steps)) if i not in set(kept)]
    if free > 0:
        spread = np.linspace(0, len(others) - 1, free).round().astype(int)
        kept += [others[i] for i in dict.fromkeys(spread.tolist())]
    return sorted(kept)


def _frame(sheet: SampleSheet) -> Frame | None:
    content = sheet.png()
    if content is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as opened:
                if opened.width * opened.height > PIXELS_MAX:
                    return None
                image = opened.convert("L" if opened.mode in ("1", "L", "I;16") else "RGB")
    except Exception:  # noqa: BLE001 - Pillow raises what it likes on damaged files; any of it means "unreadable"
        return None
    image.info.clear()  # a colour profile or text chunk would otherwise be written back
    stored = image.size
    image.thumbnail((SIDE_MAX, SIDE_MAX))
    return Frame(sheet.step, encoded(image), image.width, image.height, stored)


def encoded(image: Image.Image) -> str:
    """Return an image as a data address: WebP, with loss where it would otherwise be too large."""
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", lossless=True)
    if buffer.tell() > LOSSLESS_MAX:
        buffer = io.BytesIO()
        image.save(buffer, format="WEBP", quality=90)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
