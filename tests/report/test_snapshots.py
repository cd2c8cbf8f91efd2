"""The words of every view of one run, as they were when somebody last looked at them.

After a change that is meant: GANDOCTOR_UPDATE_SNAPSHOTS=1 pytest tests/report/test_snapshots.py, then read the
difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_page import Page

from gandoctor import __version__
from gandoctor.diagnosis import Diagnosis
from gandoctor.report import render_html, render_markdown

FOLDER = Path(__file__).parent / "snapshots"


class Band:
    low, high = 0.85, 0.95


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine decides is fixed: the null bands' last digits and the time it took to write the run."""
    monkeypatch.setattr("gandoctor.measures.null.null_bands", lambda run: {"sample_autocorrelation": Band()})
    monkeypatch.setattr("gandoctor.report.page.facts.wall_time", lambda run, words: None)


def page_text(diagnosis: Diagnosis, lang: str) -> str:
    return "\n".join(" ".join(words.split()) for words in Page(render_html(diagnosis, lang)).words if words.strip())


VIEWS: dict[str, Callable[[Diagnosis], str]] = {
    "page.en.txt": lambda diagnosis: page_text(diagnosis, "en"),
    "page.zh.txt": lambda diagnosis: page_text(diagnosis, "zh"),
    "report.en.md": lambda diagnosis: render_markdown(diagnosis, "en"),
    "report.zh.md": lambda diagnosis: render_markdown(diagnosis, "zh"),
    "diagnosis.json": lambda diagnosis: diagnosis.to_json(),
    "notebook.html": lambda diagnosis: diagnosis._repr_html_(),
}


@pytest.mark.parametrize("name", VIEWS)
def test_view_is_as_it_was(failing: Diagnosis, name: str) -> None:
    told: Any = VIEWS[name](failing)
    assert told == VIEWS[name](failing)
    told = told.replace(str(failing.run.path), "RUN_DIR").replace(f"gandoctor {__version__}", "gandoctor VERSION")
    told = told.rstrip() + "\n"
    file = FOLDER / name
    if os.environ.get("GANDOCTOR_UPDATE_SNAPSHOTS"):
        file.write_text(told, encoding="utf-8")
    assert told.splitlines() == file.read_text(encoding="utf-8").splitlines()
