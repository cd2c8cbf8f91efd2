"""The passes of a probe, on a generator whose batch normalisation is written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gandoctor.recording.in_step import Pass
from gandoctor.recording.probe.forward_passes import ForwardPasses

Z = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)


class Normalising:
    """G takes the mean of its batch out in training mode; D scores everything 0."""

    def __init__(self, normalises: bool = True) -> None:
        self.normalises, self.sizes = normalises, list[int]()

    def on_device(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    to_numpy = on_device

    def normalises_batches(self, player: str) -> bool:
        return self.normalises and player == "g"

    def judges_one_by_one(self, player: str) -> bool:
        return False

    def snapshot(self, player: str) -> None:
        return None

    def forward(self, player: str, batches: Sequence[Any], training: bool, weights: Any) -> Pass:
        (batch,) = batches
        if player == "d":
            return Pass(np.zeros(len(batch)), np.zeros(len(batch)), np.zeros(0, bool))
        if training:
            self.sizes.append(len(batch))
        return Pass(batch - batch.mean(axis=0) if training else batch)


@pytest.mark.parametrize(
    ("at_a_time", "sizes"),
    [(None, [32]), (64, [32]), (32, [32]), (12, [12, 12, 8]), (8, [8] * 4), (1, [1] * 16)],
)
def test_training_mode_is_that_of_as_many_as_training_makes(at_a_time: int | None, sizes: list[int]) -> None:
    networks = Normalising()
    probe = ForwardPasses(networks, None, None, made_at_a_time=at_a_time).run(1, Z)  # type: ignore[arg-type]
    assert probe is not None
    assert networks.sizes == sizes
    assert len(probe.fakes_training) == sum(sizes)
    start = 0
    for size in sizes:
        rows = Z[start : start + size]
        np.testing.assert_allclose(probe.fakes_training[start : start + size], rows - rows.mean(axis=0))
        start += size
    np.testing.assert_array_equal(probe.fakes, Z)


def test_where_nothing_is_normalised_one_call_does() -> None:
    networks = Normalising(normalises=False)
    probe = ForwardPasses(networks, None, None, made_at_a_time=1).run(1, Z[:20])  # type: ignore[arg-type]
    assert probe is not None
    assert networks.sizes == [20]


def test_a_sampler_may_have_fewer() -> None:
    networks = Normalising()
    probe = ForwardPasses(networks, None, None, made_at_a_time=8).run(1, Z[:20])  # type: ignore[arg-type]
    assert probe is not None
    assert networks.sizes == [8, 8, 4]
