"""Inputs beside what was made of them, where the generator is given images."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gandoctor.report import render_html
from gandoctor.store import RunWriter, load_run
from support.report_page import Page
from support.report_runs import make_diagnosis, make_manifest, strokes, write_run

INPUTS, MADE, BELONGING = (strokes(8, 1.0, seed) for seed in range(3))


def page_of(tmp_path: Path, belonging: np.ndarray | None, **arrays: np.ndarray) -> str:
    write_run(tmp_path / "run", steps=60, reason="interrupted")
    writer = RunWriter(tmp_path / "run", make_manifest(), resume=True)
    writer.answers(arrays.get("inputs", INPUTS), arrays.get("made", MADE), belonging)
    writer.close("completed")
    return render_html(make_diagnosis(load_run(tmp_path / "run")))


def sheets_of(html: str) -> list[np.ndarray]:
    section = html.partition('<section id="answers"')[2].partition("</section>")[0]
    sources = re.findall(r'src="data:image/webp;base64,([^"]+)"', section)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(source))).convert("L")) for source in sources]


@pytest.mark.parametrize("belonging", [None, BELONGING])
def test_each_row_is_shown_under_its_name(tmp_path: Path, belonging: np.ndarray | None) -> None:
    html = page_of(tmp_path, belonging)
    text = Page(html).text
    assert "What went in" in text
    assert "What was made of it" in text
    assert ("The real image that belongs to it" in text) == (belonging is not None)
    sheets = sheets_of(html)
    for sheet, images in zip(sheets, [INPUTS, MADE, BELONGING][: len(sheets)], strict=True):
        height, width = images.shape[1:3]
        np.testing.assert_array_equal(sheet[2 : 2 + height, 2 : 2 + width], images[0, ..., 0])
    assert len(sheets) == (2 if belonging is None else 3)


def test_where_nothing_was_kept_there_is_no_such_section(tmp_path: Path) -> None:
    html = render_html(make_diagnosis(write_run(tmp_path / "run", steps=60)))
    assert 'id="answers"' not in html


def test_rows_of_other_sizes_and_colours_are_shown(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 255, (3, 16, 20, 3), dtype=np.uint8)
    assert len(sheets_of(page_of(tmp_path, None, inputs=colour))) == 2
