"""The sheets side by side on the first screen: real data, the last good step and now, with copies framed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.copies import Reals, reals_of
from gandoctor.diagnosis.course import Course
from gandoctor.report.page.filmstrip import Filmstrip, Frame, encoded
from gandoctor.store import Run
from gandoctor.store.writer import contact_sheet

COLUMNS = 8
"""Of a contact sheet."""
SHOWN = 4
"""Rows and columns that the first screen shows of it."""
GAP, UNDER_REALS = 2, 4
PIXELS_MAX = 3_000_000
"""Values of a step's samples up to which every sheet is searched for copies; above it only those shown at first."""
FIRST = 1
"""Until this step a generator has learned nothing, and all it makes may look the same."""
MEMORISED = "GD408"

Role = Literal["real", "nearest", "good", "best", "start", "now"]


@dataclass(frozen=True)
class Tiles:
    """Where the images of a contact sheet lie, in its own pixels.

    Attributes:
        size: Width and height of the sheet; image: of one image.
        top: Where the first row that is shown begins.
        columns: Of the sheet.
    """

    size: tuple[int, int]
    image: tuple[int, int]
    top: int
    columns: int = COLUMNS

    @property
    def style(self) -> str:
        """The numbers as the page's style takes them."""
        (width, height), (w, h) = self.size, self.image
        return f"--W:{width};--H:{height};--w:{w};--h:{h};--top:{self.top - GAP}"

    def place(self, index: int) -> str:
        """Return where an image lies, in percent of the sheet."""
        (width, height), (w, h) = self.size, self.image
        left = GAP + index % self.columns * (w + GAP)
        top = self.top + index // self.columns * (h + GAP)
        return (
            f"left:{100 * left / width:.2f}%;top:{100 * top / height:.2f}%;"
            f"width:{100 * w / width:.2f}%;height:{100 * h / height:.2f}%"
        )


@dataclass(frozen=True)
class SheetView:
    """One sheet.

    Attributes:
        role: What it is shown for.
        frame: The picture.
        tiles: Where its images lie; None where that is not known, and it is shown whole.
        framed: Places of its images that are framed.
    """

    role: Role
    frame: Frame
    tiles: Tiles | None
    framed: tuple[int, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether it is of a step, and not of the real data."""
        return self.role not in ("real", "nearest")

    @property
    def places(self) -> list[str]:
        """Where the frames lie."""
        return [self.tiles.place(index) for index in self.framed] if self.tiles is not None else []


def with_repeats(run: Run, strip: Filmstrip) -> Filmstrip:
    """Return the film with the samples marked that show the same image as two others of their step."""
    if not strip.frames:
        return strip
    stored = {sheet.step: sheet for sheet in run.sheets}
    last = stored[strip.frames[-1].step].fakes()
    reals = reals_of(run.reals, last)
    if reals is None or last is None:
        return strip
    frames = [
        replace(frame, repeats=_repeats(reals, stored[frame.step].fakes(), last))
        if frame.step > FIRST and (last.size <= PIXELS_MAX or frame is strip.frames[-1])
        else frame
        for frame in strip.frames
    ]
    return replace(strip, frames=tuple(frames))


def _repeats(reals: Reals, fakes: np.ndarray | None, like: np.ndarray) -> tuple[int, ...]:
    return () if fakes is None or fakes.shape != like.shape else reals.repeats(fakes)


def sheets(diagnosis: Diagnosis, strip: Filmstrip, course: Course | None) -> list[SheetView]:
    """Return the sheets of the first screen: the real data, a step to compare with, and the last one."""
    run = diagnosis.run
    if not strip.frames:
        return []
    now = strip.frames[-1]
    fakes = next((sheet.fakes() for sheet in run.sheets if sheet.step == now.step), None)
    tiles = _tiles(run, now, fakes)
    views = [SheetView("now", now, tiles, now.repeats)]
    of_this_size = {sheet.step for sheet in run.of_present_data().sheets}
    earlier = _earlier(diagnosis, [frame for frame in strip.frames[:-1] if frame.step in of_this_size], course)
    if earlier is not None:
        views.insert(0, SheetView(*earlier, tiles, earlier[1].repeats))
    reals = reals_of(run.reals, fakes)
    if reals is None or fakes is None:
        return views
    if any(finding.rule.id == MEMORISED for finding in diagnosis.detected):
        images, suspected = reals.nearest(fakes[: SHOWN * COLUMNS])
        views[-1] = replace(views[-1], framed=tuple(sorted({*now.repeats, *suspected})))
        return [_drawn("nearest", images, COLUMNS, suspected), *views]
    return [_drawn("real", reals.images[: SHOWN * SHOWN], SHOWN), *views]


def _earlier(diagnosis: Diagnosis, frames: Sequence[Frame], course: Course | None) -> tuple[Role, Frame] | None:
    """Return the frame to compare the last one with: before the failure, at the best step, or at the start."""
    if not frames:
        return None
    first = diagnosis.headline.first_step if diagnosis.headline is not None else None
    if course is not None and course.best_step is not None and (first is None or course.trend == "worse"):
        best = course.best_step
        return "best", min(frames, key=lambda frame: abs(frame.step - best))
    before = [frame for frame in frames if first is not None and 1 < frame.step < first]
    return ("good", before[-1]) if before else ("start", frames[0])


def _drawn(role: Role, images: np.ndarray, columns: int, framed: tuple[int, ...] = ()) -> SheetView:
    sheet = contact_sheet(images, None, columns)
    size = (sheet.width, sheet.height)
    height, width = images.shape[1:3]
    tiles = Tiles(size, (width, height), GAP, columns)
    return SheetView(role, Frame(0, encoded(sheet), *size, size), tiles, framed)


def _tiles(run: Run, frame: Frame, fakes: np.ndarray | None) -> Tiles | None:
    """Return where the samples lie on a sheet as `contact_sheet` lays it out; None where it has not made it."""
    if fakes is None:
        return None
    height, width = fakes.shape[1:3]
    rows = math.ceil(len(fakes) / COLUMNS)
    for above in (1, 0):  # with a row of reals, or without
        size = (COLUMNS * (width + GAP) + GAP, (rows + above) * (height + GAP) + GAP + UNDER_REALS)
        if size == frame.stored:
            return Tiles(size, (width, height), GAP + above * (height + GAP + UNDER_REALS))
    return None
