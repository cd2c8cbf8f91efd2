"""`gandoctor compare`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

from support.command_line_runs import command_here, record


def test_two_runs_are_compared_in_text_json_and_a_page(tmp_path: Path) -> None:
    record(tmp_path / "good", config={"settings": {"rate": 1e-3}})
    record(tmp_path / "bad", nan_from=20, config={"settings": {"rate": 1.0}})
    done = command_here("compare", "good", "bad", cwd=tmp_path)
    assert done.returncode == 0
    assert "rate: 0.001 | 1.0" in done.stdout
    assert "GD001" in done.stdout
    assert (tmp_path / "compare.html").exists()
    plain = json.loads(command_here("compare", "--json", "bad", "good", "--baseline", "good", cwd=tmp_path).stdout)
    assert [one["name"] for one in plain["runs"]] == ["good", "bad"]


def test_one_run_is_one_clear_error(tmp_path: Path) -> None:
    record(tmp_path / "good")
    done = command_here("compare", "good", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere is not a directory" in done.stderr
    assert "takes two runs" in done.stderr
    assert not (tmp_path / "compare.html").exists()
