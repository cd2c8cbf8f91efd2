"""The target of `gandoctor run`: the article's DCGAN, its data and its faults, ready to fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandoctor.errors import GandoctorError
from gandoctor.experiments.training import Training
from reference_models.datasets import in_range, load_images, split
from reference_models.faults import apply_faults
from reference_models.settings import PixelRange, Settings, change_settings, load_settings


def build(
    preset: str = "quick",
    settings: Iterable[str] = (),
    faults: Iterable[str] = (),
    steps: int | None = None,
    seed: int = 0,
    data: str | None = None,
) -> Training:
    """Build the model and its data. Sets the global seeds of Python, NumPy and TensorFlow.

    Everything that a person can have mistyped is checked before TensorFlow is loaded, which takes seconds.

    Args:
        preset: "quick" or "reference".
        settings: "KEY=VALUE" changes of the preset.
        faults: "NAME[@STEP]", see `faults.FAULTS`.
        steps: Training steps; the preset's own by default.
        seed: Of the weights, the latents, the dropout, the split and the order of the data.
        data: See `datasets.load_images`.

    Raises:
        GandoctorError: Anything in the arguments is unknown or out of bounds.
    """
    if not 0 <= seed < 2**32:
        raise GandoctorError(f"The seed is {seed}; it must be a whole number from 0 to {2**32 - 1}.")
    chosen = load_settings(preset, settings)
    if steps is not None:
        chosen = change_settings(chosen, {"training.steps": steps})
    chosen, planned = apply_faults(chosen, faults)
    images = load_images(data)
    parts = split(images, seed, chosen.data.training_images)

    import keras

    from reference_models.gan import DCGAN

    keras.utils.set_random_seed(seed)
    height, width, depth = parts.training.shape[1:]
    model = DCGAN(chosen, (height, width, depth), seed=seed)
    model.compile()
    pixel_range = _range_from_the_start(chosen)
    dataset = _batches(in_range(parts.training, pixel_range), chosen.training.batch_size, seed)
    for batch in dataset.take(chosen.training.pretrain_steps):
        model.train_discriminator(batch)

    return Training(
        model=model,
        dataset=dataset,
        steps=chosen.training.steps,
        probe_data=in_range(parts.probe, pixel_range),
        holdout_data=in_range(parts.holdout, pixel_range),
        config={
            "preset": preset,
            "seed": seed,
            "settings": chosen.model_dump(mode="json"),
            "faults": [str(fault) for fault in planned],
            "data": images.source,
        },
        monitor={
            "latent_sampler": _latent_sampler(model, chosen, seed),
            "loss": "non_saturating",
            "real_is_high": True,
        },
    )


def _range_from_the_start(settings: Settings) -> PixelRange:
    return "symmetric" if settings.faults.symmetric_data.start == 0 else settings.data.range


def _batches(images: NDArray[np.float32], batch_size: int, seed: int) -> Any:
    """Return an endless `tf.data` pipeline of batches, newly shuffled every pass."""
    import tensorflow as tf

    return (
        tf.data.Dataset.from_tensor_slices(images)
        .shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
        .repeat()
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
    )


def _latent_sampler(model: Any, settings: Settings, seed: int) -> Callable[[int], NDArray[np.float32]]:
    """Return z -> (n, dimension) for the monitor, from a random state that training never touches.

    The constant-latent fault shows here too: in a real script it is the same `np.zeros` in both places.
    """
    latent, fault = settings.latent, settings.faults.constant_latent
    rng = np.random.default_rng([seed, 1])

    def sample(count: int) -> NDArray[np.float32]:
        z = rng.uniform(latent.low, latent.high, (count, latent.dimension)).astype(np.float32)
        if fault.start is not None and int(model.step) >= fault.start:
            return np.zeros_like(z)
        return z

    return sample
