"""When what was fed is taken up: at once where it suffices, after some steps where it has to do, growing afterwards."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.recording.in_step import Call
from gandoctor.recording.session.keeping import KEPT_LATENTS, STEPS_MOST, STEPS_WATCHED, Keeping

RNG = np.random.default_rng(0)


class Backend:
    def __init__(self, batch: int) -> None:
        self.batch, self.watched = batch, False
        self.players = SimpleNamespace(latent_is_given=False)

    def watch_calls(self, on: bool) -> None:
        self.watched = on

    def calls(self) -> list[Call]:
        z, fake, real = (RNG.normal(size=(self.batch, *s)).astype(np.float32) for s in ((5,), (4, 4, 1), (4, 4, 1)))
        return [Call("g", z, fake), Call("d", real, z[:, :1]), Call("d", fake, z[:, :1])]


class Prober:
    def __init__(self) -> None:
        self.reals: Any = None
        self.awaits_fed = False
        self.latents = SimpleNamespace(row_shapes=None)
        self.sizes: list[int] = []

    def take_reals(self, images: np.ndarray, as_fed: Any) -> None:
        self.reals = images

    def take_sampler(self, sampler: Any) -> None:
        self.sizes.append(len(sampler(10_000)))


def kept(batch: int) -> tuple[Keeping, Backend, Prober, Any]:
    backend, prober, told = Backend(batch), Prober(), []
    panel = SimpleNamespace(take=lambda readings: None, begin_again=lambda lifted: None)
    manifest = SimpleNamespace(players={}, missing={})
    keeping = Keeping(backend, prober, panel, manifest, lambda name, why: told.append(name))  # type: ignore[arg-type]
    return keeping, backend, prober, SimpleNamespace(manifest=manifest, told=told)


def test_enough_is_taken_up_at_once() -> None:
    keeping, backend, prober, rest = kept(64)
    found = [keeping.take(1) for _ in range(8)]
    assert found == [False] * 7 + [True]
    assert (len(prober.reals), prober.sizes) == (512, [288])
    assert rest.manifest.players["latent_sampler"] == KEPT_LATENTS
    assert not backend.watched


def test_latents_of_small_batches_grow_until_they_fill_a_pool() -> None:
    keeping, backend, prober, _ = kept(8)
    for _ in range(STEPS_WATCHED):
        keeping.take(1)
    assert (len(prober.reals), prober.sizes) == (160, [160])
    assert backend.watched
    for _ in range(16):
        keeping.take(1)
    assert prober.sizes == [160, 288]
    assert not backend.watched


def test_batches_of_one_are_waited_for() -> None:
    keeping, backend, prober, _ = kept(1)
    for _ in range(127):
        assert keeping.take(1) is False
    assert prober.reals is None
    assert keeping.take(1) is True
    assert (len(prober.reals), prober.sizes) == (128, [128])
    for _ in range(STEPS_MOST - 128):
        keeping.take(1)
    assert not backend.watched
    assert prober.sizes == [128], "a pool was not filled"


@pytest.mark.parametrize("closing", [True, False])
def test_it_ends_where_there_is_too_little(closing: bool) -> None:
    keeping, backend, prober, rest = kept(0)
    backend.calls = list  # type: ignore[method-assign]
    keeping.take(1 if closing else STEPS_MOST, closing)
    assert prober.reals is None
    assert prober.sizes == []
    assert rest.told == ["probe_data"]
    assert not backend.watched
    assert keeping.take(1) is False
