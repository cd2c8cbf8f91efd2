"""The pool: absent until it is full, of the last images only, begun anew after values that are not finite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gandoctor.measures.digits import DigitClassifier, class_perplexity, class_shares
from gandoctor.measures.missing import RealBins, missing_share
from gandoctor.measures.pool import Pool

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"
POOLED = {"sample_missing_share", "sample_class_perplexity"} | {f"sample_class_share/{k}" for k in range(10)}


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][::2, :, :, None].astype(np.float32) / 255


def probes(images: np.ndarray) -> list[np.ndarray]:
    """Batches of 64 whose first 32 are the same."""
    return [np.concatenate([images[:32], images[start : start + 32]]) for start in range(32, len(images) - 31, 32)]


def test_statistics_are_those_of_the_last_256_fresh_images(digits: np.ndarray) -> None:
    pool = Pool(digits[:512], 256)
    bins = RealBins(digits[:512])
    images = digits[600 : 600 + 32 * 12]
    found = [pool.add(batch, slice(32, None)) for batch in probes(images)]
    for k, values in enumerate(found):
        assert set(values) == {"sample_class_kid"} | (POOLED if k >= 7 else set()), k
        if k < 7:
            continue
        fresh = images[32 * (k - 6) : 32 * (k + 2)]
        assert len(fresh) == 256
        said = DigitClassifier.shipped().probabilities(fresh)
        assert values["sample_class_perplexity"] == pytest.approx(class_perplexity(said), rel=1e-4)
        for digit, share in enumerate(class_shares(said)):
            assert values[f"sample_class_share/{digit}"] == pytest.approx(share)
        assert values["sample_missing_share"] == pytest.approx(missing_share(bins.bins(fresh), bins.shares))


def test_values_that_are_not_finite_begin_it_anew(digits: np.ndarray) -> None:
    pool = Pool(digits[:512], 64)
    batch = digits[600:664]
    assert "sample_missing_share" in [pool.add(batch, slice(32, None)) for _ in range(2)][-1]
    broken = batch.copy()
    broken[40, 0, 0, 0] = np.nan
    assert pool.add(broken, slice(32, None)) == {}
    assert set(pool.add(batch, slice(32, None))) == {"sample_class_kid"}
    assert set(pool.add(batch, slice(32, None))) > POOLED


def test_nothing_joins_where_nothing_is_fresh(digits: np.ndarray) -> None:
    pool = Pool(digits[:512], 32)
    for _ in range(2):
        assert set(pool.add(digits[600:664], slice(0))) == {"sample_class_kid"}


def test_enormous_values_stay_finite(digits: np.ndarray) -> None:
    pool = Pool(digits[:512], 32)
    found = pool.add(np.full((64, 28, 28, 1), 1e30, np.float32), slice(32, None))
    assert set(found) > POOLED
    assert all(np.isfinite(value) for value in found.values())


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 1), (64, 64, 3)])
def test_images_that_are_no_digits_have_bins_only(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).random((128, *shape)).astype(np.float32)
    found = Pool(images[:64], 32).add(images[64:], slice(32, None))
    assert set(found) == {"sample_missing_share"}
    assert Pool(images[:63], 32).add(images[64:], slice(32, None)) == {}
