"""The factory of run directories that rules are tried on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from recorded_runs import write_run

from gandoctor.store import Run


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Return `write_run` with directories of its own."""
    numbers = count()

    def make(signals: Any, **fields: Any) -> Run:
        return write_run(tmp_path / f"run{next(numbers)}", signals, **fields)

    return make
