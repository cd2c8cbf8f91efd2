"""Image statistics against closed forms, independent implementations and the table of known degradations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import convolve, gaussian_filter, median_filter

from gandoctor.measures.images import image_statistics, impulse_share, lone_pixel_share, median_3x3, noise_sigma

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][:256, :, :, None].astype(np.float32) / 255


def degraded(digits: np.ndarray, how: str) -> np.ndarray:
    noise, where = np.random.default_rng(1).standard_normal(digits.shape), np.random.default_rng(2).random(digits.shape)
    if how == "gauss":
        return np.clip(digits + 0.1 * noise, 0, 1)
    if how.startswith("pepper"):
        share = int(how[6:]) / 100
        return np.where(where < share / 2, 0, np.where(where > 1 - share / 2, 1, digits))
    if how == "blur":
        return gaussian_filter(digits, (0, 1, 1, 0))
    if how == "checker":
        sign = 1 - 2 * (np.indices((28, 28)).sum(axis=0) % 2)
        return np.clip(digits + 0.05 * sign[None, :, :, None], 0, 1)
    return where if how == "uniform" else digits


# Within a fifth (and a little) of the first round of measurements (grid: of a later one); None: not compared.
TABLE = {
    "real": (0.825, 0.072, 0.034, 0.0, 0.018, 0.66),
    "gauss": (0.779, 0.122, 0.066, 0.068, 0.018, 0.80),
    "pepper1": (0.783, 0.122, 0.064, 0.0, 0.025, 0.76),
    "pepper5": (0.641, 0.245, 0.165, 0.0, 0.047, 0.90),
    "blur": (0.943, 0.0002, 0.0001, 0.001, 0.0, None),
    "checker": (0.801, 0.078, 0.046, 0.099, 0.017, 82.0),
    "uniform": (0.0, 0.56, 0.63, 0.30, 0.32, 1.0),
}
NAMES = ("autocorrelation", "spectral_flatness", "high_frequency", "noise_sigma", "impulse", "grid")


@pytest.mark.parametrize("how", TABLE)
def test_reproduces_the_table(digits: np.ndarray, how: str) -> None:
    measured = image_statistics(degraded(digits, how))
    for name, expected in zip(NAMES, TABLE[how], strict=True):
        if expected is not None:
            assert measured[f"sample_{name}"] == pytest.approx(expected, rel=0.2, abs=0.002), name


def test_simple_statistics(digits: np.ndarray) -> None:
    measured = image_statistics(digits)
    assert measured["sample_mean"] == pytest.approx(digits.astype(np.float64).mean(), rel=1e-6)
    assert measured["sample_std"] == pytest.approx(digits.astype(np.float64).std(), rel=1e-6)
    assert measured["sample_latent_std"] == pytest.approx(digits.astype(np.float64).std(axis=0).mean(), rel=1e-5)
    same = np.repeat(digits[:1], 16, axis=0)
    assert image_statistics(same)["sample_latent_std"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.01, 0.1, 0.5])
def test_noise_sigma_recovers_known_noise_on_a_ramp(sigma: float) -> None:
    ramp = np.linspace(0, 1, 64)[None, :, None] * np.ones((20, 1, 64))
    assert noise_sigma(ramp + sigma * RNG.standard_normal((20, 64, 64))) == pytest.approx(sigma, rel=0.03)
    assert noise_sigma(ramp) == pytest.approx(0, abs=1e-12)


def test_noise_sigma_equals_the_convolution() -> None:
    planes = RNG.random((3, 11, 14))
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    responses = [convolve(p, kernel)[1:-1, 1:-1] for p in planes]
    assert noise_sigma(planes) == pytest.approx(np.median(np.abs(responses)) / (6 * 0.6745))


@pytest.mark.parametrize("shape", [(4, 8, 8), (3, 9, 13)])
def test_impulses_equal_a_general_median_filter(shape: tuple[int, ...]) -> None:
    planes = RNG.random(shape)
    expected = (np.abs(planes - median_filter(planes, (1, 3, 3), mode="reflect")) > 0.3).mean()
    assert impulse_share(planes, median_3x3(planes)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("size", [(8, 8), (9, 9), (28, 28), (12, 15)])
def test_spectral_statistics_equal_the_full_spectrum(size: tuple[int, int]) -> None:
    images = RNG.random((5, *size, 1)).astype(np.float32)
    planes = images[..., 0].astype(np.float64)
    power = np.abs(np.fft.fft2(planes - planes.mean(axis=(1, 2), keepdims=True))) ** 2
    frequency = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.fftfreq(size[1])[None, :])
    mean_power = power.mean(axis=0)
    mean_power[0, 0] = 0
    bins = power.reshape(5, -1)[:, 1:]
    measured = image_statistics(images)
    flatness = (np.exp(np.log(bins).mean(axis=1)) / bins.mean(axis=1)).mean()
    assert measured["sample_spectral_flatness"] == pytest.approx(flatness, rel=1e-3)
    share = mean_power[frequency > 0.35].sum() / mean_power.sum()
    assert measured["sample_high_frequency"] == pytest.approx(share, rel=1e-3)


def test_autocorrelation_of_a_cosine() -> None:
    """A full-period cosine along one axis: 1 along the other; cos(2 pi k / n) along its own but for the open edge."""
    n, k = 32, 4
    wave = np.cos(2 * np.pi * k * np.arange(n) / n)
    along = np.mean(wave[:-1] * wave[1:]) / np.mean(wave**2)
    images = np.tile(wave, (2, n, 1))[..., None]
    assert image_statistics(images)["sample_autocorrelation"] == pytest.approx(0.5 * (1 + along), rel=1e-4)


def test_a_median_filter_leaves_the_correlation_of_shapes_beneath_specks_and_not_that_of_noise(
    digits: np.ndarray,
) -> None:
    clean = image_statistics(digits)["sample_filtered_correlation"]
    where = np.random.default_rng(2).random(digits.shape)
    specked = image_statistics(np.where(where < 0.1, 1.0 - digits, digits))
    assert specked["sample_autocorrelation"] < 0.4
    assert specked["sample_filtered_correlation"] == pytest.approx(clean, abs=0.03)
    noise = image_statistics(np.random.default_rng(3).random(digits.shape))
    assert noise["sample_filtered_correlation"] < clean - 0.2


def test_colour_channels_count_as_images(digits: np.ndarray) -> None:
    colour = np.concatenate([digits, digits[::-1], digits], axis=-1)
    grey, rgb = image_statistics(digits), image_statistics(colour)
    for name in NAMES:
        assert rgb[f"sample_{name}"] == pytest.approx(grey[f"sample_{name}"], rel=0.02, abs=1e-6)


def test_constant_images_have_neither_spectrum_nor_correlation() -> None:
    measured = image_statistics(np.full((4, 8, 8, 1), 0.7))
    assert "sample_autocorrelation" not in measured
    assert "sample_spectral_flatness" not in measured
    assert measured["sample_latent_std"] == pytest.approx(0, abs=1e-7)
    assert measured["sample_impulse"] == 0


def test_a_faint_or_constant_image_does_not_disturb_the_batch(digits: np.ndarray) -> None:
    with_blank = np.concatenate([digits, np.zeros_like(digits[:64])])
    expected = image_statistics(digits)
    for name in ("sample_autocorrelation", "sample_spectral_flatness", "sample_high_frequency"):
        assert image_statistics(with_blank)[name] == pytest.approx(expected[name], rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_images_say_so_and_nothing_else(digits: np.ndarray, bad: float) -> None:
    images = digits[:8].copy()
    images[3, 4, 5, 0] = bad
    measured = image_statistics(images)
    assert set(measured) == {"sample_mean", "sample_std"}
    assert not np.isfinite(measured["sample_mean"])
    assert np.isnan(measured["sample_std"])


def test_huge_values_raise_no_warning() -> None:
    measured = image_statistics(1e30 * RNG.standard_normal((8, 8, 8, 1)))
    assert np.isfinite(measured["sample_autocorrelation"])


def test_one_image_has_no_spread_over_latents(digits: np.ndarray) -> None:
    assert "sample_latent_std" not in image_statistics(digits[:1])


def test_a_lone_pixel_differs_from_all_its_neighbours() -> None:
    images = np.zeros((2, 8, 8, 1), np.float32)
    images[0, 3, 3] = 1.0  # alone
    images[1, 3, 3:5] = 1.0  # two beside each other
    images[1, 0, 6] = 1.0  # at the border
    assert lone_pixel_share(images) == pytest.approx(1 / (2 * 6 * 6))
    assert lone_pixel_share(1.0 - images) == pytest.approx(1 / (2 * 6 * 6))
    assert lone_pixel_share(0.4 * images) == 0.0
    assert lone_pixel_share(images[:, :2]) == 0.0


def test_one_channel_makes_a_pixel_of_a_colour_image_a_lone_one() -> None:
    images = np.zeros((1, 8, 8, 3), np.float32)
    images[0, 3, 3, 1] = 1.0
    assert lone_pixel_share(images) == pytest.approx(1 / 36)


def test_digits_have_no_lone_pixels_and_salt_and_pepper_makes_them(digits: np.ndarray) -> None:
    assert lone_pixel_share(digits) < 1e-4
    where = np.random.default_rng(2).random(digits.shape)
    specked = np.where(where < 0.01, 0.0, np.where(where > 0.99, 1.0, digits))
    assert 0.005 < lone_pixel_share(specked) < 0.02
