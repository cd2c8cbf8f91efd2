"""torch-fidelity: its feature extractors by name, as `GANMonitor(embedding=...)` takes them.

::

    monitor = GANMonitor("run", probe_data=x_real[:512], embedding=feature_extractor("inception-v3-compat"))
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from gandoctor.errors import GandoctorError

BATCH = 32
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
"""What pixels are scaled to in most programs, narrowest first."""


def feature_extractor(
    name: str, weights: str | os.PathLike[str] | None = None
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a function from images (n, h, w, c) to an extractor's features (n, d), those that its KID is taken in.

    Pixels are taken to be in the narrowest of the usual ranges that holds the first images it is given: a monitor gives
    it real ones first. Grey images are given three equal channels. It runs where CUDA is, else on the processor, and
    leaves PyTorch's random state as it was.

    Args:
        name: As torch-fidelity registers it, e.g. "inception-v3-compat", "vgg16", "dinov2-vit-b-14".
        weights: File of the extractor's weights. torch-fidelity downloads its own by default.

    Raises:
        GandoctorError: The name is unknown, or the weights cannot be had.
    """
    if name not in FEATURE_EXTRACTORS_REGISTRY:
        known = ", ".join(sorted(FEATURE_EXTRACTORS_REGISTRY))
        raise GandoctorError(f"torch-fidelity has no feature extractor {name!r}; it has {known}.")
    kind = FEATURE_EXTRACTORS_REGISTRY[name]
    layer = kind.get_default_feature_layer_for_metric("kid")
    path = None if weights is None else os.fspath(weights)
    try:
        with torch.random.fork_rng():  # it is initialised at random before its weights are loaded
            network = kind(name, [layer], feature_extractor_weights_path=path)
    except (OSError, RuntimeError) as error:
        raise GandoctorError(f"The weights of {name} cannot be loaded from {path or 'the network'}: {error}") from error
    return _Features(network.to("cuda" if torch.cuda.is_available() else "cpu"))


class _Features:
    """Images to features.

    Args:
        network: The extractor, which takes uint8 (n, 3, h, w).
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network
        self._device = next(iter(network.parameters())).device
        self._range: tuple[float, float] | None = None

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features, float32 (n, d).

        Raises:
            ValueError: The images are not (n, h, w, 1) or (n, h, w, 3).
        """
        if images.ndim != 4 or images.shape[-1] not in (1, 3):
            raise ValueError(f"torch-fidelity takes images (n, h, w, 1) or (n, h, w, 3), not {images.shape}")
        if self._range is None:
            self._range = _range_of(images)
        low, high = self._range
        scaled = np.rint((images - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
        planes = torch.from_numpy(np.repeat(scaled, 3 // images.shape[-1], axis=-1).transpose(0, 3, 1, 2).copy())
        with torch.no_grad():
            parts = [self._network(part.to(self._device))[0].flatten(1).cpu() for part in planes.split(BATCH)]
        return np.asarray(torch.cat(parts).numpy(), np.float32)


def _range_of(images: NDArray[np.float32]) -> tuple[float, float]:
    lowest, highest = float(images.min()), float(images.max())
    fitting = ((low, high) for low, high in RANGES if low <= lowest and highest <= high)
    return next(fitting, (lowest, max(highest, lowest + 1e-6)))
