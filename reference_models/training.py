"""The default target of `gandoctor run`: the article's DCGAN, its data and its faults, ready to fit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandoctor.experiments.training import Training
from reference_models.chosen import choose, range_from_the_start
from reference_models.datasets import in_range
from reference_models.settings import FaultSettings


def build(
    preset: str = "quick",
    settings: Iterable[str] = (),
    faults: Iterable[str] = (),
    steps: int | None = None,
    seed: int = 0,
    data: str | None = None,
) -> Training:
    """Build the model and its data. This sets the global seeds of Python, NumPy and TensorFlow.

    Where TensorFlow is not loaded yet, it uses oneDNN's kernels, if `TF_ENABLE_ONEDNN_OPTS` does not say otherwise: on
    processors without VNNI it would not, and a step takes 1.6 times as long.

    All arguments are checked before TensorFlow is loaded, because loading takes seconds.

    Args:
        preset: "quick", "reference" or "article"; see `settings.PRESETS`.
        settings: "KEY=VALUE" changes to the preset.
        faults: "NAME[@STEP]"; see `faults.FAULTS`.
        steps: Training steps. Defaults to the preset's.
        seed: Seed of the weights, the latents, the dropout, the split and the order of the data.
        data: See `datasets.load_images`.

    Raises:
        GandoctorError: An argument is unknown or out of bounds.
    """
    choice = choose(preset, settings, faults, steps, seed, data)
    chosen, parts = choice.settings, choice.images

    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    import keras

    from reference_models.faults.faulty_gan import FaultyDCGAN
    from reference_models.faults.faulty_latents import latent_sampler
    from reference_models.gan import DCGAN

    keras.utils.set_random_seed(seed)
    height, width, depth = parts.training.shape[1:]
    kind = DCGAN if chosen.faults == FaultSettings() else FaultyDCGAN
    model = kind(chosen, (height, width, depth), seed=seed)
    model.compile()
    pixel_range = range_from_the_start(chosen)
    dataset = batches(in_range(parts.training, pixel_range), chosen.training.batch_size, seed)
    repeated = chosen.faults.repeated_batch.start
    if repeated is not None:
        dataset = _repeating_from(dataset, repeated)
    if chosen.training.pretrain_steps:
        _pretrain(model, dataset.take(chosen.training.pretrain_steps))

    return Training(
        model=model,
        dataset=dataset,
        steps=chosen.training.steps,
        probe_data=in_range(parts.probe, pixel_range),
        holdout_data=in_range(parts.holdout, pixel_range),
        config=choice.config,
        monitor={
            "latent_sampler": latent_sampler(chosen, model.step, seed),
            "loss": "non_saturating",
            "real_is_high": True,
            "declared": choice.declared,
        },
    )


def batches(images: NDArray[np.float32], batch_size: int, seed: int) -> Any:
    """Return an endless `tf.data` pipeline of batches, reshuffled every epoch."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False  # otherwise `fit` waits for the tuner's sleep, seconds after the last step
    return (
        tf.data.Dataset.from_tensor_slices(images)
        .shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
        .repeat()
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
        .with_options(options)
    )


def _pretrain(model: Any, dataset: Any) -> None:
    """Train only the discriminator."""
    import tensorflow as tf

    step = tf.function(model.train_discriminator)
    for batch in dataset:
        step(batch)


def _repeating_from(dataset: Any, step: int) -> Any:
    """Return a pipeline that repeats one batch from a step on (counted from 1)."""
    healthy_steps = max(step - 1, 0)
    return dataset.take(healthy_steps).concatenate(dataset.take(1).cache().repeat())
