"""Processes that a recorded program forks end by signals, exit and train as they would bare; none is recorded."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gandoctor import load_run
from gandoctor.experiments.child import forks
from support.rarely import rarely

pytest.importorskip("torch")

pytestmark = pytest.mark.training
SCRIPT = Path(__file__).parent / "torch_scripts" / "forks.py"

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def in_fork(what):
    """Return what a forked process is ended by."""
    process = os.fork()
    if process == 0:
        os._exit(what() or 0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@needs_fork
def test_a_fork_handles_signals_as_before_and_this_process_goes_on_handling_them():
    seen = []
    before = signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGUSR2)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        forks.handle([signal.SIGUSR1], lambda number, frame: seen.append(number))
        forks.handle([signal.SIGUSR2], lambda number, frame: seen.append(number))
        assert in_fork(lambda: os.kill(os.getpid(), signal.SIGUSR1)) == -signal.SIGUSR1
        assert in_fork(lambda: os.kill(os.getpid(), signal.SIGUSR2)) == -signal.SIGUSR2
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        assert seen == [signal.SIGUSR1, signal.SIGUSR2]
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        assert in_fork(lambda: os.kill(os.getpid(), signal.SIGUSR1)) == 0, "the program has replaced the handler"
    finally:
        signal.signal(signal.SIGUSR1, before[0])
        signal.signal(signal.SIGUSR2, before[1])


@needs_fork
def test_what_a_fork_is_to_forget_may_fail():
    forgotten = []
    forks.in_forks(lambda: forgotten.append(1 / 0))
    forks.in_forks(lambda: forgotten.append(1))
    assert in_fork(lambda: len(forgotten)) == 1
    assert forgotten == []


def run(folder, how, *before):
    return subprocess.run(
        [sys.executable, *before, str(SCRIPT), *(["--"] if before else []), how],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


@needs_fork
@pytest.mark.parametrize("how", ["loader", *map(rarely, ("workers", "copies"))])
def test_forks_in_the_middle_of_a_training_end_as_they_would_bare(tmp_path, how):
    bare = run(tmp_path, how).stdout.splitlines()
    done = run(tmp_path, how, "-m", "gandoctor", "run", "--run-dir", "run")
    assert done.returncode == 0, done.stderr
    assert bare[-1] == "end"
    assert [line for line in done.stdout.splitlines() if line in bare] == bare
    recorded = load_run(tmp_path / "run")
    assert (recorded.state, recorded.last_step) == ("completed", 20)


@needs_fork
def test_a_training_in_a_fork_is_not_recorded_and_said_so(tmp_path):
    done = run(tmp_path, "child", "-m", "gandoctor", "run", "--run-dir", "run")
    assert done.returncode == 3
    assert "\nend\n" in done.stdout
    assert "Nothing was recorded" in done.stderr + done.stdout
    assert not (tmp_path / "run").exists()
