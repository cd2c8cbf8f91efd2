"""Image statistics: how bright, how varied, how smooth and how noisy a batch of images is.

All of them are taken on images rescaled by the real data's range (0 = its darkest value, 1 = its brightest),
and each means something only next to the same statistic of real images at the same batch size
(`gandoctor.measures.null`).
"""

from __future__ import annotations

from functools import cache

import numpy as np

HIGH_FREQUENCY = 0.35
"""Cycles per pixel above which spectral power counts as high-frequency."""
IMPULSE_JUMP = 0.3
"""Distance to the 3x3 median above which a pixel counts as an impulse."""
IMMERKAER_GAIN = 6.0
"""L2 norm of the mask [1 -2 1; -2 4 -2; 1 -2 1]: noise of sigma 1 comes out with sigma 6."""
BOUND = 1e3
"""Values of a diverged generator beyond this (data lie in 0..1) are measured as if they were this."""
MEDIAN_TO_SIGMA = 0.6745
"""Median of |N(0, 1)|."""


def image_statistics(images: np.ndarray) -> dict[str, float]:
    """Measure a batch of images.

    The channels of a colour image are measured as so many grey images. Correlation and spectra are pooled
    over the batch before ratios are taken, so that one faint image cannot dominate; constant images do not
    take part in them.

    Args:
        images: Floats, (n, height, width, channels), rescaled to 0..1 by the real data's range; values may
            lie outside. Height and width are at least 8.

    Returns:
        Signal name -> value:
        sample_mean, sample_std: Over all values.
        sample_latent_std: Mean over pixels of the standard deviation over the batch; needs n >= 2.
        sample_autocorrelation: Correlation of horizontally and vertically neighbouring pixels,
            1/2 (<A(i,j) A(i,j+1)> + <A(i,j) A(i+1,j)>) / <A^2>, A = image minus its own mean, <> over the
            batch.
        sample_filtered_correlation: The same after a 3x3 median filter, which takes single wrong pixels away.
        sample_spectral_flatness: exp(mean ln P) / mean P over all bins of each image's power spectrum P but
            DC, averaged over images.
        sample_high_frequency: Share of the batch-mean power (DC excluded) above 0.35 cycles per pixel.
        sample_noise_sigma: Robust Immerkaer estimate, median |x * K| / (6 * 0.6745)
            (J. Immerkaer, Fast Noise Variance Estimation, 1996, with the median in place of the mean).
        sample_impulse: Share of pixels more than 0.3 away from the median of their 3x3 neighbourhood.
        sample_grid: Mean over (pi, pi), (pi, 0) and (0, pi) of the batch-mean P there over the median of P around it:
            in the surrounding high-frequency block and, of the latter two, along their axis if that is larger.

        A statistic that has no meaning for the batch is left out: constant images have no spectrum and no
        correlation. Where values are NaN or infinite, only `sample_mean` and `sample_std` are returned, as
        NaN or infinite: that is what training produced.
    """
    x = np.ascontiguousarray(images, dtype=np.float32)
    if not np.isfinite(x).all():
        with np.errstate(invalid="ignore", over="ignore"):
            return {"sample_mean": float(x.mean()), "sample_std": float(x.std())}
    n = len(x)
    statistics = {
        "sample_mean": float(x.mean(dtype=np.float64)),
        "sample_std": float(x.std(dtype=np.float64)),
    }
    if n >= 2:
        statistics["sample_latent_std"] = float(x.std(axis=0, dtype=np.float64).mean())
    x = within_bound(x)
    # Channels become images: every plane below is (height, width).
    planes = np.ascontiguousarray(np.moveaxis(x, -1, 1)).reshape(-1, *x.shape[1:3])
    statistics["sample_noise_sigma"] = noise_sigma(planes)
    filtered = median_3x3(planes)
    statistics["sample_impulse"] = impulse_share(planes, filtered)
    centred = _varied(planes)
    if len(centred):
        statistics["sample_autocorrelation"] = _autocorrelation(centred)
        statistics |= _spectral(centred)
    if len(smooth := _varied(filtered)):
        statistics["sample_filtered_correlation"] = _autocorrelation(smooth)
    return statistics


def within_bound(images: np.ndarray) -> np.ndarray:
    """Hold values beyond a thousand times the data's range there, so that float32 squares and cubes stay finite."""
    return images if max(-images.min(), images.max()) <= BOUND else np.clip(images, -BOUND, BOUND)


def noise_sigma(planes: np.ndarray) -> float:
    """Return the robust Immerkaer estimate of pixel noise of planes (n, height, width), in their own units.

    Exactly 0 where more than half of all pixels lie in perfectly flat or linear surroundings, as in MNIST.
    """
    # K is the outer product of [1 -2 1] with itself, up to sign: two passes of a second difference.
    rows = planes[:, :-2] - 2 * planes[:, 1:-1] + planes[:, 2:]
    response = rows[:, :, :-2] - 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    return float(np.median(np.abs(response))) / (IMMERKAER_GAIN * MEDIAN_TO_SIGMA)


def impulse_share(planes: np.ndarray, filtered: np.ndarray) -> float:
    """Return the share of pixels of planes (n, height, width) far from their 3x3 median (edges mirrored)."""
    return float((np.abs(planes - filtered) > IMPULSE_JUMP).mean())


