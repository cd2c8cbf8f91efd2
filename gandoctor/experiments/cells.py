"""The code cells of a notebook file, as the statements of a script: what only IPython understands is taken out."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gandoctor.errors import UnusableTarget

MAX_BYTES = 64 * 2**20
"""Images in the outputs make a notebook large; one beyond this is not read."""

_RUN_ALL_THE_SAME = ("%%time", "%%capture")
"""Cell magics around code that is to run: only their own line is left out."""

_ASSIGNED = re.compile(r"[\w.,\[\] ]+=\s*[%!]")
_HELP = re.compile(r"\?{1,2}[\w.*]+|[\w.*]+\?{1,2}")


@dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes:
        number: From 1, counted as Jupyter counts when it runs all cells: empty ones and text are left out.
        source: What a script can run, line for line as in the cell.
        skipped: What was taken out: (line from 1, its text).
    """

    number: int
    source: str
    skipped: tuple[tuple[int, str], ...] = ()


def is_notebook(target: str) -> bool:
    """Return whether a target is the path of a notebook."""
    return target.endswith(".ipynb")


def read_cells(path: str) -> list[Cell]:
    """Return the code cells of a notebook in order.

    Args:
        path: A file of Jupyter's format, version 3 or 4.

    Raises:
        UnusableTarget: The file cannot be read, is larger than 64 MiB, is no notebook, or holds no code, or code of
            another language than Python.
    """
    content = _parsed(path)
    cells = content.get("cells") if isinstance(content, dict) else None
    if cells is None and isinstance(content, dict) and isinstance(content.get("worksheets"), list):
        # version 3: one sheet, and "input" where version 4 says "source"
        cells = [c for sheet in content["worksheets"] if isinstance(sheet, dict) for c in sheet.get("cells", ())]
    if not isinstance(cells, list):
        raise UnusableTarget(f"{path} is not a notebook: it holds no list of cells.")
    language = _language(content)
    if language not in ("python", "ipython"):
        raise UnusableTarget(f"{path} is a notebook in {language[:40]!r}, not in Python.")
    sources = [_source(path, cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    written = [source for source in sources if source.strip()]
    if not written:
        raise UnusableTarget(f"{path} holds no code cells.")
    return [_cell(number, source) for number, source in enumerate(written, start=1)]


def _parsed(path: str) -> Any:
    try:
        if os.path.getsize(path) > MAX_BYTES:
            raise UnusableTarget(
                f"{path} is larger than {MAX_BYTES // 2**20} MiB. Clear its outputs (in Jupyter: Edit, Clear Outputs "
                "of All Cells) and save it."
            )
        with open(path, encoding="utf-8-sig") as file:
            return json.load(file)
    except OSError as error:
        raise UnusableTarget(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # no JSON, or no text
        raise UnusableTarget(f"{path} is not a notebook: it is not valid JSON ({error}).") from None


def _language(content: dict[str, Any]) -> str:
    metadata = content.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = spec.get("language") if isinstance(spec, dict) else None
    return language.lower() if isinstance(language, str) and language else "python"


def _source(path: str, cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise UnusableTarget(f"{path} is not a notebook: a code cell's source is not text.")
    return source


def _cell(number: int, source: str) -> Cell:
    lines = source.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip())
    skipped: list[tuple[int, str]] = []
    if lines[first].startswith("%%"):
        skipped.append((first + 1, lines[first].strip()))
        if lines[first].split()[0] not in _RUN_ALL_THE_SAME:
            return Cell(number, "", tuple(skipped))
        lines[first] = ""
        source = "\n".join(lines)
    if _is_python(source):
        return Cell(number, source, tuple(skipped))  # also where a line inside a string begins with % or !
    for start, end in _statements(lines):
        text = lines[start].strip()
        if text.startswith(("%", "!")) or _ASSIGNED.match(text) or _HELP.fullmatch(text):
            skipped.append((start + 1, text))
            indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
            lines[start:end] = [f"{indent}pass", *[""] * (end - start - 1)]
    return Cell(number, "\n".join(lines), tuple(skipped))


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _statements(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield where each logical line begins and, exclusively, ends."""
    start = 0
    while start < len(lines):
        end = start + 1
        magic = lines[start].lstrip().startswith(("%", "!"))
        while end < len(lines) and (lines[end - 1].endswith("\\") or (not magic and _goes_on(lines[start:end]))):
            end += 1
        yield start, end
        start = end


def _goes_on(lines: list[str]) -> bool:
    """Tell whether a string or a bracket is still open."""
    try:
        list(tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline))
    except tokenize.TokenError as error:
        return "EOF in multi-line" in str(error)
    except SyntaxError:  # an indentation that belongs to the lines before
        return False
    return False
