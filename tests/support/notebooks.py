"""Notebook files and notebooks run in a kernel, for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook; a cell that begins with "# " is text, every other one is code."""
    written = [
        {"cell_type": "markdown", "metadata": {}, "source": cell}
        if cell.startswith("# ")
        else {"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for cell in cells
    ]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": written}))
    return path


@dataclass
class RanCell:
    """What a cell has shown.

    Attributes:
        views: Every plain text that was displayed, updates included, in order.
        outputs: What stands in the cell at the end, by MIME type.
        text: Standard output.
    """

    views: list[str] = field(default_factory=list)
    outputs: list[dict[str, str]] = field(default_factory=list)
    text: str = ""


def execute_notebook(folder: Path, *cells: str) -> list[RanCell]:
    """Run code cells in a fresh kernel whose working directory is `folder`."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    ran = [RanCell() for _ in cells]

    class Client(nbclient.NotebookClient):  # type: ignore[misc,name-defined]
        def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
            content = msg["content"]
            if msg["msg_type"] in ("display_data", "update_display_data"):
                ran[cell_index].views.append(content["data"]["text/plain"])
            elif msg["msg_type"] == "stream" and content["name"] == "stdout":
                ran[cell_index].text += content["text"]
            return super().process_message(msg, cell, cell_index)

    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    Client(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    for cell, shown in zip(notebook.cells, ran, strict=True):
        shown.outputs = [output.data for output in cell.outputs if output.output_type == "display_data"]
    return ran
