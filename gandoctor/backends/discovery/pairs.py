"""Pairs: which two networks play against each other, decided by data flow and by what the optimizers move."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gandoctor.backends.discovery.networks import NetworkCall, Networks, Source
from gandoctor.player_names import Player

Flow = tuple[NetworkCall, Sequence[Source]]
"""A call, and where what it was given comes from."""


@dataclass(frozen=True, eq=False)
class SeenUpdate:
    """What an optimizer was asked to move.

    Attributes:
        optimizer: The optimizer.
        variables: The weights, by id; see `Networks.weights`.
        places: The code on the stack, innermost first, and the line that each is at, when it was first asked.
        after: The latest call of a network before it was first asked; None where there was none.
        shown: Networks, by id, that were given what no network had made since the update before. An optimizer that
            moves several networks makes one such update for each set of them. None where calls are not told by update.
    """

    optimizer: Any
    variables: frozenset[int]
    places: tuple[tuple[Any, int], ...] = ()
    after: NetworkCall | None = None
    shown: frozenset[int] | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """A generator and its discriminator; an optimizer is None until it has been used.

    Attributes:
        judge: The network that is given what the generator makes: the discriminator, or the first of its parts.
    """

    generator: Any
    discriminator: Any
    g_optimizer: Any = None
    d_optimizer: Any = None
    judge: Any = None

    def shared_phase_of(self, update: SeenUpdate) -> Player | None:
        """Return whose update it was, of the one optimizer that both players share; None of any other."""
        if update.shown is None or not (update.optimizer is self.g_optimizer is self.d_optimizer):
            return None
        return "d" if id(self.judge) in update.shown else "g"


@dataclass(frozen=True, eq=False)
class _Found:
    generator: Any
    discriminator: Any
    g_update: SeenUpdate | None
    d_update: SeenUpdate | None


class PairFinder:
    """Decides by what was seen so far.

    Args:
        networks: Of the framework.
        calls: Calls of networks, in order.
        updates: Updates by optimizers, in order.
        compiled: Models that were compiled by themselves, for `train_on_batch`.
        held: The weights, by id, that each optimizer holds which has been made and not called so far.
    """

    def __init__(
        self,
        networks: Networks,
        calls: Sequence[NetworkCall],
        updates: Sequence[SeenUpdate],
        compiled: Iterable[Any] = (),
        held: Sequence[frozenset[int]] = (),
    ) -> None:
        self._held = held
        self._networks, self._calls, self._updates, self._compiled = networks, calls, updates, list(compiled)
        self._flows = [(c, networks.sources(c, calls)) for c in calls if networks.weights(c.network)]
        self._edges = edges_of(self._flows, networks)

    def pairs(self) -> list[Pair]:
        """Return the pairs that what was seen so far makes certain.

        A pair is a network that is trained, and another that its output enters, that is fed other things as well and
        whose own output enters no further network. Where only one of the two has been trained so far, it counts if no
        other network could be meant. Several networks that one optimizer trains, each fed by the one before, are one
        player.

        Returns:
            Pairs whose both players are trained; else the only pair of which one is, or several whose discriminators
            are all asleep: compiled and frozen, or held by optimizers that are not called; else nothing.
        """
        trained = self.trained_by()
        by_network = {id(n): u for u, networks in trained for n in networks}
        edges = [
            self._told_apart(_Found(g, d, by_network.get(id(g)), by_network.get(id(d))), trained)
            for g, d in self._edges
        ]
        found = [one for one in edges if self._may_play(one, by_network)]
        found = self._without_parts(found)
        complete = [one for one in found if one.g_update is not None and one.d_update is not None]
        best = self._one_a_judge(complete or found)
        if not complete and not self._are_asleep(best) and (len(best) != 1 or self._is_fed_by_another(best[0])):
            return []
        joined = self._networks.joined
        return [
            Pair(
                joined(_before(one, self._flows, by_network), one.generator),
                joined(_after(one, self._flows, by_network), one.discriminator),
                one.g_update and one.g_update.optimizer,
                one.d_update and one.d_update.optimizer,
                one.discriminator,
            )
            for one in best
        ]

    def trained_by(self) -> list[tuple[SeenUpdate, list[Any]]]:
        """Return which networks each update trains."""
        networks = list({id(call.network): call.network for call, _ in self._flows}.values())
        feeding = {id(source) for source, _ in self._edges}
        return [(update, self._trained(update, networks, feeding)) for update in self._updates]

    def _told_apart(self, one: _Found, trained: list[tuple[SeenUpdate, list[Any]]]) -> _Found:
        """Return a pair with an update for each player, where two updates move the weights of both.

        The discriminator's is the one before which it was given something that the generator has not made.
        """
        both = [
            u
            for u, networks in trained
            if all(any(n is p for n in networks) for p in (one.generator, one.discriminator))
        ]
        if one.g_update is not one.d_update:
            return one
        shows = [u for u in both if u.shown is not None and id(one.discriminator) in u.shown]
        hides = [u for u in both if u.shown is not None and id(one.discriminator) not in u.shown]
        if shows and hides:
            return replace(one, g_update=hides[-1], d_update=shows[-1])
        if len(both) != 2:
            return one
        start = 0
        for update, other in (both, both[::-1]):
            stop = next((i + 1 for i, (call, _) in enumerate(self._flows) if call is update.after), start)
            shown = [into for call, into in self._flows[start:stop] if call.network is one.discriminator]
            if any(all(source.network is not one.generator for source in into) for into in shown):
                return replace(one, g_update=other, d_update=update)
            start = stop
        return one

    def _are_asleep(self, found: list[_Found]) -> bool:
        """Tell whether the discriminators of several pairs were all meant to be trained, and none is.

        Each is a compiled model whose own training moves nothing, or is held by an optimizer that is not called.
        """
        return len(found) > 1 and all(
            one.g_update is not None and (self._is_frozen_by_mistake(one) or self._is_kept_waiting(one))
            for one in found
        )

    def _is_frozen_by_mistake(self, one: _Found) -> bool:
        is_compiled = any(model is one.discriminator for model in self._compiled)
        return is_compiled and not self._networks.is_trainable(one.discriminator)

    def _is_kept_waiting(self, one: _Found) -> bool:
        weights = self._networks.weights(one.discriminator)
        is_held = any(weights <= held for held in self._held)
        return is_held and self._is_fed_otherwise(one.generator, one.discriminator)

    def _may_play(self, one: _Found, by_network: dict[int, SeenUpdate]) -> bool:
        generator, discriminator, contains = one.generator, one.discriminator, self._networks.contains
        if (one.g_update is None and one.d_update is None) or (one.g_update is one.d_update):
            return False
        if contains(generator, discriminator) or contains(discriminator, generator):
            return False
        if self._is_part(one, by_network) or self._gives_back(discriminator, by_network):
            return False
        further = [t for s, t in self._edges if s is discriminator and not contains(t, discriminator)]
        if further and all(one.d_update is None or by_network.get(id(t)) is not one.d_update for t in further):
            return False  # its output goes on into another's network: no judge
        # Where it cannot be trained, it is no player, but measures.
        can_learn = self._networks.is_trainable(discriminator) or any(m is discriminator for m in self._compiled)
        if one.d_update is None and not can_learn:
            return False
        # Else it may only go on with what the other has made.
        return self._says_less(discriminator) or self._is_fed_otherwise(generator, discriminator)

    def _is_part(self, one: _Found, by_network: dict[int, SeenUpdate]) -> bool:
        """Tell whether a player that no update trains is a part of a network that one does, in the same place."""
        contains = self._networks.contains
        judges = [t for s, t in self._edges if s is one.generator and id(t) in by_network]
        makers = [s for s, t in self._edges if t is one.discriminator and id(s) in by_network]
        return (one.d_update is None and any(contains(judge, one.discriminator) for judge in judges)) or (
            one.g_update is None and any(contains(maker, one.generator) for maker in makers)
        )

    def _gives_back(self, network: Any, by_network: dict[int, SeenUpdate]) -> bool:
        """Tell whether a network is a decoder: it makes what another was given, and sees only what others have made.

        It may be trained with its encoder before the game begins, and say less than it is told.
        """
        calls = [(c, into) for c, into in self._flows if c.network is network]
        is_shown_data = any(all(source.network is None for source in into) for _, into in calls)
        if is_shown_data or id(network) not in by_network:
            return False
        made = {tuple(o.shape[1:]) for c, _ in calls for o in c.outputs[:1]}
        encoders = {id(s) for s, t in self._edges if t is network and id(s) in by_network}
        coded = (t for c in self._calls if id(c.network) in encoders for t in c.inputs)
        return any(tuple(t.shape[1:]) in made for t in coded)

    def _is_fed_by_another(self, one: _Found) -> bool:
        """Tell whether a generator that was not trained yet goes on with what another makes: both may be one player."""
        return one.g_update is None and any(
            t is one.generator and self._networks.is_trainable(s) and s is not one.discriminator for s, t in self._edges
        )

    def _trained(self, update: SeenUpdate, networks: list[Any], feeding: set[int]) -> list[Any]:
        """Return the networks that an update trains: the largest whose weights it is given, all of them.

        Left out is a network that another update trains alone, as a discriminator that the generator's update moves by
        mistake; not so one that feeds a further network, as it was trained alone in an earlier phase.
        """
        weights, contains = self._networks.weights, self._networks.contains
        whole = [n for n in networks if weights(n) <= update.variables and not self._holds_both_players(n)]
        alone = [n for n in networks for u in self._updates if u is not update and weights(n) == u.variables]
        # A model that holds both players is neither: it was made to train one of them through the other.
        players = [*alone, *(m for m in self._compiled if m in networks)]
        others = [p for p in players if weights(p) != update.variables and id(p) not in feeding]
        whole = [n for n in whole if not any(contains(n, p) or n is p for p in others)]
        largest = [n for n in whole if not any(contains(other, n) for other in whole)]
        if largest:
            return largest
        around = [n for n in networks if weights(n) >= update.variables and update.variables]
        around.sort(key=lambda n: len(weights(n)))
        return around[:1]

    def _holds_both_players(self, network: Any) -> bool:
        """Tell whether a network is a mere place for both players, which the only optimizer moves in both steps.

        One of its parts is given what another has made in one of them, and data in the other.
        """
        if len({id(u.optimizer) for u in self._updates}) > 1 or len({u.shown for u in self._updates}) < 2:
            return False
        contains, shown = self._networks.contains, [u.shown or frozenset() for u in self._updates]
        return any(
            contains(network, s) and contains(network, t) and len({id(t) in each for each in shown}) == 2
            for s, t in self._edges
        )

    def _is_fed_otherwise(self, generator: Any, discriminator: Any) -> bool:
        """Tell whether a network is ever called without what another has made: on real data, or their codes."""
        contains = self._networks.contains
        fed = [i for c, i in self._flows if c.network is discriminator or contains(c.network, discriminator)]
        return any(all(source.network is not generator for source in into) for into in fed)

    def _says_less(self, network: Any) -> bool:
        """Tell whether a network says less than it is told, as a judge does."""
        taken = [_size(t) for c in self._calls if c.network is network for t in c.inputs]
        return self._output_size(network) < max(taken, default=0)

    def _without_parts(self, found: list[_Found]) -> list[_Found]:
        """Leave out pairs made of a part of a network where the whole makes a pair as well."""

        def is_in(part: Any, whole: Any) -> bool:
            return part is whole or self._networks.contains(whole, part)

        return [
            one
            for one in found
            if not any(
                other is not one
                and is_in(one.generator, other.generator)
                and is_in(one.discriminator, other.discriminator)
                for other in found
            )
        ]

    def _one_a_judge(self, found: list[_Found]) -> list[_Found]:
        """Keep one generator for each discriminator: the one that makes most (beside it an encoder may be judged).

        Of several that make as much, it is the one that was trained last, as an earlier phase may have trained others.
        """
        best: dict[int, _Found] = {}
        for one in found:
            known = best.get(id(one.discriminator))
            if known is None or self._worth(one) > self._worth(known):
                best[id(one.discriminator)] = one
        return list(best.values())

    def _worth(self, one: _Found) -> tuple[int, int]:
        latest = max((i for i, update in enumerate(self._updates) if update is one.g_update), default=-1)
        return self._output_size(one.generator), latest

    def _output_size(self, network: Any) -> int:
        return max((_size(o) for c in self._calls if c.network is network for o in c.outputs[:1]), default=0)


def edges_of(flows: Iterable[Flow], networks: Networks) -> list[tuple[Any, Any]]:
    """Return which network's output enters which other one, each pair once."""
    contains = networks.contains
    found: dict[tuple[int, int], tuple[Any, Any]] = {}
    for call, into in flows:
        for source in into:
            network = source.network
            if network is not None and not (contains(call.network, network) or contains(network, call.network)):
                found[id(network), id(call.network)] = (network, call.network)
    return list(found.values())