def _varied(planes: np.ndarray) -> np.ndarray:
    """Return the planes that are not constant, about their means."""
    centred: np.ndarray = planes - planes.mean(axis=(1, 2), keepdims=True)
    variance = np.einsum("nij,nij->n", centred, centred) / centred[0].size
    varied: np.ndarray = centred[variance > 1e-8]  # float32 leaves about 1e-14 in a constant plane of brightness 1
    return varied


def _autocorrelation(centred: np.ndarray) -> float:
    right = (centred[:, :, :-1] * centred[:, :, 1:]).mean(dtype=np.float64)
    down = (centred[:, :-1] * centred[:, 1:]).mean(dtype=np.float64)
    variance = np.einsum("nij,nij->n", centred, centred) / centred[0].size
    return float(0.5 * (right + down) / variance.mean(dtype=np.float64))


def _spectral(centred: np.ndarray) -> dict[str, float]:
    height, width = centred.shape[1:]
    # A real image's spectrum is symmetric: half of it is computed and every bin counted as often as it
    # occurs.
    spectrum = np.fft.rfft2(centred)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float64)
    weight, high = _bins(height, width)
    total = np.einsum("nij,ij->n", power, weight)
    tiny = 1e-12 * total[:, None, None] / weight.sum()  # an exactly empty bin has no logarithm
    log_mean = np.einsum("nij,ij->n", np.log(power + tiny), weight) / weight.sum()
    flatness = np.exp(log_mean) / (total / weight.sum())
    mean_power = power.mean(axis=0)
    return {
        "sample_spectral_flatness": float(flatness.mean()),
        "sample_high_frequency": float((mean_power * weight * high).sum() / (mean_power * weight).sum()),
        "sample_grid": _grid(mean_power, height),
    }


def _grid(mean_power: np.ndarray, height: int) -> float:
    """Compare each of the three frequencies of period 2 with those around it.

    An image that does not end as it began has power along the axes, at all frequencies. Those in one direction are
    therefore compared with their neighbours on the axis as well, which that power raises alike.
    """
    middle, last = height // 2, mean_power.shape[1] - 1
    reach = max(2, height // 9)
    floor = 1e-12 * mean_power.sum()  # blurred images have nothing there: 0/0 must not look like a grid
    both = np.median(mean_power[middle - reach : middle + reach + 1, last - reach :])
    column, row = mean_power[middle - reach : middle + reach + 1, 0], mean_power[0, last - reach : last]
    rows = max(both, np.median(np.delete(column, reach)))
    columns = max(both, np.median(row))
    peaks = ((mean_power[middle, last], both), (mean_power[middle, 0], rows), (mean_power[0, last], columns))
    return float(np.mean([(peak + floor) / (around + floor) for peak, around in peaks]))


@cache
def _bins(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each half-spectrum bin occurs in the full one (DC: never), and whether it is high."""
    vertical = np.fft.fftfreq(height)[:, None]
    horizontal = np.fft.rfftfreq(width)[None, :]
    weight = np.full((height, horizontal.size), 2.0)
    weight[:, 0] = 1.0
    if width % 2 == 0:
        weight[:, -1] = 1.0
    weight[0, 0] = 0.0
    return weight, np.hypot(vertical, horizontal) > HIGH_FREQUENCY


def median_3x3(planes: np.ndarray) -> np.ndarray:
    """Median of each 3x3 neighbourhood by a sorting network: 10 times faster than a general filter.

    Columns of three are sorted once and shared by the three windows they belong to (Devillard, Fast median
    search, 1998).
    """
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
    top, middle, bottom = padded[:, :-2], padded[:, 1:-1], padded[:, 2:]
    low, high = np.minimum(top, middle), np.maximum(top, middle)
    middle = np.minimum(high, bottom)
    high = np.maximum(high, bottom)
    low, middle = np.minimum(low, middle), np.maximum(low, middle)
    greatest_low = np.maximum(np.maximum(low[:, :, :-2], low[:, :, 1:-1]), low[:, :, 2:])
    least_high = np.minimum(np.minimum(high[:, :, :-2], high[:, :, 1:-1]), high[:, :, 2:])
    median_middle = _median_of_3(middle[:, :, :-2], middle[:, :, 1:-1], middle[:, :, 2:])
    return _median_of_3(greatest_low, median_middle, least_high)


def _median_of_3(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    median: np.ndarray = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return median


def lone_pixel_share(images: np.ndarray, apart: float = 0.5) -> float:
    """Return the share of pixels that differ from each of their eight neighbours by more than half of the range.

    What a single pixel of salt or pepper does, and strokes, edges and texture do not. Of a colour pixel one channel
    is enough. Pixels at the border, which have fewer neighbours, do not count.

    Args:
        images: Floats, (n, height, width, channels), rescaled to 0..1 by the real data's range.
        apart: The difference.
    """
    height, width = images.shape[1:3]
    if height < 3 or width < 3:
        return 0.0
    inside = images[:, 1:-1, 1:-1]
    least = np.full(inside.shape, np.inf, images.dtype)
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                beside = images[:, down : height - 2 + down, right : width - 2 + right]
                np.minimum(least, np.abs(inside - beside), out=least)
    return float((least > apart).any(axis=-1).mean())
