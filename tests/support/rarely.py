"""Cases that CI leaves to the nightly run (`pytest -m slow`): others of their kind stay in it."""

from __future__ import annotations

from typing import Any

import pytest


def rarely(*values: Any) -> Any:
    """A case of a parametrized test."""
    return pytest.param(*values, marks=pytest.mark.slow)
