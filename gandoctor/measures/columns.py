"""Columns: how generated vectors and series differ from real ones, in units of each column's own spread.

A table's columns have units of their own, so distances are taken after each column (of series: each channel) was
brought to mean 0 and standard deviation 1 among the real data.
"""

from __future__ import annotations

import numpy as np

from gandoctor.measures.images import BOUND

SPACE = "columns, standardised by the real data"
LEAST_STEPS = 4
"""Steps of a series below which it has neither a spectrum nor an autocorrelation to speak of."""
POOLED_MAX = 20_000
"""Real values of a channel that marginal distances are taken to: more change the third digit only."""
CORRELATED_MAX = 512
"""Columns between which correlations are taken, evenly spread over all: their number grows with the square."""
SEED = 0


class Columns:
    """Real vectors (m, c) or series (m, T, C), and what generated ones are measured by.

    Args:
        reals: Finite floats, m at least 2.

    Raises:
        ValueError: There are fewer than two of them.
    """

    def __init__(self, reals: np.ndarray) -> None:
        if len(reals) < 2:
            raise ValueError(f"Columns need at least 2 real examples, got {len(reals)}.")
        x = np.asarray(reals, dtype=np.float64)
        self._shape = x.shape[1:]
        flat = x.reshape(-1, self._shape[-1])
        spread = flat.std(axis=0)
        # What float32 leaves of a column that does not vary is rounding, not spread.
        varied = spread > 1e-6 * np.maximum(np.abs(flat).max(axis=0), 1e-30)
        self._mean, self._scale, self._varied = flat.mean(axis=0), np.where(varied, spread, 1.0), varied
        standard = self._standardised(x)
        pooled = standard.reshape(-1, self._shape[-1])
        if len(pooled) > POOLED_MAX:
            pooled = pooled[np.random.default_rng(SEED).choice(len(pooled), POOLED_MAX, replace=False)]
        self._sorted = np.sort(pooled, axis=0)
        columns = np.flatnonzero(varied)
        spread_out = np.linspace(0, len(columns) - 1, min(len(columns), CORRELATED_MAX)).astype(int)
        self._correlated = columns[spread_out] if len(columns) else columns
        self._correlation = _correlation(pooled[:, self._correlated])
        self._is_series = len(self._shape) == 2 and self._shape[0] >= LEAST_STEPS
        if self._is_series:
            self._spectrum, self._autocorrelation = power_shares(standard), autocorrelation(standard)

    def rows(self, values: np.ndarray) -> np.ndarray:
        """Return values (n, ...) as float32 (n, 1, 1, columns), standardised.

        That is an image of a single pixel and as many channels: measures of distance take it as it is.

        Raises:
            ValueError: An example has not as many values as a real one.
        """
        standard = self._standardised(self._like_reals(values))
        return np.asarray(standard.reshape(len(values), 1, 1, -1), dtype=np.float32)

    def statistics(self, values: np.ndarray) -> dict[str, float]:
        """Compare generated values with the real ones.

        Args:
            values: Floats (n, ...), n at least 2, as many values each as a real example.

        Returns:
            sample_latent_std: Mean over columns of the standard deviation over the batch.
            sample_column_spread: Smallest ratio of a column's standard deviation to that of the reals, of the columns
                that vary among them.
            sample_marginal_distance: Wasserstein-1 distance between the values of one column, mean over columns.
            sample_marginal_worst: That of the worst column.
            sample_correlation_distance: Mean absolute difference of the correlations of two columns that vary among the
                reals (at most 512 of them). A generated column that does not vary correlates with none.
            sample_spectrum_distance: Of series: half the sum of absolute differences between the shares of mean power
                at each frequency but 0, mean over channels; 0 the same, 1 disjoint or constant.
            sample_autocorrelation_distance: Of series: mean absolute difference of the autocorrelation, lags 1 to T/2.

            What the data have not is left out. Empty where a value is not finite.

        Raises:
            ValueError: An example has not as many values as a real one.
        """
        x = self._like_reals(values)
        if len(x) < 2 or not np.isfinite(x).all():
            return {}
        standard = np.clip(self._standardised(x), -BOUND, BOUND)
        pooled = standard.reshape(-1, self._shape[-1])
        marginal = self.marginals(values)
        found = {
            "sample_latent_std": float(standard.std(axis=0).mean()),
            "sample_marginal_distance": float(marginal.mean()),
            "sample_marginal_worst": float(marginal.max()),
        }
        if self._varied.any():
            found["sample_column_spread"] = float(pooled.std(axis=0)[self._varied].min())
        count = len(self._correlated)
        if count >= 2:
            apart = np.abs(_correlation(pooled[:, self._correlated]) - self._correlation)
            found["sample_correlation_distance"] = float(apart.sum() / (count * (count - 1)))
        if self._is_series and self._varied.any():
            shares, ours = power_shares(standard), autocorrelation(standard)
            lost = np.where(shares.any(axis=0), 0.5 * np.abs(shares - self._spectrum).sum(axis=0), 1.0)
            found["sample_spectrum_distance"] = float(lost[self._varied].mean())
            apart = np.abs(ours - self._autocorrelation)[:, self._varied]
            found["sample_autocorrelation_distance"] = float(apart.mean())
        return found

    def marginals(self, values: np.ndarray) -> np.ndarray:
        """Return the Wasserstein-1 distance of each column of finite values (n, ...) from the real one, as (c,).

        Raises:
            ValueError: An example has not as many values as a real one.
        """
        standard = np.clip(self._standardised(self._like_reals(values)), -BOUND, BOUND)
        return marginal_distances(np.sort(standard.reshape(-1, self._shape[-1]), axis=0), self._sorted)

    def _like_reals(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(values, dtype=np.float64).reshape(len(values), *self._shape)

    def _standardised(self, x: np.ndarray) -> np.ndarray:
        standard: np.ndarray = (x - self._mean) / self._scale
        return standard


def summary(values: np.ndarray) -> np.ndarray:
    """Return mean, standard deviation, minimum and maximum of each column or channel of (n, ..., c), as (c, 4)."""
    x = values.reshape(-1, values.shape[-1]).astype(np.float64)
    return np.stack([x.mean(axis=0), x.std(axis=0), x.min(axis=0), x.max(axis=0)], axis=1)


def flat(rows: np.ndarray) -> np.ndarray:
    """Return rows (n, ...) as (n, columns): the feature space in which vectors are compared."""
    return rows.reshape(len(rows), -1)


def marginal_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the Wasserstein-1 distance of each column of two sorted arrays, (n, c) and (m, c), as (c,).

    The area between the quantile functions, exactly: they are steps at multiples of 1/n and 1/m.
    """
    n, m = len(one), len(other)
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # in units of 1/(n m): whole numbers
    widths = np.diff(ends, prepend=0) / (n * m)
    apart = np.abs(one[(ends - 1) // m] - other[(ends - 1) // n])
    distances: np.ndarray = widths @ apart
    return distances


def power_shares(series: np.ndarray) -> np.ndarray:
    """Return the share of mean power at each frequency but 0 of series (n, T, C), as (T // 2, C); 0 without power."""
    power = (np.abs(np.fft.rfft(series, axis=1)[:, 1:]) ** 2).mean(axis=0)
    total = power.sum(axis=0)
    has_power = total > 1e-12 * series.shape[1] ** 2
    shares: np.ndarray = np.where(has_power, power / np.where(has_power, total, 1.0), 0.0)
    return shares


def autocorrelation(series: np.ndarray) -> np.ndarray:
    """Return the mean autocorrelation at lags 1 to T // 2 of series (n, T, C), as (T // 2, C); 0 of constant ones.

    Each series is centred by its own mean; sums over the batch are taken before the ratio.
    """
    steps = series.shape[1]
    centred = series - series.mean(axis=1, keepdims=True)
    power = (np.abs(np.fft.rfft(centred, n=2 * steps, axis=1)) ** 2).sum(axis=0)  # padded: no lag wraps round
    products = np.fft.irfft(power, n=2 * steps, axis=0)[: steps // 2 + 1]
    varies = products[0] > 1e-12 * series.size
    ratio: np.ndarray = np.where(varies, products[1:] / np.where(varies, products[0], 1.0), 0.0)
    return ratio


def _correlation(pooled: np.ndarray) -> np.ndarray:
    """Correlation matrix (c, c) of columns (n, c), with 0 for columns that do not vary and 1 on its diagonal."""
    centred = pooled - pooled.mean(axis=0)
    size = np.sqrt((centred * centred).sum(axis=0))
    varies = size > 1e-6 * np.sqrt(len(pooled))
    scaled = np.where(varies, centred / np.where(varies, size, 1.0), 0.0)
    matrix: np.ndarray = scaled.T @ scaled
    np.fill_diagonal(matrix, 1.0)
    return matrix
