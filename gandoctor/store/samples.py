"""Samples: the contact sheets and arrays of generated data that a run directory holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gandoctor.store.arrays import read_images, read_values
from gandoctor.store.files import read_whole

FOLDER = "samples"
ANSWERS = "samples/answers.npz"
SHOWN = 8
"""Of them that are shown at most."""
PNG_MAX_BYTES = 16 * 2**20


@dataclass(frozen=True)
class SampleSheet:
    """The contact sheet of one step and the arrays that it shows."""

    step: int
    run_dir: Path
    png_path: Path
    npz_path: Path

    def png(self) -> bytes | None:
        """Return the bytes of the PNG file, or None if it is missing, too large or not a PNG."""
        try:
            content = read_whole(self.run_dir, self.png_path, PNG_MAX_BYTES)
        except OSError:
            return None
        return content if content.startswith(b"\x89PNG\r\n\x1a\n") else None

    def fakes(self) -> np.ndarray | None:
        """Return the generated images, uint8 (n, height, width, channels), or None if they cannot be read."""
        return read_images(self.run_dir, self.npz_path, "fakes")


@dataclass(frozen=True)
class Answers:
    """A few inputs and what was made of them at the end, uint8 (n, height, width, channels).

    Attributes:
        inputs: What the generator was given.
        made: What it made of each.
        belonging: The real images that they belong to; None where training has no pairs.
    """

    inputs: np.ndarray
    made: np.ndarray
    belonging: np.ndarray | None = None


def answers_of(run_dir: Path) -> Answers | None:
    """Return what is stored of them; None where there is nothing, or it cannot be read."""
    path = run_dir / ANSWERS
    inputs, made, belonging = (read_images(run_dir, path, key) for key in ("inputs", "made", "belonging"))
    return None if inputs is None or made is None else Answers(inputs[:SHOWN], made[:SHOWN], _few(belonging))


def _few(images: np.ndarray | None) -> np.ndarray | None:
    return None if images is None else images[:SHOWN]


def sheets_of(run_dir: Path, until: int | None = None) -> list[SampleSheet]:
    """Return the contact sheets of a run in order of step; with `until`, those up to a step."""
    found = [(step, path) for step, path in _by_step(run_dir, "png") if until is None or step <= until]
    return [SampleSheet(step, run_dir, path, path.with_suffix(".npz")) for step, path in found]


def newest_values_of(run_dir: Path, until: int | None = None) -> tuple[int, np.ndarray] | None:
    """Return step and values of the newest stored samples that are no images; None where there are none.

    Args:
        run_dir: The directory.
        until: Step up to which they may be.

    Returns:
        The step and float32 (n, T, C) or (n, c).
    """
    for step, path in reversed(_by_step(run_dir, "npz")):
        if until is None or step <= until:
            array = read_values(run_dir, path)
            if array is not None:
                return step, array
    return None


def _by_step(run_dir: Path, ending: str) -> list[tuple[int, Path]]:
    named = (run_dir / FOLDER).glob(f"*.{ending}")
    return sorted((int(p.stem), p) for p in named if p.stem.isdigit() and p.stem.isascii())
