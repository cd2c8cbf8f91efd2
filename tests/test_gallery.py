"""The gallery: its runs can be made again with today's commands, and its index leads to files that are small enough."""

from __future__ import annotations

import html
import re
import runpy
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gandoctor.cli.run import command
from reference_models.faults import FAULTS

GALLERY = Path(__file__).resolve().parents[1] / "reports" / "gallery"
INDEX = (GALLERY / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def make() -> Any:
    pytest.importorskip("playwright")
    return SimpleNamespace(**runpy.run_path(str(GALLERY / "make.py")))


def test_every_run_can_be_made_again(make: Any) -> None:
    for exhibit in make.EXHIBITS:
        given = command.make_context("run", list(exhibit.command[1:])).params
        assert {fault.partition("@")[0] for fault in given["faults"]} <= set(FAULTS)
    assert len({exhibit.name for exhibit in make.EXHIBITS}) == len(make.EXHIBITS)


def test_the_index_has_a_row_for_every_run_and_nothing_is_too_large(make: Any) -> None:
    files = set(re.findall(r'(?:href|src)="([^"]+)"', INDEX))
    assert files == {name for e in make.EXHIBITS for name in (e.report, f"{e.name}.webp")}
    assert {path.name for path in GALLERY.iterdir() if path.is_file()} == files | {"README.md", "make.py", "watch.webp"}
    for path in GALLERY.iterdir():
        assert path.stat().st_size < (1_500_000 if path.suffix == ".html" else 200_000)


def test_the_index_says_what_the_pages_say(make: Any) -> None:
    rows = dict(re.findall(r'^\| <a href="([^"]+)">.*?\| ([^|]*) \|$', INDEX, re.MULTILINE))
    for exhibit in make.EXHIBITS:
        page = (GALLERY / exhibit.report).read_text(encoding="utf-8")
        said = re.search(r'<h1 .*?<span class="name">(.*?)</span></h1>|<p class="sentence">(.*?)</p>', page, re.S)
        assert said is not None
        assert html.unescape(said[1] or said[2]) in rows[exhibit.report].replace("\\|", "|")


def test_every_fault_shows_its_own_failure_first(make: Any) -> None:
    for exhibit in make.EXHIBITS:
        faults = [value.partition("@")[0] for name, value in pairwise(exhibit.options) if name == "--fault"]
        page = (GALLERY / exhibit.report).read_text(encoding="utf-8")
        shown = re.findall(r'id="finding-(GD\d+)"', page)
        assert bool(shown) == bool(faults), exhibit.name
        for fault in faults:
            assert shown[0] in FAULTS[fault].expected, (exhibit.name, shown[0])


def test_nothing_of_the_machine_is_in_the_pages() -> None:
    for path in (*GALLERY.glob("*.html"), GALLERY / "README.md"):
        assert not re.search(r"/(home|root|tmp|work|Users)/", path.read_text(encoding="utf-8")), path
