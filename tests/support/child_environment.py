"""The environment of a child process that imports shared test code."""

from __future__ import annotations

import os
from pathlib import Path

TESTS = Path(__file__).parents[1]


def child_environment(**more: str) -> dict[str, str]:
    """This process's environment with `tests` on the path of imports, and what else is given."""
    path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **more}
