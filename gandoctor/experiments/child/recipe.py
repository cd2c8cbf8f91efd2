"""Recipe: the lines that record this very program, in its own names, where nothing could be attached by itself."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from gandoctor.experiments.child.names import Loop, loop_of, name_of, name_where, their_frames

_REALS = 512
_LEAST_REALS = 64


@dataclass(frozen=True)
class _Players:
    generator: Any
    discriminator: Any
    g_optimizer: Any
    d_optimizer: Any


def recipe(unknown: Any, frame: FrameType | None) -> str | None:
    """Return the lines to add and where; None where the players cannot even be guessed or have no name.

    Args:
        unknown: What was seen of the program; `discovery.hooks.Unknown`.
        frame: Where to begin to look for the user's code: the call that made the last update.
    """
    players = _guessed(unknown)
    theirs = their_frames(frame)
    if players is None or not theirs:
        return None
    place, loop = _loop(theirs, unknown.updates)
    arguments = []
    for slot in ("generator", "discriminator", "g_optimizer", "d_optimizer"):
        name = name_of(getattr(players, slot), place)
        if name is None:
            return None
        arguments.append(f"{slot}={name}")
    arguments += _loss(place) + _reals(players.discriminator, unknown, place)
    return _where(loop, place, ['"runs/mine"', *arguments])


def _where(loop: Loop | None, place: FrameType, arguments: list[str]) -> str:
    lines = "".join(f"            {argument},\n" for argument in arguments)
    head = f"        from gandoctor import GANMonitor\n        with GANMonitor(\n{lines}        ) as monitor:"
    file = os.path.basename(place.f_code.co_filename)
    if loop is None:
        what = "put what trains under this `with`, and after each step `monitor.step()`"
        return f"To record it, change {file}: {what}:\n{head}"
    span = f"lines {loop.first} to {loop.last}"
    return (
        f"To record it, change {file}:\n"
        f"    1. After line {loop.body_last}, add as the last line of the loop, indented by {loop.indent} columns:\n"
        f"        monitor.step()\n"
        f"    2. Put the loop of {span} (with the line of step 1) under this, indented by four more columns:\n"
        f"{head}"
    )


def _guessed(unknown: Any) -> _Players | None:
    """Guess the players: of two networks, trained by one optimizer each, the one that says least is the discriminator.

    Where more are trained, the two must fit each other: what one makes is what the other takes.
    """
    trained = {id(n): (n, u) for u, networks in unknown.trained for n in networks}
    sizes = {id(c.network): _size(c.outputs) for c in unknown.calls if id(c.network) in trained}
    pairs = [
        (g, d)
        for g in sizes
        for d in sizes
        if sizes[g] > sizes[d] and trained[g][1] is not trained[d][1] and (len(sizes) == 2 or _fit(g, d, unknown.calls))
    ]
    if len(pairs) != 1:
        return None
    (generator, g_update), (discriminator, d_update) = (trained[key] for key in pairs[0])
    return _Players(generator, discriminator, g_update.optimizer, d_update.optimizer)


def _fit(generator: int, discriminator: int, calls: Sequence[Any]) -> bool:
    made = {tuple(t.shape[1:]) for c in calls if id(c.network) == generator for t in c.outputs}
    taken = {tuple(t.shape[1:]) for c in calls if id(c.network) == discriminator for t in c.inputs}
    return bool(made & taken)


def _size(tensors: Sequence[Any]) -> int:
    return max((math.prod(d or 1 for d in t.shape[1:]) for t in tensors), default=0)


def _loop(theirs: list[FrameType], updates: Sequence[Any]) -> tuple[FrameType, Loop | None]:
    """Return the innermost of the user's frames that has a loop around all updates; the outermost if none has."""
    for frame in theirs:
        lines = [line for u in updates for code, line in u.places if code is frame.f_code]
        seen = sum(any(code is frame.f_code for code, _ in u.places) for u in updates)
        loop = loop_of(frame, [*lines, frame.f_lineno]) if seen == len(updates) else None
        if loop is not None:
            return frame, loop
    return theirs[-1], None


_FAMILIES = {
    "BinaryCrossentropy": "non_saturating",
    "MeanSquaredError": "least_squares",
    "Hinge": "hinge",
}


def _loss(place: FrameType) -> list[str]:
    """Name the family of the one Keras loss that the program holds, where it has one."""
    keras = sys.modules.get("keras")
    if keras is None:
        return []
    held: dict[str, str] = {}

    def is_loss(value: Any) -> bool:
        if isinstance(value, keras.losses.Loss) and type(value).__name__ in _FAMILIES:
            held[type(value).__name__] = _FAMILIES[type(value).__name__]
        return False

    name_where(is_loss, place)
    return [f'loss="{family}"' for family in held.values()] if len(held) == 1 else []


def _reals(discriminator: Any, unknown: Any, place: FrameType) -> list[str]:
    """Name an array of real data: many rows of the shape that the discriminator is fed, and not one of the batches."""
    shapes = {
        tuple(t.shape[1:]) for c in unknown.calls if c.network is discriminator for t in c.inputs if _is_floating(t)
    }
    batches = [t.shape[0] or 0 for c in unknown.calls for t in (*c.inputs, *c.outputs)]
    least = max([_LEAST_REALS, *(2 * n for n in batches)])

    def is_reals(value: Any) -> bool:
        shape = getattr(value, "shape", None)
        if shape is None or not _is_floating(value) or len(shape) < 2:
            return False
        return tuple(shape[1:]) in shapes and shape[0] is not None and shape[0] >= least

    name = name_where(is_reals, place)
    return [] if name is None else [f"probe_data={name}[:{_REALS}]"]


def _is_floating(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    return str(getattr(dtype, "name", dtype)).startswith(("float", "bfloat"))
