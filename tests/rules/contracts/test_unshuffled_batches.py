"""GD012."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import Run
from support.recorded_runs import DIGITS, digits, every_step

RULE = find_rule("GD012")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def fed(order: np.ndarray, batch: int = 32) -> Signals:
    """Mean and spread of the digits of each step, in this order."""
    images = digits().astype(np.float32) / 255
    batches = [images[order[i : i + batch]] for i in range(0, len(order) - batch + 1, batch)]
    return {
        "real_mean": {s: float(b.mean()) for s, b in enumerate(batches, 1)},
        "real_spread": {s: float(b.std(axis=0).mean()) for s, b in enumerate(batches, 1)},
    }


def by_class() -> np.ndarray:
    with np.load(DIGITS) as archive:
        return np.argsort(archive["labels"], kind="stable")


def within_a_buffer(order: np.ndarray, size: int) -> np.ndarray:
    """As `tf.data.Dataset.shuffle(size)` does."""
    rng, buffer, result = np.random.default_rng(0), list(order[:size]), []
    for following in order[size:]:
        place = rng.integers(len(buffer))
        result.append(buffer[place])
        buffer[place] = following
    return np.array([*result, *rng.permutation(buffer)])


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("batch", [16, 32, 64])
def test_digits_sorted_by_class(make_run: MakeRun, batch: int, epochs: int) -> None:
    finding = RULE.evaluate(make_run(fed(np.tile(by_class(), epochs), batch)))
    assert finding.status is Status.DETECTED


def test_a_buffer_much_smaller_than_the_data(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(fed(within_a_buffer(by_class(), 500)))).status is Status.DETECTED


def test_data_sorted_by_how_bright_they_are(make_run: MakeRun) -> None:
    order = np.argsort(digits().mean(axis=(1, 2, 3)))
    assert RULE.evaluate(make_run(fed(order))).status is Status.DETECTED


@pytest.mark.parametrize("seed", range(8))
def test_look_alike_shuffled_data(make_run: MakeRun, seed: int) -> None:
    rng = np.random.default_rng(seed)
    epochs = np.concatenate([rng.permutation(5000) for _ in range(3)])
    assert RULE.evaluate(make_run(fed(epochs))).status is Status.NOT_DETECTED
    once = np.tile(rng.permutation(5000), 3)
    assert RULE.evaluate(make_run(fed(once))).status is Status.NOT_DETECTED, "the same order in every epoch"


@pytest.mark.parametrize("seed", range(8))
def test_look_alike_a_small_data_set_sorted_by_class_and_shuffled(make_run: MakeRun, seed: int) -> None:
    small = by_class()[::10]
    rng = np.random.default_rng(seed)
    epochs = np.concatenate([rng.permutation(small) for _ in range(20)])
    assert RULE.evaluate(make_run(fed(epochs))).status is Status.NOT_DETECTED


def test_look_alike_a_level_that_changes_once(make_run: MakeRun) -> None:
    rng = np.random.default_rng(0)
    jump = every_step(lambda s: (0.13 if s < 400 else 33.0) + float(rng.normal(0, 0.01)))
    assert RULE.evaluate(make_run({"real_mean": jump, "real_spread": jump})).status is Status.NOT_DETECTED


def test_too_few_batches_and_batches_that_do_not_vary_are_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(fed(by_class()[:640]))).status is Status.NOT_EVALUATED
    flat = {"real_mean": every_step(0.5), "real_spread": every_step(0.1)}
    assert RULE.evaluate(make_run(flat)).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
