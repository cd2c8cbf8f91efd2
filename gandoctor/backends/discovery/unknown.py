"""What was seen of a program whose players cannot be told by what they do."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

from gandoctor.backends.discovery.networks import NetworkCall, Networks
from gandoctor.backends.discovery.pairs import SeenUpdate


@dataclass(frozen=True)
class Unknown:
    """What was seen of a program whose players cannot be told.

    Attributes:
        optimizer: The one that made the latest update.
        why: In words.
        calls: Calls of networks, in order.
        updates: Every optimizer with what it was asked to move.
        trained: Which networks each update trains.
    """

    optimizer: Any
    why: str
    calls: list[NetworkCall]
    updates: list[SeenUpdate]
    trained: list[tuple[SeenUpdate, list[Any]]]


def why_unknown(networks: Networks, calls: list[NetworkCall], updates: int) -> str:
    """Say why the players are unknown after some updates."""
    called = list({id(c.network): networks.name(c.network) for c in calls if networks.weights(c.network)}.values())
    if not called:
        return f"{updates} updates were made and no network was called, but parts of one at most: no GAN so far"
    if len(called) < 2:
        return f"{updates} updates were made and only {len(called)} network was called: no GAN so far"
    return (
        f"{updates} updates were made, and of the networks {', '.join(called[:6])} it cannot be told "
        "which is the generator: no output of one was seen to enter another that is trained"
    )


def places() -> tuple[tuple[Any, int], ...]:
    """Return the code on the stack, innermost first, and the line that each is at."""
    frame: FrameType | None = sys._getframe(1)
    found = []
    while frame is not None:
        found.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(found)
