"""The null: tight, repeatable, at the batch size of the run, and absent where it would mislead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from gandoctor.measures import Reference, diversity_statistics, image_statistics, null_bands
from gandoctor.measures.digits import DigitSet, class_perplexity
from gandoctor.measures.images import lone_pixel_share
from gandoctor.measures.missing import RealBins, missing_share
from gandoctor.measures.null import RealSplits, resampled_bands, sheet_bands
from gandoctor.store import Manifest, RunWriter, load_run

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][:1024, :, :, None]


def test_fresh_reals_lie_in_the_band(digits: np.ndarray) -> None:
    images = digits.astype(np.float32) / 255
    bands = resampled_bands(images[:700], 128)
    fresh = image_statistics(images[700:828]) | diversity_statistics(images[700:828], Reference(images[:572]))
    of_digits = DigitSet.of(images[:572])
    assert of_digits is not None
    fresh["sample_class_kid"] = of_digits.look(images[700:828])[1]
    assert set(fresh) == set(bands)
    for name, band in bands.items():
        assert band.low <= band.mean <= band.high
        assert abs(fresh[name] - band.mean) <= 6 * band.std + 1e-9, name


def drawn_with_copies(digits: np.ndarray, kinds: int, count: int) -> np.ndarray:
    drawn = np.random.default_rng(2).integers(0, kinds, count)
    return digits[drawn].astype(np.float32) / 255


@pytest.mark.parametrize("kinds", [10, 200, 1024])
@pytest.mark.parametrize("colour", [False, True])
def test_a_split_is_what_a_monitor_says_of_the_same_images(digits: np.ndarray, kinds: int, colour: bool) -> None:
    """Reals that play the generator get the very numbers that a generator gets which makes the same images."""
    reals = drawn_with_copies(digits, kinds, 400)
    if colour:
        reals = np.concatenate([reals, 1 - reals, reals[:, ::-1]], axis=-1)
    order = np.random.default_rng(0).permutation(400)
    batch, rest = reals[order[:64]], reals[order[64:]]
    pool, others = reals[order[:150]], reals[order[150:]]
    split = RealSplits(reals, count=64, pool_count=150).statistics(order)
    of_a_monitor = image_statistics(batch) | diversity_statistics(batch, Reference(rest))
    bins = RealBins(others)
    of_a_monitor["sample_missing_share"] = missing_share(bins.bins(pool), bins.shares)
    # Kernel distances are in units of all reals, not of the rest alone: see the next test.
    for name in ("sample_kid", "sample_class_kid", "sample_class_perplexity"):
        split.pop(name, None)
        of_a_monitor.pop(name, None)
    assert split == of_a_monitor
    pairs = squareform(pdist(batch.reshape(64, -1))) == 0
    if kinds == 10:
        assert split["sample_duplicate_pairs"] == (pairs.sum() - 64) / 2 > 100


def test_kernel_distances_of_a_split_whose_rest_is_all_there_is(digits: np.ndarray) -> None:
    """Where the batch and the rest are the same images, the rest's units are those of all reals."""
    half = drawn_with_copies(digits, 200, 128)
    split = RealSplits(np.concatenate([half, half]), count=128, pool_count=128).statistics(np.arange(256))
    seen, of_digits = diversity_statistics(half, Reference(half)), DigitSet.of(half)
    assert of_digits is not None
    said, distance = of_digits.look(half)
    # Convolutions are float32, in chunks of other sizes.
    assert split["sample_kid"] == pytest.approx(seen["sample_kid"], rel=1e-4)
    assert split["sample_class_kid"] == pytest.approx(distance, rel=1e-4)
    assert split["sample_class_perplexity"] == pytest.approx(class_perplexity(said), rel=1e-6)
    assert split["sample_duplicate_pairs"] == seen["sample_duplicate_pairs"]


@pytest.mark.parametrize("kinds", [3, 10, 60])
def test_copies_are_counted_exactly(digits: np.ndarray, kinds: int) -> None:
    drawn = np.random.default_rng(2).integers(0, kinds, 288)
    splits = RealSplits(digits[drawn].astype(np.float32) / 255, count=128)
    order = np.random.default_rng(0).permutation(288)
    copies = np.bincount(drawn[order[:128]])
    found = splits.statistics(order)
    assert found["sample_duplicate_pairs"] == (copies * (copies - 1) // 2).sum()
    assert found["sample_nn_distance"] == 0


def test_the_null_of_the_article_s_digits(digits: np.ndarray) -> None:
    bands = resampled_bands(digits.astype(np.float32) / 255, 256)
    assert bands["sample_autocorrelation"].mean == pytest.approx(0.825, abs=0.01)
    assert bands["sample_autocorrelation"].std < 0.006
    assert bands["sample_noise_sigma"].high == 0
    assert bands["sample_coverage"].mean == pytest.approx(1, abs=0.05)
    assert bands["sample_kid"].mean == pytest.approx(0, abs=0.02)
    assert bands["sample_duplicate_pairs"].high <= 6


def test_the_pool_s_null(digits: np.ndarray) -> None:
    images = digits[:512].astype(np.float32) / 255
    bands = resampled_bands(images, 64, 256)
    assert 9.5 < bands["sample_class_perplexity"].low < bands["sample_class_perplexity"].high < 10
    assert bands["sample_missing_share"].high < 0.06
    assert bands["sample_class_kid"].mean == pytest.approx(0, abs=0.02)
    pooled = {"sample_class_perplexity", "sample_missing_share"}
    assert set(bands) - set(resampled_bands(images, 64)) == pooled
    assert not pooled & set(resampled_bands(images[:511], 64, 256))


def test_what_does_not_look_like_digits_has_no_null_of_them(digits: np.ndarray) -> None:
    bands = resampled_bands(1 - digits[:512].astype(np.float32) / 255, 64, 256)
    assert not {"sample_class_perplexity", "sample_class_kid"} & set(bands)
    assert "sample_missing_share" in bands


def test_few_reals_leave_out_what_depends_on_the_batch_size(digits: np.ndarray) -> None:
    images = digits.astype(np.float32) / 255
    bands = resampled_bands(images[:200], 128)
    assert "sample_autocorrelation" in bands
    assert "sample_duplicate_pairs" not in bands
    assert resampled_bands(images[:31], 128) == {}


def test_of_a_run(tmp_path: Path, digits: np.ndarray) -> None:
    writer = RunWriter(tmp_path / "run", Manifest(cadence={"sample_count": 64, "pool_count": 128}))
    writer.reals(digits[:300])
    writer.close("completed")
    bands = null_bands(load_run(tmp_path / "run"))
    unit = digits[:300].astype(np.float32) / 255
    assert bands == resampled_bands(unit, 64, 128) | sheet_bands(unit)
    assert "sample_missing_share" in bands
    assert null_bands(load_run(tmp_path / "run")) is bands
    bare = RunWriter(tmp_path / "bare", Manifest())
    bare.close("completed")
    assert null_bands(load_run(tmp_path / "bare")) == {}


def test_lone_pixels_are_those_of_all_reals(digits: np.ndarray) -> None:
    """The mean needs no draws of a sheet's images; the band is that of sheets."""
    reals = digits[:200].astype(np.float32) / 255
    speckled = reals[:40].copy()
    speckled[:, 5::7, 5::7] = 1 - np.round(speckled[:, 5::7, 5::7])
    images = np.concatenate([speckled, reals])
    band = sheet_bands(images)["sample_lone_pixels"]
    assert band.mean == lone_pixel_share(images)
    assert 0 < band.low < band.mean < band.high
    assert band.std > 0
    assert sheet_bands(images[:31]) == {}
