"""Loading the rules, and the store that they read from, is quick: it takes none of the large libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"pandas", "scipy", "pyarrow", "PIL", "plotly", "jinja2", "rich", "tensorflow", "keras"}


@pytest.mark.parametrize("code", ["import gandoctor.store", "from gandoctor.rules import all_rules; all_rules()"])
def test_loads_nothing_heavy(code: str) -> None:
    code = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"gandoctor.store", "numpy"} <= loaded
    assert loaded & HEAVY == set()
