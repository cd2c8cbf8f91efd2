"""Copies: networks of the same build as a player, such as an average of its weights that samples are drawn from."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection
from typing import Any

COPIES_MAX = 4


def copies_of(network: Any, shapes: Callable[[Any], list[Any]], known: Collection[Any]) -> list[Any]:
    """Return other networks of the same class whose weights have the same shapes; at most four.

    Args:
        network: The player.
        shapes: Returns the shapes of a network's weights, in order.
        known: Networks that are no copies: those of the players.
    """
    own, found = {id(one) for one in known} | {id(network)}, []
    wanted = shapes(network)
    if not wanted:  # not built yet: all that is not built would look alike
        return []
    for candidate in gc.get_objects():
        if type(candidate) is not type(network) or id(candidate) in own:
            continue
        try:
            is_copy = shapes(candidate) == wanted
        except Exception:  # noqa: BLE001 - one that is not whole yet, or any more, is no copy
            continue
        if is_copy:
            found.append(candidate)
    return found[:COPIES_MAX]
