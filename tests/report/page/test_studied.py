"""The page of a study: every seed a point, what can be said, in every language and without a network."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from gandoctor.comparison.study import BASE, Arm, Study, Trained, studied
from gandoctor.report.languages import LANGUAGES
from gandoctor.report.page.studied import study_page
from gandoctor.store import Run


def study(name: str = "rate", seeds: int = 3) -> Study:
    def trained(arm: Arm, level: float) -> list[Trained]:
        runs = [Run.from_signals({"sample_kid": dict.fromkeys(range(10, 201, 10), level)}) for _ in range(seeds)]
        return [Trained(arm, i, Path("x"), "finished", 200, 1.0, "healthy", run=run) for i, run in enumerate(runs)]

    arm = Arm(name, "0.1")
    return studied("x:build", [arm], [*trained(BASE, 1.0), *trained(arm, 2.0)], (100,))


def test_each_seed_is_a_point_right_of_one_where_it_is_worse() -> None:
    page = study_page(study())
    places = [float(place) for place in re.findall(r'class="ratio-dot" style="left:([\d.]+)%"', page)]
    reach = math.log(2) * 1.1
    assert places == [pytest.approx(50 + 50 * math.log(2) / reach, abs=0.01)] * 3
    assert "seed 2: 2" in page
    assert "ratio-span" not in page.partition("<body>")[2], "no interval below five seeds"
    assert "ratio-span" in study_page(study(seeds=5)).partition("<body>")[2]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_speaks_every_language_and_fetches_nothing(code: str) -> None:
    page = study_page(study(), code)
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)
    assert ("direction only: worse in each of 3 seeds" in page) == (code == "en")


def test_a_hostile_name_stays_text() -> None:
    page = study_page(study("<script>alert(1)</script>"))
    assert "<script>alert(1)" not in page


def test_a_study_without_a_run_has_a_page() -> None:
    assert "What each change did" in study_page(studied("x:build", [], [], ()))
