"""`gandoctor report`: formats, languages, what does not fit together, and the live page from start to Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from gandoctor.cli.report import command
from gandoctor.store import Run

Report = Callable[..., Result]


@pytest.fixture
def run_dir(run_of: Callable[..., Run]) -> Path:
    return run_of([{"d_loss": 0.5, "g_loss": 0.9}] * 20).path


@pytest.fixture
def report(run_dir: Path) -> Report:
    def call(*arguments: object) -> Result:
        return CliRunner().invoke(command, [str(run_dir), *map(str, arguments)], standalone_mode=True)

    return call


@pytest.mark.parametrize(
    ("kind", "name", "begins"),
    [
        ("html", "report.html", "<!doctype html>"),
        ("md", "report.md", "## Inconclusive: run"),
        ("json", "diagnosis.json", "{"),
    ],
)
def test_every_format_has_its_file(report: Report, run_dir: Path, kind: str, name: str, begins: str) -> None:
    before = set(os.listdir(run_dir))
    done = report("--format", kind)
    assert (done.exit_code, done.output.strip()) == (0, str(run_dir / name))
    assert (run_dir / name).read_text(encoding="utf-8").startswith(begins)
    also = {"diagnosis.json"} if kind == "html" else set()
    assert set(os.listdir(run_dir)) - before == {name} | also


def test_dash_prints_and_writes_nothing(report: Report, run_dir: Path) -> None:
    before = os.listdir(run_dir)
    assert json.loads(report("--format", "json", "--output", "-").output)["schema"] == "gandoctor.diagnosis/1"
    assert report("--format", "md", "--lang", "zh", "--output", "-").output.startswith("## 无法判断：run\n")
    assert os.listdir(run_dir) == before


def test_language_of_the_page(report: Report, run_dir: Path) -> None:
    report("--lang", "zh")
    assert '<html lang="zh-CN">' in (run_dir / "report.html").read_text(encoding="utf-8")
    assert json.loads((run_dir / "diagnosis.json").read_text())["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--live", "--output", "x"], "--live serves the page and writes no file"),
        (["--live", "--format", "md"], "--live serves the page and writes no file"),
        (["--port", "0"], "--port needs --live"),
        (["--open", "--format", "md"], "--open opens the page"),
        (["--open", "--output", "-"], "--open opens the page"),
        (["--lang", "zh", "--format", "json"], "--lang does not apply to --format json"),
        (["--lang", "fr"], "'fr' is not one of 'en', 'zh'"),
    ],
)
def test_what_does_not_fit_together_is_refused(report: Report, arguments: list[str], told: str) -> None:
    done = report(*arguments)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


def test_live_page_from_start_to_ctrl_c(run_dir: Path) -> None:
    before = sorted(os.listdir(run_dir))
    server = subprocess.Popen(
        [sys.executable, "-m", "gandoctor", "report", "--live", str(run_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert server.stdout is not None
        found = re.match(r"(http://127\.0\.0\.1:\d+/) ", server.stdout.readline())
        assert found is not None
        with urlopen(found[1] + "version", timeout=60) as answer:
            assert json.load(answer)["state"] == "completed"
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)
    finally:
        server.kill()
    assert (server.returncode, errors) == (0, "")
    assert sorted(os.listdir(run_dir)) == before
