"""Which two networks play, decided by whose output enters which one and by what the optimizers move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gandoctor.backends.discovery.networks import NetworkCall, Source
from gandoctor.backends.discovery.pairs import PairFinder, SeenUpdate

ROWS = 16


@dataclass(frozen=True, eq=False)
class Network:
    name: str


@dataclass(frozen=True)
class Batch:
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Call(NetworkCall):
    sources: tuple[Source, ...] = ()


class Networks:
    """Networks of one weight each, none of which is in another."""

    def sources(self, call: Any, calls: Sequence[Any]) -> Sequence[Source]:
        return call.sources

    def weights(self, network: Any) -> frozenset[int]:
        return frozenset([id(network)])

    def contains(self, outer: Any, part: Any) -> bool:
        return False

    def is_trainable(self, network: Any) -> bool:
        return True

    def joined(self, networks: Sequence[Any], main: Any) -> Any:
        return main

    def name(self, network: Any) -> str:
        return network.name


def call(network: Network, given: tuple[int, ...], returned: tuple[int, ...], *made_by: Call | None) -> Call:
    shapes = (Batch((ROWS, *given)),), (Batch((ROWS, *returned)),)
    return Call(network, *shapes, sources=tuple(Source(one) for one in made_by or (None,)))


def update(*networks: Network) -> SeenUpdate:
    return SeenUpdate(object(), frozenset(id(network) for network in networks))


def players(calls: list[Call], updates: list[SeenUpdate]) -> list[tuple[str, str]]:
    pairs = PairFinder(Networks(), calls, updates).pairs()
    return [(pair.generator.name, pair.discriminator.name) for pair in pairs]


def test_what_is_trained_on_codes_before_the_game_is_no_judge() -> None:
    encoder, decoder = Network("encoder"), Network("decoder")
    coded = call(encoder, (12, 3), (12, 8))
    phase = [coded, call(decoder, (12, 8), (12, 3), coded, None)]  # and the lengths of the series
    supervisor = Network("supervisor")
    phase.append(call(supervisor, (12, 8), (12, 8), coded, None))
    updates = [update(encoder), update(decoder), update(supervisor)]
    assert players(phase, updates[:2]) == players(phase, updates) == []
    generator, judge = Network("generator"), Network("judge")
    made = call(generator, (12, 2), (12, 8))
    led = call(supervisor, (12, 8), (12, 8), made, None)
    game = [*phase, made, led, call(judge, (12, 8), (12, 1), coded), call(judge, (12, 8), (12, 1), made)]
    game += [call(judge, (12, 8), (12, 1), led), call(decoder, (12, 8), (12, 3), led)]
    assert players(game, [*updates, update(generator)]) == [("generator", "judge")]


def test_several_judges_that_optimizers_hold_and_nobody_trains_are_ones() -> None:
    generator, whole, part = Network("generator"), Network("whole"), Network("part")
    made = call(generator, (4,), (16,))
    calls = [call(whole, (16,), (1,)), call(part, (8,), (1,)), made]
    calls += [call(whole, (16,), (1,), made), call(part, (8,), (1,), made)]
    updates, held = [update(generator)], [frozenset([id(whole)]), frozenset([id(part)])]

    def found(held: Sequence[frozenset[int]]) -> list[str]:
        return [pair.discriminator.name for pair in PairFinder(Networks(), calls, updates, held=held).pairs()]

    assert found(held) == found([frozenset([id(whole), id(part)])]) == ["whole", "part"]
    assert found([]) == found(held[:1]) == [], "one of them may only measure"


def test_a_judge_whose_score_is_as_long_as_the_latents_is_one() -> None:
    generator, judge = Network("generator"), Network("judge")
    made = call(generator, (1,), (1,))
    calls = [call(judge, (1,), (1,)), made, call(judge, (1,), (1,), made)]
    assert players(calls, [update(judge), update(generator)]) == [("generator", "judge")]


def test_a_judge_of_one_mixed_batch_is_one() -> None:
    generator, judge = Network("generator"), Network("judge")
    made = call(generator, (4,), (6,))
    calls = [made, call(judge, (6,), (1,), made)]
    assert players(calls, [update(judge), update(generator)]) == [("generator", "judge")]


def test_steps_of_one_optimizer_are_told_apart_by_what_the_judge_was_shown() -> None:
    generator, judge = Network("generator"), Network("judge")
    made = call(generator, (4,), (6,))
    calls = [made, call(judge, (6,), (1,)), call(judge, (6,), (1,), made)]
    optimizer, both = object(), frozenset((id(generator), id(judge)))
    of_d = SeenUpdate(optimizer, both, shown=frozenset(both))
    of_g = SeenUpdate(optimizer, both, shown=frozenset([id(generator)]))
    for updates in ([of_d, of_g], [of_g, of_d]):
        (pair,) = PairFinder(Networks(), calls, updates).pairs()
        assert (pair.generator.name, pair.discriminator.name) == ("generator", "judge")
        assert [pair.shared_phase_of(one) for one in updates] == ["d" if one is of_d else "g" for one in updates]
    assert PairFinder(Networks(), calls, [of_d]).pairs() == []
