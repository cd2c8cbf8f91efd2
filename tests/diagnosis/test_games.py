"""Several games of one run: each is judged, the worst one speaks for the run, and every view shows them apart."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gandoctor.diagnosis import Verdict, diagnose
from gandoctor.diagnosis.as_json import plain
from gandoctor.diagnosis.games import worst_first
from gandoctor.report import render_html
from gandoctor.report.markdown import render_markdown
from gandoctor.rules import Severity
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.games import add_game
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.follow import Follower
from gandoctor.watch.frame import draw_frame
from support.report_page import Page


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run of two games; the one that is named second has a NaN loss."""
    for name, loss in (("sound", 0.6), ("ill", float("nan"))):
        writer = RunWriter(tmp_path / "run" / "games" / name, Manifest(loss_family="non_saturating"))
        for step in range(1, 9):
            writer.record(step, {"d_loss": loss, "g_loss": 0.7})
        writer.close("completed")
        add_game(tmp_path / "run", name, "inferred", {})
    return tmp_path / "run"


def test_the_worst_game_speaks_for_the_run(run_dir: Path) -> None:
    diagnosis = diagnose(load_run(run_dir))
    assert diagnosis.verdict == "failing"
    assert (diagnosis.games["ill"].verdict, diagnosis.games["sound"].verdict) == ("failing", "inconclusive")
    found = diagnosis.detected[0]
    assert (found.rule.id, found.game, found.severity) == ("GD001", "ill", Severity.CRITICAL)
    assert diagnosis.sentence.facts["game"] == "ill"
    assert all(finding.game != "sound" for finding in diagnosis.detected)


def test_of_two_that_fail_the_one_with_a_fact_comes_first() -> None:
    """Where games share players or data, the others may only suffer from it."""

    def game(verdict: Verdict, score: float, is_fact: bool) -> Any:
        return SimpleNamespace(verdict=verdict, causes=(SimpleNamespace(score=score, is_fact=is_fact),))

    games = {
        "attention, fact": game("attention", 0.9, True),
        "failing, possible": game("failing", 0.95, False),
        "failing, fact": game("failing", 0.7, True),
    }
    assert [name for name, _ in worst_first(games)] == ["failing, fact", "failing, possible", "attention, fact"]


def test_every_view_shows_them_apart(run_dir: Path) -> None:
    diagnosis = diagnose(load_run(run_dir))
    as_json = json.loads(json.dumps(plain(diagnosis)))
    assert {name: game["verdict"] for name, game in as_json["games"].items()} == {
        "ill": "failing",
        "sound": "inconclusive",
    }
    markdown = render_markdown(diagnosis)
    assert markdown.index("ill") < markdown.index("sound"), "the worst comes first"
    whole = Page(render_html(diagnosis))
    page = whole.text
    assert "1 of 2 games has a failure mode" in page
    assert page.index("ill: Failing") < page.index("sound: Inconclusive")
    for game in diagnosis.games.values():
        assert str(game.plan[0].title) in page
    ids = [attributes["id"] for _, attributes in whole.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert f"{diagnosis.games['ill'].name}" in page


def test_watch_shows_both_and_the_finding_with_its_game(run_dir: Path) -> None:
    shot = Follower(run_dir, time.time).look(last=True)
    assert shot is not None
    assert set(shot.games) == {"sound", "ill"}
    frame = draw_frame(shot, None, Canvas(100, 30)).plain
    assert "sound" in frame
    assert "GD001" in frame
