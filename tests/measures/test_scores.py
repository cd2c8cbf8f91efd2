"""Separation and quantiles against scipy, numpy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from gandoctor.measures import separation
from gandoctor.measures.scores import QUANTILES, chance_above, quantiles

LOGITS = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=30)


@given(LOGITS, LOGITS)
def test_auc_equals_mann_whitney_with_ties(real: list[float], fake: list[float]) -> None:
    expected = mannwhitneyu(real, fake, method="asymptotic").statistic / (len(real) * len(fake))
    assert separation(np.array(real), np.array(fake))["d_auc"] == pytest.approx(expected)


@given(LOGITS, LOGITS)
def test_the_chance_is_counted_and_not_rounded(values: list[float], others: list[float]) -> None:
    wins = sum(1.0 if v > o else 0.5 if v == o else 0.0 for v in values for o in others)
    assert chance_above(np.array(values), np.array(others)) == wins / (len(values) * len(others))


def test_d_prime_of_two_normals() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(3, 2, 200_000), rng.normal(0, 1, 200_000)
    scores = separation(real, fake)
    assert scores["d_prime"] == pytest.approx(3 / np.sqrt(2.5), rel=0.01)
    assert scores["d_logit_gap"] == pytest.approx(3, rel=0.01)


def test_polarity_and_blindness() -> None:
    assert separation(np.array([1.0, 2]), np.array([-1.0, 0]))["d_auc"] == 1
    assert separation(np.array([-1.0, 0]), np.array([1.0, 2]))["d_auc"] == 0
    assert separation(np.zeros(5), np.zeros(7))["d_auc"] == 0.5


def test_without_variance_there_is_no_d_prime() -> None:
    scores = separation(np.full((4, 1), 2.5), np.full((4, 1), 0.1))
    assert "d_prime" not in scores
    assert scores["d_logit_gap"] == pytest.approx(2.4)
    assert "d_prime" not in separation(np.array([1.0]), np.array([0.0]))


def test_nan_is_nan_and_infinite_logits_still_rank() -> None:
    assert all(np.isnan(v) for v in separation(np.array([1.0, np.nan]), np.zeros(3)).values())
    scores = separation(np.array([np.inf, 1.0]), np.array([0.0, -np.inf]))
    assert scores["d_auc"] == 1
    assert scores["d_logit_gap"] == np.inf
    assert "d_prime" not in scores


@given(LOGITS)
def test_quantiles_are_those_of_the_inverse_distribution_function(logits: list[float]) -> None:
    found = quantiles(np.array(logits))
    assert tuple(found) == QUANTILES
    assert list(found.values()) == np.quantile(logits, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf").tolist()


def test_quantiles_of_a_probe_are_its_own_logits() -> None:
    logits = np.random.default_rng(0).permutation(64).astype(np.float32)[:, None]
    assert quantiles(logits) == {5: 3, 25: 15, 50: 31, 75: 47, 95: 60}
    assert quantiles(np.array([7.0])) == dict.fromkeys(QUANTILES, 7.0)


def test_quantiles_tell_infinite_logits_and_nan() -> None:
    logits = np.arange(20.0)
    logits[[0, 1, 19]] = -np.inf, -np.inf, np.inf
    assert quantiles(logits) == {5: -np.inf, 25: 4, 50: 9, 75: 14, 95: 18}
    logits[3] = np.nan
    assert np.isnan(list(quantiles(logits).values())).all()
