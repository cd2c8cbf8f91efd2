"""Rules import the measures: that must not cost more than numpy."""

from __future__ import annotations

import subprocess
import sys


def test_importing_loads_numpy_only() -> None:
    code = "import sys, gandoctor.measures, gandoctor.measures.pool, gandoctor.measures.trajectory; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"scipy", "pandas", "pyarrow", "pydantic", "tensorflow", "keras"}
