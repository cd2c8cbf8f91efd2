"""Fixtures that the tests share, and the check that a test without the mark `training` imports no framework."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

FRAMEWORKS = frozenset({"tensorflow", "keras", "torch", "jax"})


def imported() -> set[str]:
    """The frameworks that this process has imported."""
    return {name for name in FRAMEWORKS if sys.modules.get(name) is not None}


def pytest_configure(config: pytest.Config) -> None:
    """Give each of several workers one thread for BLAS: with more of them than cores, they wait for one another."""
    if hasattr(config, "workerinput") and "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for child processes and what is loaded later
        threadpool_limits(1, "blas")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out, unread, a file that is marked `training` as a whole: reading it may take a framework."""
    if "not training" not in config.option.markexpr or not collection_path.match("test_*.py"):
        return None
    for node in ast.parse(collection_path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            return "mark.training" in ast.unparse(node.value) or None
    return None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse a file that imports a framework when it is read, unless it is marked `training` as a whole."""
    before = imported()
    report = yield
    found = imported() - before
    if isinstance(collector, pytest.Module) and found and collector.get_closest_marker("training") is None:
        report.outcome = "failed"
        report.longrepr = f"{collector.path.name} imports {', '.join(sorted(found))} and is not marked `training`."
    return report


@pytest.fixture(autouse=True)
def without_a_framework(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    """Fail a test that imports a framework and is not marked `training`."""
    before = imported()
    yield
    found = imported() - before
    assert not found or request.node.get_closest_marker("training"), f"It imports {', '.join(sorted(found))}."
