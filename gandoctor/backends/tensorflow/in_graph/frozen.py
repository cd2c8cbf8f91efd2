"""Frozen: numbers of the program that a traced step has read, and that the program changes afterwards to no effect.

TensorFlow runs a step's Python code once, while it is traced, and keeps each number that it reads as a constant. Which
numbers are read is told from the code of the step and of what it calls; nothing is run for it.
"""

from __future__ import annotations

import dis
import gc
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from types import CellType, CodeType, FrameType, FunctionType, MethodType
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.player_names import Player
from gandoctor.store.player_card import FrozenCard, FrozenNumber

NAMES_MAX = 8
NUMBERS = int | float | np.number | np.bool_
CODES_MAX = 50
"""Functions that are searched: the step, and what it and they call."""
STORES = {"STORE_ATTR", "STORE_GLOBAL", "STORE_DEREF"}
GENERATED = "__autograph_generated_file"
_PACKAGES = (sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
_NOT_THEIRS = (*_PACKAGES, str(Path(__file__).parents[3]), "<")


@dataclass
class _Read:
    """A number that was read.

    Attributes:
        name: As the program writes it.
        holder: Where it stands: the variables of a module, an object, or the cell of a function.
        key: Under which name.
        traced: What it was in the trace.
    """

    name: str
    holder: Any
    key: str
    traced: float

    def changed(self) -> float | None:
        """Return what it is, if that is another number."""
        now = self._now()
        return None if now is None or now == self.traced or (isnan(now) and isnan(self.traced)) else now

    def _now(self) -> float | None:
        holder, value = self.holder, None
        if isinstance(holder, CellType):
            with suppress(ValueError):  # it is empty
                value = holder.cell_contents
        else:
            value = holder.get(self.key) if isinstance(holder, dict) else _attribute(holder, self.key)
        return float(value) if isinstance(value, NUMBERS) else None


class Frozen:
    """Remembers what each trace has read, and what becomes of it."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, str], _Read] = {}
        self._phases: set[Player] = set()
        self._cells: dict[CodeType, Mapping[str, CellType]] = {}

    def differentiated(self, phase: Player) -> None:
        """Something is differentiated for a player: the code that is being traced stands on the stack."""
        if tf.executing_eagerly():
            return
        self._phases.add(phase)
        for frame in _traced(sys._getframe(1)):
            for read in _numbers(frame.f_code, self._variables(frame), set()):
                self._read[id(read.holder), read.key] = read  # a trace anew reads it anew

    def card(self, phase: Player) -> FrozenCard | None:
        """Return what has changed since it was traced; None where no trace of the player's step was seen."""
        if phase not in self._phases:
            return None
        changed = [
            FrozenNumber(name=read.name, traced=read.traced, now=now)
            for read in self._read.values()
            if (now := read.changed()) is not None
        ]
        return FrozenCard(numbers=tuple(sorted(changed, key=lambda one: one.name)[:NAMES_MAX]), of=len(self._read))

    def _variables(self, frame: FrameType) -> _Variables:
        code = frame.f_code
        if code.co_freevars and code not in self._cells:  # only the function itself has the cells
            made = (one for one in gc.get_referrers(code) if isinstance(one, FunctionType))
            self._cells[code] = next((_cells(one) for one in made), {})
        own = {name: value for name, value in frame.f_locals.items() if name not in code.co_freevars}
        return _Variables(frame.f_globals, self._cells.get(code, {}), own)


@dataclass
class _Variables:
    """What the names in a piece of code stand for."""

    globals: dict[str, Any]
    cells: Mapping[str, CellType] = field(default_factory=dict)
    locals: Mapping[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """What a name stands for; None where that is not known."""
        if name in self.locals:
            return self.locals[name]
        with suppress(KeyError, ValueError):
            return self.cells[name].cell_contents
        return self.globals.get(name)


def _traced(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the program's own frames from here to where the trace began."""
    while frame is not None and not frame.f_code.co_filename.endswith("func_graph.py"):
        if _is_theirs(frame.f_code):
            yield frame
        frame = frame.f_back


def _is_theirs(code: CodeType) -> bool:
    return GENERATED in code.co_filename or not code.co_filename.startswith(_NOT_THEIRS)


def _cells(function: FunctionType) -> Mapping[str, CellType]:
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))


def _numbers(code: CodeType, variables: _Variables, searched: set[CodeType]) -> Iterator[_Read]:
    """Yield the numbers that code reads from outside itself, and those that the functions read which it names.

    What the code itself sets is left out: it counts its traces. What was `searched` is not searched again.
    """
    if code in searched or len(searched) >= CODES_MAX:
        return
    searched.add(code)
    counted = _set_in(code)
    for first, *attributes in _chains(code):
        value, name, key = variables.value(first), first, first
        holder: Any = None
        if first in variables.cells:
            holder = variables.cells[first]
        elif first not in variables.locals and first in variables.globals:
            holder = variables.globals
        for key in attributes:
            name = f"{type(value).__name__ if name == 'self' else name}.{key}"
            holder = value
            value = _attribute(holder, key)
        if holder is not None and isinstance(value, NUMBERS):
            if key not in counted:
                yield _Read(name, holder, key, float(value))
        elif isinstance(value, FunctionType | MethodType):
            function = value.__func__ if isinstance(value, MethodType) else value
            if isinstance(function, FunctionType) and _is_theirs(function.__code__):
                own = {}
                if isinstance(value, MethodType) and function.__code__.co_varnames:
                    own = {function.__code__.co_varnames[0]: value.__self__}
                inside = _Variables(function.__globals__, _cells(function), own)
                yield from _numbers(function.__code__, inside, searched)


def _chains(code: CodeType) -> Iterator[list[str]]:
    """Yield each name that code reads with the attributes that are read of it: `self.loss.weight`.

    AutoGraph's own code has `ag__.ld(self).loss` for it, and functions for branches and loops.
    """
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _chains(inner)
    chains: list[list[str]] = [[]]
    for one in dis.get_instructions(code):
        if one.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME")):
            several = one.argval if isinstance(one.argval, tuple) else (one.argval,)  # LOAD_FAST_LOAD_FAST
            chains += [[str(name)] for name in several]
        elif one.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            if chains[-1]:
                chains[-1].append(str(one.argval))
        elif not (GENERATED in code.co_filename and one.opname in ("PRECALL", "CALL", "PUSH_NULL")):
            chains.append([])
    yield from (chain for chain in chains if chain and chain[0] != "ag__")


def _set_in(code: CodeType) -> set[str]:
    stores = {str(one.argval) for one in dis.get_instructions(code) if one.opname in STORES}
    return stores.union(*(_set_in(inner) for inner in code.co_consts if isinstance(inner, CodeType)))


def _attribute(owner: Any, name: str) -> Any:
    """Return an attribute of an object, where none of the object's code is run for it; else None."""
    kinds = owner.__mro__ if isinstance(owner, type) else type(owner).__mro__
    own = getattr(owner, "__dict__", None)
    for attributes in (own if isinstance(own, dict) else {}, *map(vars, kinds)):
        if name in attributes:
            found = attributes[name]
            return MethodType(found, owner) if isinstance(found, FunctionType) and attributes is not own else found
    return None
