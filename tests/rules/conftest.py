"""The factory of runs that rules are tried on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import recorded_runs

from gandoctor.store import Run


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Return `recorded_runs.make_run`; a run with contact sheets (`sheets`) gets a directory of its own."""
    numbers = count()

    def make(signals: Any, **fields: Any) -> Run:
        if "sheets" in fields:
            return recorded_runs.write_run(tmp_path / f"run{next(numbers)}", signals, **fields)
        return recorded_runs.make_run(signals, **fields)

    return make
