"""The page of a comparison: what it shows, in every language, and that nothing hostile gets out of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gandoctor import diagnose
from gandoctor.comparison.side_by_side import side_by_side
from gandoctor.diagnosis import Diagnosis
from gandoctor.report.languages import LANGUAGES
from gandoctor.report.page.compared import comparison_page
from support.report_runs import make_diagnosis, write_run

EVIL = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Diagnosis]:
    folder = tmp_path_factory.mktemp("compared")
    return [make_diagnosis(write_run(folder / name)) for name in ("first", "second")]


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="report-data">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def test_curves_of_both_runs_share_an_axis(two: list[Diagnosis]) -> None:
    charts = data_of(comparison_page(side_by_side(two)))["charts"]
    lines = [one for one in charts["shared-d_loss"]["data"] if "lines" in one["mode"]]
    assert [one["name"] for one in lines][:2] == ["first", "second"]
    assert lines[0]["line"]["color"] != lines[1]["line"]["color"]


def test_samples_of_both_are_shown(two: list[Diagnosis]) -> None:
    page = comparison_page(side_by_side(two))
    assert page.count('<img src="data:image/webp;base64,') == 2


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_speaks_every_language_and_fetches_nothing(two: list[Diagnosis], code: str) -> None:
    page = comparison_page(side_by_side(two), code)
    assert "default-src &#39;none&#39;; script-src " in page
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)
    assert ("What was different" in page) == (code == "en")


def test_what_a_run_says_of_itself_stays_text(tmp_path: Path) -> None:
    runs = [diagnose(write_run(tmp_path / name, target=target).path) for name, target in (("a", EVIL), ("b", "b"))]
    page = comparison_page(side_by_side(runs))
    assert EVIL not in page
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page
