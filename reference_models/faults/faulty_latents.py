"""Faults of the latents, in training and, as in a real script, in the monitor's sampler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from reference_models.faults.faulty_layers import Onset
from reference_models.settings import Settings


def faulty_latents(settings: Settings, step: Any, z: Any, seed: int) -> Any:
    """Return the latents that training gets instead of z, (n, dimension)."""
    faults = settings.faults
    if faults.repeated_latent.start is not None:
        fixed = ops.convert_to_tensor(_same_again(settings, int(z.shape[0]), seed))
        z = ops.where(Onset(step, faults.repeated_latent.start).reached(), fixed, z)
    if faults.small_latent.start is not None:
        reached = Onset(step, faults.small_latent.start).reached()
        z = z * ops.where(reached, faults.small_latent.factor, 1.0)
    if faults.constant_latent.start is not None:
        z = ops.where(Onset(step, faults.constant_latent.start).reached(), ops.zeros_like(z), z)
    return z


def latent_sampler(settings: Settings, step: Any, seed: int) -> Callable[[int], NDArray[np.float32]]:
    """Return a sampler, count -> z (count, dimension), for the monitor. Its random state is not that of training.

    Args:
        settings: Distribution and faults of the latents. In a real script the same `np.zeros` would be in both places.
        step: The step counter of training.
        seed: Seed of the training.
    """
    latent, faults = settings.latent, settings.faults
    rng = np.random.default_rng([seed, 1])

    def begun(start: int | None) -> bool:
        return start is not None and int(step) >= start

    def sample(count: int) -> NDArray[np.float32]:
        z = rng.uniform(latent.low, latent.high, (count, latent.dimension)).astype(np.float32)
        if begun(faults.repeated_latent.start):
            z = _same_again(settings, count, seed)
        if begun(faults.small_latent.start):
            z = z * np.float32(faults.small_latent.factor)
        return np.zeros_like(z) if begun(faults.constant_latent.start) else z

    return sample


def _same_again(settings: Settings, count: int, seed: int) -> NDArray[np.float32]:
    latent = settings.latent
    rng = np.random.default_rng([seed, 2])  # the seed reset before every draw
    return rng.uniform(latent.low, latent.high, (count, latent.dimension)).astype(np.float32)
