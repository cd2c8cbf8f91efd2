"""The watch view in a real terminal, driven through tmux: started, resized, left with q and with Ctrl-C."""

import os
import shlex
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import ChildTraining
from gandoctor.store import load_run

pytestmark = pytest.mark.terminal

FAKE_CHILD = Path(__file__).parents[1] / "support" / "fake_child.py"
HINT = "q quit (training goes on)"
LOOKS = 3000  # each asks tmux for the screen, which takes some milliseconds: patience for a loaded machine

RUN_WITH_FAKE_CHILD = f"""
import functools, sys
import gandoctor.cli.conduct as module
from gandoctor.cli import main
module.conduct = functools.partial(module.conduct, child=[sys.executable, {str(FAKE_CHILD)!r}])
main()
"""


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, width: int, height: int, **environment: str) -> None:
        self._socket = f"gandoctor-{uuid.uuid4().hex[:8]}"
        settings = {"PS1": "$ ", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "COLORTERM": "truecolor", **environment}
        variables = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
        self.tmux("-f", os.devnull, "new-session", "-d", "-x", str(width), "-y", str(height), *variables, "sh")

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def type(self, *command: str) -> None:
        self.tmux("send-keys", "-l", f"clear; {shlex.join(map(str, command))}; echo STATUS $?")
        self.tmux("send-keys", "Enter")

    def press(self, key: str) -> None:
        self.tmux("send-keys", key)

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self) -> list[str]:
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def wait_for(self, wanted, what: str) -> list[str]:
        for _ in range(LOOKS):
            lines = self.screen()
            if wanted(lines):
                return lines
        raise AssertionError(f"{what} never came:\n" + "\n".join(lines))

    def wait_for_text(self, text: str) -> list[str]:
        return self.wait_for(lambda lines: any(text in line for line in lines), text)

    def close(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def terminal():
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing: apt-get install tmux")
        pytest.skip("tmux is missing")
    opened = []

    def open_terminal(width=80, height=24, **environment):
        opened.append(Terminal(width, height, **environment))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


@pytest.fixture
def live(tmp_path):
    job = Job(target="fake:build", run_dir=str(tmp_path / "run"), options={"settings": ["step_ms=10", "nan_from=5"]})
    training = ChildTraining(job, [sys.executable, str(FAKE_CHILD)])
    while not (training.run_dir / "run.json").exists() or load_run(training.run_dir).last_step < 10:
        assert not training.wait(0.02), training.outcome()
    yield training
    training.kill()
    training.outcome()


def watch(run_dir):
    return [sys.executable, "-m", "gandoctor", "watch", str(run_dir)]


def still_training(training):
    before = load_run(training.run_dir).last_step
    while load_run(training.run_dir).last_step <= before:
        assert not training.has_ended()
    return True


def test_a_live_run_is_watched_resized_and_left(terminal, live):
    screen = terminal(80, 24, COLUMNS="80", LINES="24")  # exported, as some shells do: not to be believed
    screen.type(*watch(live.run_dir))
    screen.wait_for_text("critical GD001 NaN in d_loss at step")
    lines = screen.wait_for_text(HINT)  # the last line: the frame is whole
    assert "running" in lines[0]
    assert "eta" in lines[1]
    assert HINT in lines[23]
    assert any("samples, step" in line for line in lines)
    assert any("▀" * 14 in line for line in lines)

    screen.resize(120, 40)
    lines = screen.wait_for(lambda lines: len(lines) == 40 and HINT in lines[39], "the larger frame")
    assert max(line.rstrip().count("▀") for line in lines) > 30, "the preview uses the space"
    screen.resize(80, 24)
    screen.wait_for(lambda lines: len(lines) == 24 and HINT in lines[23], "the smaller frame")

    screen.press("q")
    lines = screen.wait_for_text("STATUS 0")
    assert not any("D loss" in line for line in lines), "the full screen is gone"
    assert still_training(live)


def test_ctrl_c_leaves_the_view_and_not_the_training(terminal, live):
    screen = terminal(60, 15)
    screen.type(*watch(live.run_dir))
    screen.wait_for_text("q quit")
    screen.press("C-c")
    lines = screen.wait_for_text("STATUS 130")
    assert not any("Traceback" in line for line in lines)
    assert still_training(live)


def test_the_end_of_a_watched_run_is_seen(terminal, live):
    screen = terminal(100, 140)
    screen.type(*watch(live.run_dir))
    screen.wait_for_text(HINT)
    live.kill()
    lines = screen.wait_for_text("STATUS 0")
    assert any("The run was interrupted at step" in line for line in lines)


@pytest.mark.slow
def test_no_color(terminal, live):
    screen = terminal(80, 24, NO_COLOR="1")
    screen.type(*watch(live.run_dir))
    lines = screen.wait_for_text("samples, step")
    assert not any("▀" in line for line in lines)
    coloured = screen.tmux("capture-pane", "-p", "-e")
    assert "\x1b[38;" not in coloured
    assert "\x1b[31m" not in coloured


def test_keys_open_pages_and_write_the_report(terminal, live):
    screen = terminal(100, 30)
    screen.type(*watch(live.run_dir))
    screen.wait_for_text("critical GD001 NaN in d_loss at step")
    screen.press("d")
    screen.wait_for_text("What to do")
    screen.press("c")
    screen.wait_for_text("Checked, not found")
    screen.press("s")
    screen.wait_for(lambda lines: sum("▀" * 56 in line for line in lines) > 5, "the samples over the whole width")
    screen.press("Escape")
    screen.wait_for_text("D gradient")
    screen.press("r")
    screen.wait_for_text("Report: ")
    assert (live.run_dir / "report.html").exists()
    screen.press("q")
    screen.wait_for_text("STATUS 0")
    assert still_training(live)


@pytest.mark.slow
def test_q_in_run_watch_leaves_the_training_its_progress_line(terminal, tmp_path):
    screen = terminal(100, 40)
    run_dir = tmp_path / "run"
    screen.type(sys.executable, "-c", RUN_WITH_FAKE_CHILD, "run", "--watch", "--run-dir", run_dir, "fake:build")
    screen.wait_for_text("D gradient")
    screen.press("q")
    lines = screen.wait_for(lambda lines: any(line.startswith("step ") for line in lines), "the progress line")
    assert not any("D gradient" in line for line in lines)
    assert load_run(run_dir).state == "running"
    screen.press("C-c")
    screen.wait_for_text("STATUS 130")
    assert load_run(run_dir).state == "interrupted"


def test_ctrl_c_in_run_watch_still_writes_the_report(terminal, tmp_path):
    screen = terminal(100, 50)
    run_dir = tmp_path / "run"
    screen.type(sys.executable, "-c", RUN_WITH_FAKE_CHILD, "run", "--watch", "--run-dir", run_dir, "fake:build")
    screen.wait_for_text("Ctrl-C stops the training")
    screen.wait_for_text("D gradient")
    screen.press("C-c")
    lines = screen.wait_for_text("STATUS 130")
    assert any(line.startswith("Report: ") for line in lines)
    assert (run_dir / "report.html").exists()
    assert load_run(run_dir).state == "interrupted"
