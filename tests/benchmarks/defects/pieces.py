"""What the two hand-written loops share: networks, optimizers, reals, latents and labels, sound or with one fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from reference_models.datasets import in_range, load_images, split
from reference_models.dcgan import build_discriminator
from reference_models.faults import apply_faults
from reference_models.faults.faulty_gan import faulty_rmsprop
from reference_models.faults.faulty_generator import build_faulty_generator
from reference_models.gan import cross_entropy
from reference_models.settings import Settings, load_settings

SMALL = ("generator.width=0.125", "discriminator.width=0.125", "training.freeze_discriminator=true")


@dataclass
class Pieces:
    """A GAN in parts, for a loop to put together.

    Attributes:
        settings: In force, faults included.
        loss: (targets, scores) -> mean cross-entropy.
        probe: Real images for the monitor.
        reals: Yields batches of real images.
        latents: n -> z (n, dimension), in training.
        sampler: The same law for the monitor.
        real_label, fake_label: What the discriminator is taught.
        wanted_label: What the generator is taught.
        pretrain_steps: Steps the discriminator trains alone.
        nan_from: First step whose reals hold NaN; None for none.
    """

    settings: Settings
    generator: Any
    discriminator: Any
    d_optimizer: Any
    g_optimizer: Any
    loss: Any
    probe: np.ndarray
    reals: Iterator[np.ndarray]
    latents: Callable[[int], np.ndarray]
    sampler: Callable[[int], np.ndarray]
    real_label: float
    fake_label: float
    wanted_label: float
    pretrain_steps: int
    nan_from: int | None


def pieces(fault: str | None, steps: int, seed: int) -> Pieces:
    """Make the parts of the reference model at 1/8 width; but for NaN, a fault is there from the start."""
    settings, _ = apply_faults(load_settings("quick", [*SMALL, f"training.steps={steps}"]), [fault] if fault else [])
    faults = settings.faults
    keras.utils.set_random_seed(seed)
    images = split(load_images(), seed, settings.data.training_images)
    pixel_range = (
        "symmetric" if faults.symmetric_data.start == 0 else "bytes" if faults.byte_data.start == 0 else "unit"
    )
    training, probe = in_range(images.training, pixel_range), in_range(images.probe, pixel_range)
    shape = training.shape[1:]
    step = keras.Variable(0, dtype="int32", trainable=False)
    generator = build_faulty_generator(settings, shape, step, seed)
    discriminator = build_discriminator(settings, shape)
    swapped = faults.swapped_labels.start is not None
    return Pieces(
        settings=settings,
        generator=generator,
        discriminator=discriminator,
        d_optimizer=faulty_rmsprop(settings.discriminator, faults.discriminator_learning_rate),
        g_optimizer=faulty_rmsprop(settings.generator, faults.generator_learning_rate),
        loss=cross_entropy(settings),
        probe=probe,
        reals=_batches(training, settings, seed),
        latents=_latents(settings, seed),
        sampler=_latents(settings, seed + 1),
        real_label=0.0 if swapped else 1.0,
        fake_label=1.0 if swapped else 0.0,
        wanted_label=0.0 if faults.generator_wants_fake.start is not None else 1.0,
        pretrain_steps=settings.training.pretrain_steps,
        nan_from=faults.nan.start,
    )


def _batches(images: np.ndarray, settings: Settings, seed: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    while True:
        batch = images[rng.integers(0, len(images), settings.training.batch_size)]
        yield batch
        while settings.faults.repeated_batch.start is not None:
            yield batch


def _latents(settings: Settings, seed: int) -> Callable[[int], np.ndarray]:
    rng = np.random.default_rng([seed, 3])

    def draw(count: int) -> np.ndarray:
        if settings.faults.constant_latent.start is not None:
            return np.zeros((count, settings.latent.dimension), np.float32)
        source = np.random.default_rng(0) if settings.faults.repeated_latent.start is not None else rng
        return source.uniform(-1, 1, (count, settings.latent.dimension)).astype(np.float32)

    return draw
