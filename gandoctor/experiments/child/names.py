"""Names: what the user's own code calls an object, and which lines of a loop it is trained in."""

from __future__ import annotations

import ast
import linecache
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

_NOT_THEIRS = tuple(
    {sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib")} | {str(Path(__file__).parents[2])}
)
MEMBERS_MAX = 200
"""Attributes, or members of a list or dictionary, that are looked through."""


@dataclass(frozen=True)
class Loop:
    """A loop of the user's code.

    Attributes:
        file: As Python knows it.
        first: Line of the outermost loop around the training, 1-based.
        last: Its last line.
        body_last: Last line of the loop that goes round once a step: the innermost that holds every update.
        indent: Columns by which that loop's body is indented.
    """

    file: str
    first: int
    last: int
    body_last: int
    indent: int


def is_theirs(code: CodeType) -> bool:
    """Tell whether code is the user's own: neither Python's, nor a package's, nor ours, nor generated."""
    file = code.co_filename
    return not file.startswith((*_NOT_THEIRS, "<")) and "__autograph_generated_file" not in file


def their_frames(frame: FrameType | None) -> list[FrameType]:
    """Return the user's own frames, innermost first, beginning at a frame."""
    found = []
    while frame is not None:
        if is_theirs(frame.f_code):
            found.append(frame)
        frame = frame.f_back
    return found


def loop_of(frame: FrameType, lines: Sequence[int]) -> Loop | None:
    """Return the loops that a frame is in while all the lines are run; None where there is none."""
    code = frame.f_code
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        return None
    # A loop of the module is one of its frame; one of a function only of that function's.
    function = _function(tree, code)
    around = [
        node
        for node in _statements(function)
        if isinstance(node, ast.For | ast.While) and all(node.lineno <= n <= (node.end_lineno or 0) for n in lines)
    ]
    if not around:
        return None
    outer, inner = around[0], around[-1]
    last = inner.body[-1]
    return Loop(code.co_filename, outer.lineno, outer.end_lineno or 0, last.end_lineno or 0, last.col_offset)


def name_of(wanted: Any, frame: FrameType) -> str | None:
    """Return an expression for an object that is valid in a frame, e.g. "gan.generator"; None if there is none."""
    return _found(lambda value: value is wanted, frame)


def name_in_program(wanted: Any, frame: FrameType | None) -> str | None:
    """Return what the user's code around a frame calls an object; None if nothing there holds it.

    The attribute of the object that trains it comes first, then a variable, of the outermost code before the inner:
    "gen_G", and "nets[0]" of one that is in a list.
    """
    frames = their_frames(frame)
    owners = [{"self": each.f_locals["self"]} for each in frames if "self" in each.f_locals]
    variables = [scope for each in reversed(frames) for scope in (each.f_locals, each.f_globals)]
    name = _found_in(lambda value: value is wanted, [*owners, *variables])
    return None if name is None else name.rpartition(".")[2]


def name_where(is_wanted: Callable[[Any], bool], frame: FrameType) -> str | None:
    """Return a name in a frame whose value is wanted, or an attribute or member of one; None if there is none."""
    return _found(is_wanted, frame)


def _found(is_wanted: Callable[[Any], bool], frame: FrameType) -> str | None:
    return _found_in(
        is_wanted, [frame.f_locals] if frame.f_locals is frame.f_globals else [frame.f_locals, frame.f_globals]
    )


def _found_in(is_wanted: Callable[[Any], bool], scopes: Sequence[Mapping[str, Any]]) -> str | None:
    for look in (_plain, _inside):
        for scope in scopes:
            for name, value in look(scope):
                with suppress(Exception):  # any object may have any attribute
                    if is_wanted(value):
                        return name
    return None


def _plain(scope: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((n, v) for n, v in list(scope.items()) if not n.startswith("_"))


def _inside(scope: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in _plain(scope):
        if isinstance(value, dict):
            yield from ((f"{name}[{k!r}]", v) for k, v in list(value.items())[:MEMBERS_MAX] if isinstance(k, str | int))
        elif isinstance(value, list | tuple):
            yield from ((f"{name}[{i}]", v) for i, v in enumerate(value[:MEMBERS_MAX]))
        elif not isinstance(value, type) and _may_be_looked_into(value):
            members = list(vars(value).items())[:MEMBERS_MAX]
            yield from ((f"{name}.{n}", v) for n, v in members if not n.startswith("_"))


def _may_be_looked_into(value: Any) -> bool:
    if isinstance(value, ModuleType):
        file = getattr(value, "__file__", None)
        return file is not None and not file.startswith(_NOT_THEIRS)
    module = sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    return hasattr(value, "__dict__") and (file is None or not file.startswith(_NOT_THEIRS))


def _function(tree: ast.Module, code: CodeType) -> ast.AST:
    if code.co_name == "<module>":
        return tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= code.co_firstlineno <= node.lineno:
                return node
    return ast.Module([], [])


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement inside, from the outside in, without those of functions and classes inside."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        yield child
        yield from _statements(child)
