"""The part of plotly.js that the report draws with, compressed. README.md: where it is from, how to update it."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from pathlib import Path

_PACKED = Path(__file__).parent / "plotly-cartesian.min.js.gz"


@cache
def packed() -> str:
    """Return the gzip file as base64."""
    return base64.b64encode(_PACKED.read_bytes()).decode("ascii")


@cache
def source() -> str:
    """Return the script itself."""
    return gzip.decompress(_PACKED.read_bytes()).decode("utf-8")
