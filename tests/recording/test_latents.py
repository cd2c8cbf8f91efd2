"""The latents of a probe: 32 that stay, 32 that move on, from a sampler that is left as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from gandoctor.backends.tensorflow.random_state import preserved_random_state  # noqa: E402
from gandoctor.message import Message  # noqa: E402
from gandoctor.recording.probe.latents import (  # noqa: E402
    FIXED_COUNT,
    POOL_COUNT,
    SAMPLE_COUNT,
    WINDOWS,
    ProbeLatents,
    UnusableLatents,
)

pytestmark = pytest.mark.training


class Drawing:
    """What drawing asks of a backend."""

    to_numpy = staticmethod(np.asarray)
    preserved_random_state = staticmethod(preserved_random_state)


def probing() -> ProbeLatents:
    return ProbeLatents(Drawing())


def numbered(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.float32)[:, None]


def test_eight_successive_probes_show_256_latents_beside_the_fixed_ones() -> None:
    latents = probing()
    drawn = [latents.draw(numbered)[:, 0] for _ in range(WINDOWS + 3)]
    assert all(len(d) == SAMPLE_COUNT == len(set(d)) for d in drawn)
    assert all(np.array_equal(d[:FIXED_COUNT], numbered(FIXED_COUNT)[:, 0]) for d in drawn)
    for first in range(3):
        fresh = np.concatenate([d[FIXED_COUNT:] for d in drawn[first : first + WINDOWS]])
        assert len(set(fresh)) == POOL_COUNT == 256
        assert not set(fresh) & set(drawn[0][:FIXED_COUNT])
    assert np.array_equal(drawn[0], drawn[WINDOWS])
    assert latents.windows == WINDOWS


@pytest.mark.parametrize(
    "kind",
    [
        lambda n: (numbered(n), tf.constant(numbered(n))),
        lambda n: {"z": numbered(n), "label": tf.constant(numbered(n))},
        lambda n: (numbered(n), {"label": [tf.constant(numbered(n))]}),
    ],
)
def test_all_parts_of_a_conditional_draw_stay_together(kind: Any) -> None:
    latents = probing()
    for _ in range(3):
        drawn = latents.draw(kind)
        one, other = map(np.asarray, tf.nest.flatten(drawn))
        np.testing.assert_array_equal(one, other)
        assert len(one) == SAMPLE_COUNT
    tf.nest.assert_same_structure(drawn, kind(2))


def test_the_draw_repeats_consumes_nothing_and_follows_a_law_that_changes() -> None:
    rng = np.random.default_rng(3)
    scale = [1.0]

    def sampler(n: int) -> np.ndarray:
        return scale[0] * rng.standard_normal((n, 5))

    expected = np.random.default_rng(3).standard_normal((FIXED_COUNT + POOL_COUNT, 5))
    latents = probing()
    np.testing.assert_array_equal(latents.draw(sampler), expected[:SAMPLE_COUNT])
    scale[0] = 0.0
    assert not latents.draw(sampler).any()
    scale[0] = 2.0
    np.testing.assert_array_equal(latents.draw(sampler)[:FIXED_COUNT], 2 * expected[:FIXED_COUNT])
    assert rng.standard_normal() == np.random.default_rng(3).standard_normal()


def test_a_sampler_whose_state_is_out_of_reach_is_drawn_once() -> None:
    counter = iter(range(1000))

    def sampler(n: int) -> np.ndarray:
        return numbered(n) + 1000 * next(counter)

    latents = probing()
    first, second = latents.draw(sampler), latents.draw(sampler)
    np.testing.assert_array_equal(first[:FIXED_COUNT], second[:FIXED_COUNT])
    assert next(counter) == 2


@pytest.mark.parametrize(("given", "windows", "handed"), [(16, 0, 16), (32, 0, 32), (64, 1, 64), (128, 3, 64)])
def test_a_sampler_that_returns_fewer_gives_what_there_is(given: int, windows: int, handed: int) -> None:
    latents = probing()
    drawn = [latents.draw(lambda n: numbered(given))[:, 0] for _ in range(4)]
    assert latents.windows == windows
    assert all(len(d) == handed for d in drawn)
    assert len(set(np.concatenate(drawn))) == min(given, FIXED_COUNT + max(windows, 0) * 32)


def test_a_sampler_that_has_no_more_than_a_few_labels_is_asked_for_fewer() -> None:
    labels, rng = numbered(100), np.random.default_rng(0)

    def sampler(n: int) -> np.ndarray:
        return np.concatenate([rng.standard_normal((n, 2)), labels[:n]], axis=1)

    latents = probing()
    first, second = latents.draw(sampler), latents.draw(sampler)
    assert latents.windows == 1
    assert len(first) == SAMPLE_COUNT
    np.testing.assert_array_equal(first, second)
    assert rng.standard_normal() == np.random.default_rng(0).standard_normal()


@pytest.mark.parametrize(
    ("counts", "facts"),
    [
        ([10] * 4, {"count": 10, "asked": 288, "least": 32}),
        ([40, 41, 42, 43], {"asked": 288, "before": 40, "count": 41}),
        ([40, 40, 300, 7], {"asked": 288, "before": 40, "count": 300}),
    ],
)
def test_too_few_latents_or_another_count_is_told_once(counts: list[int], facts: dict[str, int]) -> None:
    told: list[Message] = []
    latents, counter = ProbeLatents(Drawing(), told.append), iter(counts)
    for _ in range(3):
        latents.draw(lambda n: numbered(next(counter)))
    assert [message.facts for message in told] == [facts]


def test_as_many_as_asked_for_or_always_the_same_fewer_is_nothing_to_tell() -> None:
    told: list[Message] = []
    for sampler in (numbered, lambda n: numbered(64)):
        latents = ProbeLatents(Drawing(), told.append)
        for _ in range(3):
            latents.draw(sampler)
    assert not told


@pytest.mark.parametrize(
    "returned", [None, 3.0, numbered(0), [], "latents"], ids=["none", "a number", "empty", "a list of none", "text"]
)
def test_what_is_no_batch_is_refused(returned: Any) -> None:
    with pytest.raises(UnusableLatents, match="no batch of latents"):
        probing().draw(lambda n: returned)


def test_latents_of_another_shape_than_before_are_refused() -> None:
    latents, widths = probing(), iter([4, 4, 5])

    def sampler(n: int) -> np.ndarray:
        return np.zeros((n, next(widths)))

    latents.draw(sampler)
    with pytest.raises(UnusableLatents, match=r"\(288, 4\) at one call and \(288, 5\)"):
        latents.draw(sampler)


def test_a_sampler_that_fails_fails() -> None:
    def broken(n: int) -> np.ndarray:
        raise ValueError("no latents today")

    with pytest.raises(ValueError, match="today"):
        probing().draw(broken)
