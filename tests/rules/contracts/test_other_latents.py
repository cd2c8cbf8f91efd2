"""GD013."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import LatentCard, Run

RULE = find_rule("GD013")
MakeRun = Callable[..., Run]
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.standard_normal(shape)


def uniform(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.uniform(-1, 1, shape)


def positive(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.uniform(0, 1, shape)


def run_of(
    make_run: MakeRun, trained: Draw, sampled: Draw, size: int = 32, source: str = "given", seed: int = 0
) -> Run:
    rng = np.random.default_rng(seed)
    batches = {s: trained(rng, (32, size)) for s in range(1, 41)}
    z = sampled(rng, (64, size))
    card = LatentCard(shape=(size,), minimum=z.min(), maximum=z.max(), mean=z.mean(), std=z.std(), source=source)
    return make_run(
        {
            "latent_mean": {s: float(b.mean()) for s, b in batches.items()},
            "latent_spread": {s: float(b.std(axis=0).mean()) for s, b in batches.items()},
        },
        latent=card,
    )


@pytest.mark.parametrize(
    ("trained", "sampled"), [(uniform, normal), (normal, uniform), (positive, normal), (positive, uniform)]
)
def test_two_laws(make_run: MakeRun, trained: Draw, sampled: Draw) -> None:
    assert RULE.evaluate(run_of(make_run, trained, sampled)).status is Status.DETECTED


@pytest.mark.parametrize("law", [normal, uniform, positive])
@pytest.mark.parametrize("size", [2, 32, 100])
def test_look_alike_the_same_law_drawn_anew(make_run: MakeRun, law: Draw, size: int) -> None:
    for seed in range(20):
        assert RULE.evaluate(run_of(make_run, law, law, size, seed=seed)).status is Status.NOT_DETECTED


def test_only_a_sampler_that_was_given_can_differ(make_run: MakeRun) -> None:
    assert RULE.evaluate(run_of(make_run, uniform, normal, source="assumed")).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
    assert RULE.evaluate(run_of(make_run, normal, uniform, size=1)).status is Status.NOT_EVALUATED
