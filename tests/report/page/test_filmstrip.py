"""The filmstrip chooses, checks and shrinks contact sheets."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gandoctor.report.page import filmstrip as module
from gandoctor.report.page.filmstrip import FRAMES_MIN, LOSSLESS_MAX, SHEETS, choose, filmstrip
from gandoctor.store import Run, RunWriter, load_run
from support.report_runs import make_manifest


@settings(max_examples=50)
@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=300), st.lists(st.integers(-10, 20_000), max_size=60))
def test_choice_is_bounded_rising_and_holds_first_and_last(found: set[int], moments: list[int]) -> None:
    steps = sorted(found)
    chosen = choose(steps, moments, SHEETS)
    assert len(chosen) == min(len(steps), SHEETS)
    assert chosen == sorted(set(chosen))
    assert {0, len(steps) - 1} <= set(chosen)


def test_choice_holds_the_sheets_nearest_the_findings() -> None:
    assert 77 in choose(list(range(0, 10_000, 10)), [771], SHEETS)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    writer = RunWriter(tmp_path / "run", make_manifest())
    for step in (100, 200, 300):
        writer.samples(step, np.full((8, 28, 28, 1), step % 256, np.uint8))
    writer.close("completed")
    return load_run(tmp_path / "run")


def picture(source: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


def test_frames_show_the_sheets(run: Run) -> None:
    strip = filmstrip(run, [])
    assert [f.step for f in strip.frames] == [100, 200, 300]
    assert picture(strip.frames[1].source).size == (strip.frames[1].width, strip.frames[1].height)
    assert picture(strip.frames[1].source).convert("L").getpixel((10, 10)) == 200


@pytest.mark.parametrize(
    "content", [b"", b"not a png", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>" * 9]
)
def test_damaged_sheet_is_named_not_embedded(run: Run, content: bytes) -> None:
    (run.path / "samples" / "000200.png").write_bytes(content)
    strip = filmstrip(run, [])
    assert [f.step for f in strip.frames] == [100, 300]
    assert strip.unreadable == (200,)


def test_truncated_sheet_is_named(run: Run) -> None:
    path = run.path / "samples" / "000200.png"
    path.write_bytes(path.read_bytes()[:90])
    assert filmstrip(run, []).unreadable == (200,)


def test_what_hides_in_a_png_is_not_carried_over(run: Run) -> None:
    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    path = run.path / "samples" / "000200.png"
    Image.new("RGB", (50, 50)).save(path, pnginfo=info, icc_profile=b"<script>")
    path.write_bytes(path.read_bytes() + b"<script>alert(1)</script>")
    frame = filmstrip(run, []).frames[1]
    content = base64.b64decode(frame.source.partition(",")[2])
    assert not [hidden for hidden in (b"script", b"tEXt", b"iCCP") if hidden in content]


def test_bomb_and_impossible_step_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIXELS_MAX", 1_000)
    assert filmstrip(run, []).frames == ()
    (run.path / "samples" / f"{'9' * 60}.png").write_bytes(b"")
    assert filmstrip(run, []).total == 3


def test_large_sheets_are_shrunk_and_thinned(run: Run) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 2_100, 3), np.uint8)
    for step in (200, 300, 400, 500, 600):
        Image.fromarray(noise).save(run.path / "samples" / f"{step:06d}.png")
    strip = filmstrip(run, [])
    assert max(f.width for f in strip.frames) == 1_024
    assert len(strip.frames) == FRAMES_MIN < strip.total == 6
    assert (strip.frames[0].step, strip.frames[-1].step) == (100, 600)


def test_a_sheet_of_large_colour_images_is_compressed(run: Run) -> None:
    shades = np.linspace(0, 255, 400)[:, None] + np.random.default_rng(0).normal(0, 10, (300, 400, 3))
    Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8)).save(run.path / "samples" / "000900.png")
    frames = filmstrip(run, []).frames
    assert len(frames[-1].source) < 2 * LOSSLESS_MAX
    assert picture(frames[-1].source).size == (400, 300)
