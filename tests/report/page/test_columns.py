"""Samples that are no images: a table of columns, lines of series, and no picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gandoctor.diagnosis import diagnose
from gandoctor.recording.probe.images import data_card
from gandoctor.report import render_html
from gandoctor.report.page.sections import columns
from gandoctor.store import Manifest, Run, RunWriter, load_run
from support.report_page import Page


def run_of(path: Path, reals: np.ndarray, fakes: np.ndarray) -> Run:
    reals, fakes = reals.astype(np.float32), fakes.astype(np.float32)
    writer = RunWriter(path, Manifest(data=data_card(reals, None, reals)))
    writer.real_values(reals)
    writer.record(1, {"d_loss": 1.0})
    writer.record(20, {"d_loss": 0.5})
    for step, values in ((1, fakes * 0), (20, fakes)):
        writer.sample_values(step, values)
    writer.close("completed")
    return load_run(path)


def page_of(run: Run) -> tuple[str, Page]:
    html = render_html(diagnose(run))
    return html, Page(html)


def test_a_table_shows_each_column_beside_the_real_one(tmp_path: Path) -> None:
    reals = np.tile([[1.0, 5000.0], [3.0, 7000.0]], (16, 1))
    html, page = page_of(run_of(tmp_path / "run", reals, reals * [10, 1]))
    assert 'id="columns"' in html
    assert 'id="samples"' not in html
    assert "of the samples of step 20" in page.text
    # Mean, standard deviation, minimum and maximum, each real and generated.
    assert "1 2 20 1 10 1 10 3 30 2 6,000 6,000 1,000 1,000 5,000 5,000 7,000 7,000" in page.text
    assert [tag for tag, _ in page.elements if tag == "polyline"] == []


def test_series_are_lines(tmp_path: Path) -> None:
    reals = np.random.default_rng(0).normal(size=(20, 30, 2))
    fakes = reals.copy()
    fakes[0, 3, 0] = np.nan
    _, page = page_of(run_of(tmp_path / "run", reals, fakes))
    lines = [attributes["points"].split() for tag, attributes in page.elements if tag == "polyline"]
    assert [len(line) for line in lines] == [30] * (2 * 2 * columns.LINES)
    heights = [float(point.split(",")[1]) for line in lines for point in line]
    assert min(heights) >= 0
    assert max(heights) <= columns.HEIGHT


def test_a_wide_table_is_cut(tmp_path: Path) -> None:
    wide = np.random.default_rng(0).normal(size=(20, 100))
    _, page = page_of(run_of(tmp_path / "run", wide, wide))
    assert f"This page shows {columns.COLUMNS_MAX} of 100 columns." in page.text


@pytest.mark.parametrize("broken", ["reals.npz", "000020.npz"])
def test_what_cannot_be_read_is_left_out(broken: str, tmp_path: Path) -> None:
    reals = np.random.default_rng(0).normal(size=(20, 3))
    run = run_of(tmp_path / "run", reals, reals)
    (run.path / "samples" / broken).write_bytes(b"PK damaged")
    html, page = page_of(load_run(run.path))
    assert ('id="columns"' in html) == (broken != "reals.npz")
    assert broken == "reals.npz" or "of the samples of step 1 " in page.text
