"""A run of several games: each pair of players in a run directory of its own, and what a damaged one says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gandoctor.errors import GandoctorError, NotARun
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.games import GAMES_MAX, GamesRun, add_game, checked_name, file_safe


def write(run_dir: Path, **losses: float) -> Path:
    """Write a run with a game of each name, two steps long, whose d_loss is as given."""
    for name, loss in losses.items():
        writer = RunWriter(run_dir / "games" / name, Manifest())
        for step in (1, 2):
            writer.record(step, {"d_loss": loss})
        writer.close("completed")
        add_game(run_dir, name, "inferred", {})
    return run_dir


def test_games_are_read_by_name(tmp_path: Path) -> None:
    run = load_run(write(tmp_path / "run", G_X=0.5, G_Y=0.7))
    assert isinstance(run, GamesRun)
    assert {name: float(game["d_loss"].iloc[0]) for name, game in run.games.items()} == {"G_X": 0.5, "G_Y": 0.7}
    assert (run.last_step, run.state, list(run.names)) == (2, "completed", [])
    assert run.until(1).games["G_X"].last_step == 1
    assert not load_run(tmp_path / "run" / "games" / "G_X").games, "a game is a run like any other"


def test_a_run_that_ended_badly_in_one_game_ended_badly(tmp_path: Path) -> None:
    run_dir = write(tmp_path / "run", a=0.5)
    writer = RunWriter(run_dir / "games" / "b", Manifest())
    writer.record(1, {"d_loss": 1.0})
    writer.close("crashed", error="x")
    add_game(run_dir, "b", "given", {})
    assert load_run(run_dir).state == "crashed"


def test_a_missing_or_damaged_game_is_named(tmp_path: Path) -> None:
    run_dir = write(tmp_path / "run", a=0.5, b=0.5)
    manifest = run_dir / "games" / "b" / "run.json"
    manifest.write_text("{")
    with pytest.raises(NotARun, match="names the game 'b', which cannot be read"):
        load_run(run_dir)
    for file in manifest.parent.rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(NotARun, match="names the game 'b'"):
        load_run(run_dir)


@pytest.mark.parametrize("name", ["../../elsewhere", "/etc", "a/b", "", ".", "con\n", "x" * 81, "ends."])
def test_a_hostile_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(GandoctorError, match="cannot name a directory"):
        checked_name(name)
    run_dir = write(tmp_path / "run", a=0.5)
    content = json.loads((run_dir / "run.json").read_text())
    (run_dir / "run.json").write_text(json.dumps(content | {"games": {name: "given"}}))
    with pytest.raises(NotARun, match="which cannot be read"):
        load_run(run_dir)


def test_games_within_games_and_too_many_are_refused(tmp_path: Path) -> None:
    run_dir = write(tmp_path / "run", a=0.5)
    add_game(run_dir / "games" / "a", "inner", "given", {})
    with pytest.raises(NotARun, match="it names further games"):
        load_run(run_dir)
    many = write(tmp_path / "many", a=0.5)
    for number in range(GAMES_MAX):
        add_game(many, f"g{number}", "given", {})
    with pytest.raises(NotARun, match=f"at most {GAMES_MAX} are read"):
        load_run(many)


def test_names_become_safe_and_stay_apart() -> None:
    assert file_safe("nets['g x']+D", []) == "nets-g-x-+D"
    assert file_safe("A+B", ["a+b"]) == "A+B-2", "some file systems do not tell cases apart"
    assert checked_name(file_safe("///", [])) == "game"
