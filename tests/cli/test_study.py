"""`gandoctor study`, as it is typed."""

from __future__ import annotations

import csv
import functools
import json
from pathlib import Path

import pytest

from gandoctor.experiments.study import conduct
from support.command_line_runs import FAKE, command_here


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conduct, "Task", functools.partial(conduct.Task, child=FAKE))


BASE = ("study", "fake:build", "--set", "kid=1", "--steps", "30", "--into", "s")


def test_a_study_says_what_can_be_said(tmp_path: Path, fake: None) -> None:
    asked = ("--vary", "kid=2,3", "--seeds", "2", "--look-at", "20", "--duality-gap")
    done = command_here(*BASE, *asked, cwd=tmp_path)
    assert done.returncode == 0
    assert "6 trainings of 30 steps, 180 steps in all" in done.stderr
    assert "The first took" in done.stderr
    assert done.stdout.count("direction only: worse in each of 2 seeds") == 2
    assert "2 seeds tell a direction only" in done.stdout
    plain = json.loads((tmp_path / "s" / "study.json").read_text())
    assert [one["arm"] for one in plain["effects"]] == ["kid=2", "kid=3"]
    assert set(plain["effects"][0]["at"]) == {"20"}
    rows = list(csv.DictReader((tmp_path / "s" / "study.csv").read_text().splitlines()))
    assert [(row["key"], row["value"], row["seed"]) for row in rows[2:4]] == [("kid", "2", "0"), ("kid", "2", "1")]
    assert float(rows[2]["log_ratio_at_20"]) > 0.5
    page = (tmp_path / "s" / "study.html").read_text()
    assert "direction only: worse in each of 2 seeds" in page
    assert [row["duality_gap_at_20"] for row in rows] == ["0.075"] * 6, "the base's runs, too"
    assert plain["runs"][0]["duality_gap"] == {"20": 0.075}
    assert "Duality gap" in page
    again = command_here(*BASE, "--vary", "kid=2,3", "--seeds", "2", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["schema"] == "gandoctor.study/1"


def test_the_duality_gap_is_measured_where_it_is_asked_for_only(tmp_path: Path, fake: None) -> None:
    asked = ("--vary", "kid=2", "--seeds", "1", "--look-at", "20")
    assert command_here(*BASE, *asked, cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "s" / "study.json").read_text())["runs"][0]["duality_gap"] == {}
    assert "Duality gap" not in (tmp_path / "s" / "study.html").read_text()


def test_a_dry_run_lists_the_commands(tmp_path: Path) -> None:
    done = command_here(
        *BASE, "--vary", "g_optimizer.beta_1=0.5", "--vary", "rate=2", "--seed", "7", "--dry-run", cwd=tmp_path
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 9
    assert lines[0] == "gandoctor run fake:build --set kid=1 --steps 30 --seed 7"
    assert lines[5] == "gandoctor run fake:build --set kid=1 --steps 30 --change g_optimizer.beta_1=0.5 --seed 9"
    assert lines[6].endswith("--set rate=2 --seed 7")
    assert not (tmp_path / "s").exists()


def test_the_reference_models_dropout_is_a_setting_and_anothers_a_handle(tmp_path: Path) -> None:
    vary = ("--vary", "generator.dropout=0.2", "--seeds", "1", "--dry-run")
    assert "--set generator.dropout=0.2" in command_here("study", *vary, cwd=tmp_path).stdout
    assert "--change generator.dropout=0.2" in command_here(*BASE, *vary, cwd=tmp_path).stdout


def test_a_script_is_given_its_seed_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    words = ("study", "train.py", "--vary", "g_optimizer.learning_rate=1e-3", "--seeds", "2", "--dry-run")
    lines = command_here(*words, "--", "--seed={seed}", cwd=tmp_path).stdout.splitlines()
    assert lines[1] == "gandoctor run train.py -- --seed=1"
    assert lines[2] == "gandoctor run train.py --change g_optimizer.learning_rate=1e-3 -- --seed=0"
    without = command_here(*words, cwd=tmp_path)
    assert len(without.stdout.splitlines()) == 2
    assert "given no seed" in without.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--vary", "rate"], "give a key and its values"),
        (["--vary", "g_optimizer.beta_1=1.5"], "is no beta 1"),
        (["--vary", "kid=1", "--look-at", "soon"], "no list of steps"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = command_here("study", "fake:build", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_script_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    done = command_here("study", "train.py", "--vary", "rate=1", cwd=tmp_path)
    assert done.returncode == 2
    assert "a script takes no settings; use one of g_optimizer.learning_rate" in done.stderr
