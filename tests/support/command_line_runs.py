"""Run directories, and the command line in this process or in one of its own, for the tests of the commands."""

import functools
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from gandoctor.cli import conduct as conducting
from gandoctor.cli import main
from gandoctor.experiments import check as checking
from gandoctor.experiments.launch import CHILD
from gandoctor.store import Manifest, RunWriter

FAKE_CHILD = Path(__file__).with_name("fake_child.py")
FAKE = (sys.executable, str(FAKE_CHILD))

WITH_FAKE_CHILD = f"""
import functools, sys
import gandoctor.cli.conduct as module
from gandoctor.cli import main
module.conduct = functools.partial(module.conduct, child=[sys.executable, {str(FAKE_CHILD)!r}])
main()
"""

WITHOUT_TENSORFLOW = """
import sys
for name in ("tensorflow", "keras"):
    sys.modules[name] = None  # importing it raises ModuleNotFoundError
from gandoctor.cli import main
main()
"""


def record(
    run_dir: Path, steps: int = 40, nan_from: int | None = None, end: str | None = "completed", **fields
) -> Path:
    writer = RunWriter(run_dir, Manifest(**{"planned_steps": steps, "loss_family": "non_saturating", **fields}))
    for step in range(1, steps + 1):
        bad = nan_from is not None and step >= nan_from
        writer.record(step, {"d_loss": float("nan") if bad else 0.6, "g_loss": 0.7, "d_grad_norm": 1.0})
    writer.close(end or "completed")
    return run_dir


def command(code: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **options.pop("env", {})},
        **options,
    )


def command_here(
    *arguments: object, child: Sequence[str] = CHILD, cwd: Path = Path()
) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, which saves the time that a new one needs to import what it uses.

    Args:
        arguments: The command and its own arguments.
        child: The program of the training, if there is one: it still is a process of its own.
        cwd: The working directory.
    """
    words, out, err = [str(word) for word in arguments], io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(cwd),
        mock.patch.object(sys, "argv", ["gandoctor", *words]),
        mock.patch.object(conducting, "conduct", functools.partial(conducting.conduct, child=child)),
        mock.patch.object(checking, "check_target", functools.partial(checking.check_target, child=child)),
    ):
        try:
            main()
        except SystemExit as end:
            return subprocess.CompletedProcess(words, int(end.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("the command line ends with SystemExit")
