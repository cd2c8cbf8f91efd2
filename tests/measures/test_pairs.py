"""Whether samples belong to what they were made from, on pairs whose law is known."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.measures.pairs import PENALTIES, predictable_share, tie, tie_by_chance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 10))
MAP = RNG.normal(size=(10, 30))
SIGNAL, NOISE = X @ MAP, 3 * RNG.normal(size=(200, 30))


def test_samples_of_the_law_itself_have_the_share_that_the_inputs_account_for() -> None:
    x = RNG.normal(size=(20_000, 10))
    partners, made = (x @ MAP + 3 * RNG.normal(size=(20_000, 30)) for _ in range(2))
    share = (MAP**2).sum(axis=0).mean() / ((MAP**2).sum(axis=0).mean() + 9)
    assert tie(made, partners) == pytest.approx(share, abs=0.02)


def test_a_tie_is_a_correlation() -> None:
    assert tie(SIGNAL, SIGNAL) == pytest.approx(1)
    assert tie(5 - 2 * SIGNAL, SIGNAL) == pytest.approx(-1)
    assert tie(np.ones_like(SIGNAL), SIGNAL) is None
    assert tie_by_chance(np.ones_like(SIGNAL), SIGNAL) is None


def test_shuffled_pairs_stay_below_chance_in_nineteen_cases_of_twenty() -> None:
    rng = np.random.default_rng(1)
    over = 0
    for _ in range(200):
        made, partners = rng.normal(size=(64, 5)), rng.normal(size=(64, 5))
        over += (tie(made, partners) or 0) > (tie_by_chance(made, partners) or 0)
    assert 2 <= over <= 22
    assert (tie(SIGNAL, SIGNAL + NOISE) or 0) > 5 * (tie_by_chance(SIGNAL, SIGNAL + NOISE) or 1)


def left_out_one_by_one(inputs: np.ndarray, partners: np.ndarray) -> float:
    """The same by refitting as often as there are rows."""
    x = (inputs - inputs.mean(0)) / inputs.std(0)
    scale = np.linalg.eigvalsh(x @ x.T).clip(0).mean()
    errors = []
    for penalty in PENALTIES:
        error = 0.0
        for i in range(len(x)):
            a, b = np.delete(x, i, 0), np.delete(partners, i, 0)
            middle, level = a.mean(0), b.mean(0)
            a = a - middle
            weights = np.linalg.solve(a.T @ a + penalty * scale * np.eye(a.shape[1]), a.T @ (b - level))
            error += float(((partners[i] - level - (x[i] - middle) @ weights) ** 2).sum())
        errors.append(error)
    total = sum(float(((partners[i] - np.delete(partners, i, 0).mean(0)) ** 2).sum()) for i in range(len(x)))
    return 1 - min(errors) / total


def test_each_row_is_foretold_from_all_others() -> None:
    x, y = X[:40], (SIGNAL + NOISE)[:40]
    assert predictable_share(x, y) == pytest.approx(left_out_one_by_one(x, y), rel=1e-6)
    assert predictable_share(X, SIGNAL) > 0.99
    assert 0.4 < predictable_share(X, SIGNAL + NOISE) < 0.6
    assert predictable_share(X, NOISE) < 0.02


def test_equal_inputs_count_once() -> None:
    """Two data sets of which each has the same few rows in the same order are no pairs."""
    inputs, partners = RNG.normal(size=(30, 40)), RNG.normal(size=(30, 40))
    assert predictable_share(np.tile(inputs, (8, 1)), np.tile(partners, (8, 1))) < 0.1


def test_columns_that_do_not_vary_tell_nothing() -> None:
    assert predictable_share(np.ones((50, 3)), NOISE[:50]) == 0
    assert predictable_share(X[:50], np.ones((50, 3))) == 0
    with_constants = np.concatenate([X, np.ones((200, 5))], axis=1)
    assert predictable_share(with_constants, SIGNAL + NOISE) == pytest.approx(predictable_share(X, SIGNAL + NOISE))
