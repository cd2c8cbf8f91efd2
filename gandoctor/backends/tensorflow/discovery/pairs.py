"""Pairs: which two networks play against each other, decided by data flow and by what the optimizers move."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gandoctor.backends.tensorflow.discovery.flow import NetworkCall, sources
from gandoctor.backends.tensorflow.players.weights import inner


@dataclass(frozen=True, eq=False)
class SeenUpdate:
    """What an optimizer was asked to move.

    Attributes:
        optimizer: The optimizer.
        variables: The tf.Variables inside, by id.
        places: The code on the stack, innermost first, and the line that each is at, when it was first asked.
    """

    optimizer: Any
    variables: frozenset[int]
    places: tuple[tuple[Any, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Pair:
    """A generator and its discriminator; an optimizer is None until it has been used."""

    generator: Any
    discriminator: Any
    g_optimizer: Any = None
    d_optimizer: Any = None


def find_pairs(calls: list[NetworkCall], updates: list[SeenUpdate], compiled: Iterable[Any] = ()) -> list[Pair]:
    """Return the pairs that what was seen so far makes certain.

    A pair is a network that is trained, and another that its output enters and whose own output enters no further
    network. Where only one of the two has been trained so far, it counts if no other network could be meant.

    Args:
        calls: Calls of networks, in order.
        updates: Updates by optimizers, in order.
        compiled: Models that were compiled by themselves, for `train_on_batch`.

    Returns:
        Pairs whose both players are trained; else the only pair of which one is; else nothing.
    """
    by_network = {id(n): u for u, networks in trained_by(calls, updates, compiled) for n in networks}
    edges = _edges([call for call in calls if weights_of(call.network)])
    found = []
    for generator, discriminator in edges:
        g_update, d_update = by_network.get(id(generator)), by_network.get(id(discriminator))
        if (g_update is None and d_update is None) or contains(generator, discriminator):
            continue
        if contains(discriminator, generator) or (g_update is d_update and g_update is not None):
            continue
        if any(source is discriminator and not contains(target, discriminator) for source, target in edges):
            continue  # its output goes on into another network: no judge
        found.append((generator, discriminator, g_update, d_update))
    found = _without_parts(found)
    complete = [one for one in found if one[2] is not None and one[3] is not None]
    if not complete and len(found) != 1:
        return []
    pairs = [Pair(g, d, gu and gu.optimizer, du and du.optimizer) for g, d, gu, du in complete or found]
    return _one_a_judge(pairs, calls)


def trained_by(
    calls: list[NetworkCall], updates: list[SeenUpdate], compiled: Iterable[Any] = ()
) -> list[tuple[SeenUpdate, list[Any]]]:
    """Return which networks each update trains; see `find_pairs`."""
    networks = list({id(call.network): call.network for call in calls if weights_of(call.network)}.values())
    return [(u, _trained(u, networks, list(compiled), updates)) for u in updates]


def weights_of(network: Any) -> frozenset[int]:
    """Return the weights of a network that were made to be trained, by id of the tf.Variable inside."""
    layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else [network]
    return frozenset(id(inner(v)) for layer in layers for v in getattr(layer, "_trainable_variables", ()))


def contains(outer: Any, part: Any) -> bool:
    """Tell whether a network is a part of another."""
    return outer is not part and any(layer is part for layer in outer._flatten_layers())


def _trained(update: SeenUpdate, networks: list[Any], compiled: list[Any], updates: list[SeenUpdate]) -> list[Any]:
    """Return the networks that an update trains: the largest whose weights it is given, all of them."""
    whole = [n for n in networks if weights_of(n) <= update.variables]
    alone = [n for n in networks for u in updates if u is not update and weights_of(n) == u.variables]
    # A model that holds both players is neither: it was made to train one of them through the other.
    players = [*alone, *(m for m in compiled if m in networks)]
    others = [p for p in players if weights_of(p) != update.variables]
    whole = [n for n in whole if not any(contains(n, p) or n is p for p in others)]
    largest = [n for n in whole if not any(contains(other, n) for other in whole)]
    if largest:
        return largest
    around = [n for n in networks if weights_of(n) >= update.variables and update.variables]
    around.sort(key=lambda n: len(weights_of(n)))
    return around[:1]


def _edges(calls: list[NetworkCall]) -> list[tuple[Any, Any]]:
    found: dict[tuple[int, int], tuple[Any, Any]] = {}
    for call in calls:
        for network in sources(call, calls):
            if not contains(call.network, network) and not contains(network, call.network):
                found[id(network), id(call.network)] = (network, call.network)
    return list(found.values())


def _without_parts(found: list[Any]) -> list[Any]:
    """Leave out pairs made of a part of a network where the whole makes a pair as well."""
    return [
        one
        for one in found
        if not any(
            other is not one
            and (contains(other[0], one[0]) or other[0] is one[0])
            and (contains(other[1], one[1]) or other[1] is one[1])
            for other in found
        )
    ]


def _one_a_judge(pairs: list[Pair], calls: list[NetworkCall]) -> list[Pair]:
    """Keep one generator for each discriminator: the one that makes most (beside it an encoder may be judged)."""
    best: dict[int, Pair] = {}
    for pair in pairs:
        known = best.get(id(pair.discriminator))
        if known is None or _output_size(pair.generator, calls) > _output_size(known.generator, calls):
            best[id(pair.discriminator)] = pair
    return list(best.values())


def _output_size(network: Any, calls: list[NetworkCall]) -> int:
    sizes = [math.prod(d or 1 for d in o.shape[1:]) for c in calls if c.network is network for o in c.outputs[:1]]
    return max(sizes, default=0)
