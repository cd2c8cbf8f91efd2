"""Pairs: which two networks play against each other, decided by data flow and by what the optimizers move."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gandoctor.backends.tensorflow.discovery.flow import NetworkCall, Source, sources
from gandoctor.backends.tensorflow.players.chain import chain_of
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

    A pair is a network that is trained, and another that its output enters, that is fed other things as well and whose
    own output enters no further network. Where only one of the two has been trained so far, it counts if no other
    network could be meant. Several networks that one optimizer trains, each fed by the one before, are one player.

    Args:
        calls: Calls of networks, in order.
        updates: Updates by optimizers, in order.
        compiled: Models that were compiled by themselves, for `train_on_batch`.

    Returns:
        Pairs whose both players are trained; else the only pair of which one is; else nothing.
    """
    compiled = list(compiled)
    by_network = {id(n): u for u, networks in trained_by(calls, updates, compiled) for n in networks}
    flows = [(call, sources(call, calls)) for call in calls if weights_of(call.network)]
    edges = edges_of(flows)
    found = []
    for generator, discriminator in edges:
        g_update, d_update = by_network.get(id(generator)), by_network.get(id(discriminator))
        if (g_update is None and d_update is None) or (g_update is d_update and g_update is not None):
            continue
        if contains(generator, discriminator) or contains(discriminator, generator):
            continue
        further = [t for s, t in edges if s is discriminator and not contains(t, discriminator)]
        if further and all(by_network.get(id(t)) is not d_update or d_update is None for t in further):
            continue  # its output goes on into another's network: no judge
        if d_update is not None and not (
            _says_less(discriminator, calls) or _is_fed_otherwise(generator, discriminator, flows)
        ):
            continue  # it only goes on with what the other has made
        if d_update is None and not (discriminator.trainable_variables or any(m is discriminator for m in compiled)):
            continue  # it is no player, but measures, as a network that was trained elsewhere
        found.append((generator, discriminator, g_update, d_update))
    found = _without_parts(found)
    complete = [one for one in found if one[2] is not None and one[3] is not None]
    best = _one_a_judge(complete or found, updates, calls)
    if not complete and len(best) != 1:
        return []
    return [
        Pair(
            chain_of(_before(g, d, gu, flows, by_network)),
            chain_of(_after(d, du, flows, by_network)),
            gu and gu.optimizer,
            du and du.optimizer,
        )
        for g, d, gu, du in best
    ]


def trained_by(
    calls: list[NetworkCall], updates: list[SeenUpdate], compiled: Iterable[Any] = ()
) -> list[tuple[SeenUpdate, list[Any]]]:
    """Return which networks each update trains; see `find_pairs`."""
    named = [call for call in calls if weights_of(call.network)]
    networks = list({id(call.network): call.network for call in named}.values())
    feeding = {id(source) for source, _ in edges_of([(call, sources(call, calls)) for call in named])}
    return [(u, _trained(u, networks, list(compiled), updates, feeding)) for u in updates]


def weights_of(network: Any) -> frozenset[int]:
    """Return the weights of a network that were made to be trained, by id of the tf.Variable inside."""
    layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else [network]
    return frozenset(id(inner(v)) for layer in layers for v in getattr(layer, "_trainable_variables", ()))


def contains(outer: Any, part: Any) -> bool:
    """Tell whether a network is a part of another."""
    return outer is not part and any(layer is part for layer in outer._flatten_layers())


def _trained(
    update: SeenUpdate, networks: list[Any], compiled: list[Any], updates: list[SeenUpdate], feeding: set[int]
) -> list[Any]:
    """Return the networks that an update trains: the largest whose weights it is given, all of them.

    Left out is a network that another update trains alone, as a discriminator that the generator's update moves by
    mistake; not so one that feeds a further network, as it was trained alone in an earlier phase.
    """
    whole = [n for n in networks if weights_of(n) <= update.variables]
    alone = [n for n in networks for u in updates if u is not update and weights_of(n) == u.variables]
    # A model that holds both players is neither: it was made to train one of them through the other.
    players = [*alone, *(m for m in compiled if m in networks)]
    others = [p for p in players if weights_of(p) != update.variables and id(p) not in feeding]
    whole = [n for n in whole if not any(contains(n, p) or n is p for p in others)]
    largest = [n for n in whole if not any(contains(other, n) for other in whole)]
    if largest:
        return largest
    around = [n for n in networks if weights_of(n) >= update.variables and update.variables]
    around.sort(key=lambda n: len(weights_of(n)))
    return around[:1]


