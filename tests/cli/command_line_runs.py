"""Run directories and the command line in a process of its own, for the tests of the commands; holds no tests."""

import os
import subprocess
import sys
from pathlib import Path

from gandoctor.store import Manifest, RunWriter

FAKE_CHILD = Path(__file__).parents[1] / "experiments" / "fake_child.py"

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
