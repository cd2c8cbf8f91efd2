"""The article's generator with faulty layers: some added, some moved, some swapped."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference_models.dcgan import Shape, generator_layers
from reference_models.faults.faulty_layers import CollapseHalf, Onset, OutputNoise, SaltAndPepper, TenLatents
from reference_models.settings import Settings

COLLAPSED_TO = 10
"""Number of images that the fault `ten-latents` leaves."""


def build_faulty_generator(settings: Settings, shape: Shape, step: Any, seed: int) -> keras.Sequential:
    """Build G with the faults of its layers; with all of them off it is the article's generator.

    Args:
        settings: Which faults are on, and from which step.
        shape: Height, width and channels of an image.
        step: The step counter of training, for faults that begin mid-run.
        seed: Seed of the faults' random numbers. They leave the global random state alone, so that all weights start
            as in a healthy run.
    """
    stack = generator_layers(settings, shape)
    faults = settings.faults
    if faults.activation_before_batch_norm:
        stack = _swapped(stack, layers.BatchNormalization, layers.Activation)
    if faults.dropout_before_batch_norm:
        stack = _dropout_first(stack)
    if faults.output_batch_norm:
        stack.insert(-1, layers.BatchNormalization(momentum=settings.generator.batch_norm_momentum))
    if faults.output_relu:
        stack.insert(-1, layers.ReLU())
    stack[1:1] = _latent_layers(settings, step)  # after the input
    return keras.Sequential(stack + _image_layers(settings, step, seed), name="generator")


def _swapped(stack: list[Any], first: Any, second: Any) -> list[Any]:
    """Return the layers with every neighbouring pair of these two types swapped."""
    stack = list(stack)
    for i in range(len(stack) - 1):
        if isinstance(stack[i], first) and isinstance(stack[i + 1], second):
            stack[i], stack[i + 1] = stack[i + 1], stack[i]
    return stack


def _dropout_first(stack: list[Any]) -> list[Any]:
    """Return the layers with the dropout moved before the first batch normalisation."""
    dropout = next(layer for layer in stack if isinstance(layer, layers.Dropout))
    stack = [layer for layer in stack if layer is not dropout]
    norms = [i for i, layer in enumerate(stack) if isinstance(layer, layers.BatchNormalization)]
    stack.insert(norms[0] if norms else 2, dropout)
    return stack


def _latent_layers(settings: Settings, step: Any) -> list[Any]:
    latent, faults = settings.latent, settings.faults
    rng = np.random.default_rng(0)
    added: list[Any] = []
    if faults.half_latents_collapsed.start is not None:
        fixed = rng.uniform(latent.low, latent.high, latent.dimension).astype(np.float32)
        added.append(CollapseHalf(Onset(step, faults.half_latents_collapsed.start), fixed, name="collapse_half"))
    if faults.ten_latents.start is not None:
        few = rng.uniform(latent.low, latent.high, (COLLAPSED_TO, latent.dimension)).astype(np.float32)
        onset = Onset(step, faults.ten_latents.start)
        added.append(TenLatents(onset, few, latent.low, latent.high, name="ten_latents"))
    return added


def _image_layers(settings: Settings, step: Any, seed: int) -> list[Any]:
    noise, impulses = settings.faults.output_noise, settings.faults.salt_and_pepper
    added: list[Any] = []
    if noise.start is not None:
        added.append(OutputNoise(Onset(step, noise.start), noise.sigma, seed, name="output_noise"))
    if impulses.start is not None:
        low, high = {"unit": (0.0, 1.0), "symmetric": (-1.0, 1.0), "bytes": (0.0, 255.0)}[settings.data.range]
        onset = Onset(step, impulses.start)
        added.append(SaltAndPepper(onset, impulses.share, low, high, seed, name="salt_and_pepper"))
    return added