def edges_of(flows: list[tuple[NetworkCall, list[Source]]]) -> list[tuple[Any, Any]]:
    """Return which network's output enters which other one, each pair once."""
    found: dict[tuple[int, int], tuple[Any, Any]] = {}
    for call, into in flows:
        for source in into:
            network = source.network
            if network is not None and not (contains(call.network, network) or contains(network, call.network)):
                found[id(network), id(call.network)] = (network, call.network)
    return list(found.values())


def _is_fed_otherwise(generator: Any, discriminator: Any, flows: list[tuple[NetworkCall, list[Source]]]) -> bool:
    """Tell whether a network is ever given something that another has not made: real data, or their codes."""
    fed = [into for call, into in flows if call.network is discriminator or contains(call.network, discriminator)]
    return any(source.network is not generator for into in fed for source in into) or any(not into for into in fed)


def _says_less(network: Any, calls: list[NetworkCall]) -> bool:
    """Tell whether a network says less than it is told, as a judge does."""
    taken = [math.prod(d or 1 for d in t.shape[1:]) for c in calls if c.network is network for t in c.inputs]
    return _output_size(network, calls) < max(taken, default=0)


def _before(network: Any, judge: Any, update: Any, flows: Any, by_network: dict[int, Any]) -> list[Any]:
    """Return a network with those before it that the same update trains and that alone feed what is judged of it."""
    chain, onward = [network], [into for call, into in flows if call.network is judge]
    while True:
        calls = {id(s.call) for into in onward for s in into if s.network is chain[0]}
        onward = [into for call, into in flows if id(call) in calls]
        fed = [{id(s.network): s.network for s in into} for into in onward]
        if not fed or any(one.keys() != fed[0].keys() or len(one) != 1 for one in fed):
            return chain
        (earlier,) = fed[0].values()
        if earlier is None or update is None or by_network.get(id(earlier)) is not update or earlier in chain:
            return chain
        chain.insert(0, earlier)


def _after(network: Any, update: Any, flows: Any, by_network: dict[int, Any]) -> list[Any]:
    """Return a network with those after it that the same update trains and that it alone feeds."""
    chain = [network]
    while True:
        later = {id(call.network): call.network for call, into in flows for s in into if s.network is chain[-1]}
        mine = [n for n in later.values() if update is not None and by_network.get(id(n)) is update and n not in chain]
        fed = [s.network for call, into in flows if mine and call.network is mine[0] for s in into]
        if len(mine) != 1 or any(one is not chain[-1] for one in fed):
            return chain
        chain.append(mine[0])


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


def _one_a_judge(found: list[Any], updates: list[SeenUpdate], calls: list[NetworkCall]) -> list[Any]:
    """Keep one generator for each discriminator: the one that makes most (beside it an encoder may be judged).

    Of several that make as much, it is the one that was trained last, as an earlier phase may have trained others.
    """
    best: dict[int, Any] = {}
    for one in found:
        known = best.get(id(one[1]))
        if known is None or _worth(one, updates, calls) > _worth(known, updates, calls):
            best[id(one[1])] = one
    return list(best.values())


def _worth(one: Any, updates: list[SeenUpdate], calls: list[NetworkCall]) -> tuple[int, int]:
    latest = max((i for i, update in enumerate(updates) if update is one[2]), default=-1)
    return _output_size(one[0], calls), latest


def _output_size(network: Any, calls: list[NetworkCall]) -> int:
    sizes = [math.prod(d or 1 for d in o.shape[1:]) for c in calls if c.network is network for o in c.outputs[:1]]
    return max(sizes, default=0)
