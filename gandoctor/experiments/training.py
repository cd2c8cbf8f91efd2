"""Training: what a target of `gandoctor run` hands over, ready to fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Training:
    """A model ready to train, its data and what the monitor should know.

    A target is a function `module:factory` returning this. `gandoctor run` passes the options given on the command
    line to the parameters of the same name, and refuses those the function does not take:
    `preset` (str), `settings` (list of "KEY=VALUE"), `faults` (list of "NAME[@STEP]"), `steps` (int), `seed` (int),
    `data` (str).

    Attributes:
        model: A compiled `keras.Model` with a `train_step`, `generator` and `discriminator`.
        dataset: What `model.fit` takes; it must yield at least `steps` batches in all (repeat it).
        steps: Training steps to run.
        probe_data: Reals the discriminator trains on, (n, height, width, channels), in the model's own range.
        holdout_data: Reals it never trains on, or None.
        config: The settings in force, for the manifest; JSON-able.
        callbacks: Keras callbacks of the target's own.
        monitor: Further arguments of GANMonitor, e.g. `latent_sampler`, `loss` or `declared`.
    """

    model: Any
    dataset: Any
    steps: int
    probe_data: np.ndarray
    holdout_data: np.ndarray | None = None
    config: dict[str, Any] = field(default_factory=dict)
    callbacks: list[Any] = field(default_factory=list)
    monitor: dict[str, Any] = field(default_factory=dict)
