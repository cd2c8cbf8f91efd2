"""GD022."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.contracts.scrambled_images import neighbour_correlation
from gandoctor.store import Run
from gandoctor.store.cards import DataCard

RULE = find_rule("GD022")
MakeRun = Callable[..., Run]
N, SIDE = 48, 24


def pictures(channels: int = 3, sigma: float = 1.5) -> np.ndarray:
    """Smooth colour images (n, h, w, c), uint8."""
    rng = np.random.default_rng(1)
    smooth = gaussian_filter(rng.standard_normal((N, SIDE, SIDE, channels)), (0, sigma, sigma, 0))
    low, high = smooth.min(), smooth.max()
    return np.asarray(255 * (smooth - low) / (high - low), np.uint8)


def judged(make_run: MakeRun, reals: np.ndarray) -> Status:
    card = DataCard(shape=reals.shape[1:], dtype="uint8", minimum=0, maximum=255, mean=99, std=50, probe_count=N)
    finding = RULE.evaluate(make_run({}, reals=reals, data=card))
    assert finding.severity is Severity.CRITICAL
    return finding.status


def viewed_as_first(images: np.ndarray) -> np.ndarray:
    """(n, h, w, c) taken for (n, c, h, w) by a view, as PyTorch would have them, recorded channels last."""
    return np.ascontiguousarray(np.moveaxis(images.reshape(N, images.shape[-1], SIDE, SIDE), 1, -1))


def reshaped_to_last(images: np.ndarray) -> np.ndarray:
    """(n, c, h, w) taken for (n, h, w, c) by a reshape, as for Keras."""
    return np.ascontiguousarray(np.moveaxis(images, -1, 1)).reshape(images.shape)


@pytest.mark.parametrize("scramble", [viewed_as_first, reshaped_to_last])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_a_reshape_for_a_transpose_is_found(make_run: MakeRun, scramble: Callable, channels: int) -> None:
    assert judged(make_run, scramble(pictures(channels))) is Status.DETECTED


@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.5, 4.0])
@pytest.mark.parametrize("channels", [2, 3])
def test_images_as_they_are_meant_are_none(make_run: MakeRun, channels: int, sigma: float) -> None:
    assert judged(make_run, pictures(channels, sigma)) is Status.NOT_DETECTED


def test_scrambled_noise_cannot_be_told(make_run: MakeRun) -> None:
    assert judged(make_run, viewed_as_first(pictures(3, 0.0))) is Status.NOT_DETECTED


def test_gray_images_have_one_layout(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({}, real_count=0)).status is Status.NOT_EVALUATED


def test_correlation_is_that_of_numpy() -> None:
    images = pictures(1).astype(np.float64)
    centred = images - images.mean(axis=(1, 2), keepdims=True)
    right = np.corrcoef(centred[:, :, 1:].ravel(), centred[:, :, :-1].ravel())[0, 1]
    down = np.corrcoef(centred[:, 1:].ravel(), centred[:, :-1].ravel())[0, 1]
    assert neighbour_correlation(images) == pytest.approx((right + down) / 2, abs=0.04)
    assert neighbour_correlation(np.ones((2, 8, 8, 3))) == 0