def _before(one: _Found, flows: Sequence[Flow], by_network: dict[int, SeenUpdate]) -> list[Any]:
    """Return a generator with those before it that the same update trains and that alone feed what is judged of it."""
    chain, onward = [one.generator], [into for call, into in flows if call.network is one.discriminator]
    while True:
        calls = {id(s.call) for into in onward for s in into if s.network is chain[0]}
        onward = [into for call, into in flows if id(call) in calls]
        fed = [{id(s.network): s.network for s in into} for into in onward]
        if not fed or any(each.keys() != fed[0].keys() or len(each) != 1 for each in fed):
            return chain
        (earlier,) = fed[0].values()
        update = one.g_update
        if earlier is None or update is None or by_network.get(id(earlier)) is not update or earlier in chain:
            return chain
        chain.insert(0, earlier)


def _after(one: _Found, flows: Sequence[Flow], by_network: dict[int, SeenUpdate]) -> list[Any]:
    """Return a discriminator with those after it that the same update trains and that it alone feeds."""
    chain, update = [one.discriminator], one.d_update
    while True:
        later = {id(call.network): call.network for call, into in flows for s in into if s.network is chain[-1]}
        mine = [n for n in later.values() if update is not None and by_network.get(id(n)) is update and n not in chain]
        fed = [s.network for call, into in flows if mine and call.network is mine[0] for s in into]
        if len(mine) != 1 or any(network is not chain[-1] for network in fed):
            return chain
        chain.append(mine[0])


def _size(tensor: Any) -> int:
    return math.prod(d or 1 for d in tensor.shape[1:])
