"""Columns against scipy, NumPy and loops, and their order on samples that get worse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from gandoctor.measures.columns import Columns, autocorrelation, flat, marginal_distances, power_shares
from gandoctor.measures.diversity import Reference
from gandoctor.measures.null import column_bands


def table(count: int, seed: int) -> np.ndarray:
    """Age, income and rate: correlated, in units six orders of magnitude apart."""
    rng = np.random.default_rng(seed)
    age = rng.normal(45, 15, count)
    income = 1e3 * (age + rng.normal(0, 5, count))
    return np.stack([age, income, rng.normal(0.02, 0.01, count)], axis=1).astype(np.float32)


def waves(count: int, cycles: float, seed: int, steps: int = 64) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * cycles * np.arange(steps) / steps + rng.uniform(0, 2 * np.pi, (count, 1))
    return np.stack([np.sin(angle), 0.5 * np.cos(angle)], axis=-1) + rng.normal(0, 0.05, (count, steps, 2))


@pytest.mark.parametrize("counts", [(64, 512), (7, 7), (10, 15), (1, 3)])
def test_marginal_distances_are_those_of_scipy(counts: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    one, other = (np.sort(rng.normal(i, 1, (count, 4)), axis=0) for i, count in enumerate(counts))
    expected = [wasserstein_distance(a, b) for a, b in zip(one.T, other.T, strict=True)]
    np.testing.assert_allclose(marginal_distances(one, other), expected, rtol=1e-12)


def test_no_column_outweighs_another() -> None:
    reals, fakes = table(512, 0), table(64, 1)
    rate_off, income_off = fakes.copy(), fakes.copy()
    rate_off[:, 2] += 0.02
    income_off[:, 1] += 2 * reals[:, 1].std()
    columns = Columns(reals)
    off = [columns.statistics(values)["sample_marginal_worst"] for values in (rate_off, income_off)]
    assert off == pytest.approx([2.0, 2.0], abs=0.4)
    assert columns.statistics(fakes)["sample_marginal_worst"] < 0.4


def test_shuffled_columns_have_the_marginals_but_not_the_correlations() -> None:
    columns, fakes = Columns(table(512, 0)), table(64, 1)
    shuffled = fakes.copy()
    shuffled[:, 1] = np.random.default_rng(2).permutation(shuffled[:, 1])
    true, broken = columns.statistics(fakes), columns.statistics(shuffled)
    assert broken["sample_marginal_distance"] == pytest.approx(true["sample_marginal_distance"])
    assert broken["sample_correlation_distance"] > 3 * true["sample_correlation_distance"]


def test_a_constant_column_and_copies_show() -> None:
    columns, fakes = Columns(table(512, 0)), table(64, 1)
    fakes[:, 2] = 0.02
    assert columns.statistics(fakes)["sample_column_spread"] == pytest.approx(0, abs=1e-6)
    copies = np.repeat(fakes[:1], 64, axis=0)
    found = columns.statistics(copies)
    assert found["sample_latent_std"] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(list(found.values())).all()


def test_of_reals_that_do_not_vary_in_a_column() -> None:
    reals = table(512, 0)
    reals[:, 0] = 1e6
    found = Columns(reals).statistics(reals[:64])
    assert np.isfinite(list(found.values())).all()
    assert found["sample_column_spread"] > 0.5, "a column that is constant in the data is not missed"
    assert "sample_correlation_distance" not in Columns(reals[:, :1]).statistics(reals[:64, :1])


def test_spectrum_and_autocorrelation_are_those_of_loops() -> None:
    series = waves(5, 3, 0, steps=16)
    power = np.mean([np.abs(np.fft.fft(one, axis=0)[1:9]) ** 2 for one in series], axis=0)
    np.testing.assert_allclose(power_shares(series), power / power.sum(axis=0))
    centred = series - series.mean(axis=1, keepdims=True)
    for lag in range(1, 9):
        products = sum((one[:-lag] * one[lag:]).sum(axis=0) for one in centred)
        np.testing.assert_allclose(autocorrelation(series)[lag - 1], products / (centred**2).sum(axis=(0, 1)))


def test_other_rhythms_show_in_spectrum_and_autocorrelation_only() -> None:
    columns = Columns(waves(256, 4, 0))
    same, other = (columns.statistics(waves(64, cycles, 1)) for cycles in (4, 9))
    assert same["sample_spectrum_distance"] < 0.05 < 0.9 < other["sample_spectrum_distance"]
    assert same["sample_autocorrelation_distance"] < 0.05 < 0.3 < other["sample_autocorrelation_distance"]
    assert other["sample_marginal_distance"] == pytest.approx(same["sample_marginal_distance"], abs=0.05)
    constant = columns.statistics(np.zeros((64, 64, 2)))
    assert constant["sample_spectrum_distance"] == 1.0


def test_vectors_and_short_series_have_no_spectrum() -> None:
    assert "sample_spectrum_distance" not in Columns(table(64, 0)).statistics(table(64, 1))
    assert "sample_spectrum_distance" not in Columns(np.ones((64, 3, 2))).statistics(np.ones((64, 3, 2)))


def test_what_cannot_be_compared() -> None:
    columns, fakes = Columns(table(64, 0)), table(64, 1)
    fakes[0, 0] = np.nan
    assert columns.statistics(fakes) == {}
    assert columns.statistics(fakes[1:2]) == {}
    with pytest.raises(ValueError, match="reshape"):
        columns.statistics(np.ones((64, 4)))
    with pytest.raises(ValueError, match="2 real"):
        Columns(fakes[:1])


@pytest.mark.parametrize("make", [table, lambda count, seed: waves(count, 4, seed)], ids=["vectors", "series"])
def test_real_data_lie_in_their_own_band_and_a_collapsed_generator_does_not(make) -> None:  # type: ignore[no-untyped-def]
    reals = make(256, 0).astype(np.float32)
    columns, bands = Columns(reals), column_bands(reals, 64)
    reference = Reference(columns.rows(reals), None, flat)
    fresh, collapsed = make(64, 5), np.repeat(make(1, 5), 64, axis=0)
    true = columns.statistics(fresh) | reference.statistics(columns.rows(fresh))
    assert set(bands) == set(true)
    for name, value in true.items():
        band = bands[name]
        assert abs(value - band.mean) <= 6 * band.std + 0.05 * abs(band.mean) + 1e-9, name
    copied = reference.statistics(columns.rows(collapsed))
    assert copied["sample_duplicate_pairs"] == 64 * 63 / 2
    assert copied["sample_nn_distance"] == 0
    assert copied["sample_kid"] > bands["sample_kid"].high
