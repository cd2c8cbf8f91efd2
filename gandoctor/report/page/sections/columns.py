"""Samples that are no images: columns beside those of the real data, and series as lines."""

from __future__ import annotations

import numpy as np

from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.text import number

COLUMNS_MAX = 60
CHANNELS_DRAWN = 4
LINES = 4
POINTS_MAX = 400
WIDTH, HEIGHT = 320, 90


def show(source: Source) -> Shown | None:
    """Return the last samples in numbers; None where they are images, or where none were stored."""
    card, compared = source.run.manifest.data, source.diagnosis.reference.columns
    if card is None or compared is None:
        return None
    reals, fakes = compared.reals, compared.fakes
    rows = [
        (index + 1, [number(float(value)) for pair in zip(real, fake, strict=True) for value in pair])
        for index, (real, fake) in enumerate(zip(compared.of_reals, compared.of_fakes, strict=True))
        if index < COLUMNS_MAX
    ]
    drawn = [] if reals.ndim == 2 else [_lines(reals, fakes, c) for c in range(min(CHANNELS_DRAWN, reals.shape[2]))]
    values = {"kind": card.kind, "step": compared.step, "rows": rows, "total": reals.shape[-1], "drawn": drawn}
    return Shown({**values, "width": WIDTH, "height": HEIGHT})


def _lines(reals: np.ndarray, fakes: np.ndarray, channel: int) -> list[list[str]]:
    """Return the points of a few real and a few generated series of a channel, on one scale."""
    few = [data[:LINES, :, channel].astype(np.float64) for data in (reals, fakes)]
    every = -(-few[0].shape[1] // POINTS_MAX)
    shown = [np.nan_to_num(lines[:, ::every], posinf=0.0, neginf=0.0) for lines in few]
    low, high = min(lines.min() for lines in shown), max(lines.max() for lines in shown)
    x = np.linspace(0, WIDTH, shown[0].shape[1])
    scale = (HEIGHT - 4) / (high - low) if high > low else 0.0
    return [
        [
            " ".join(f"{a:.1f},{HEIGHT - 2 - (b - low) * scale:.1f}" for a, b in zip(x, line, strict=True))
            for line in lines
        ]
        for lines in shown
    ]


SECTION = Section("columns", 21, show, tab="samples")
