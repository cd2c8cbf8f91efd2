"""Training: what a target of `gandoctor run` returns, ready to fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Training:
    """A model ready to train, its data, and arguments for its monitor.

    A target is a function `module:factory` that returns a `Training`. `gandoctor run` passes command-line options to
    the parameters of the same name and rejects options that the function does not take: `preset` (str), `settings`
    (list of "KEY=VALUE"), `faults` (list of "NAME[@STEP]"), `steps` (int), `seed` (int) and `data` (str).

    Attributes:
        model: A compiled `keras.Model` with a `train_step`, a `generator` and a `discriminator`.
        dataset: Data for `model.fit`. It must yield at least `steps` batches in total, so repeat it.
        steps: Number of training steps to run.
        probe_data: Real images that the discriminator trains on, (n, height, width, channels), in the model's range.
        holdout_data: Real images that it never trains on, or None.
        config: The settings used, recorded in the manifest. They must be JSON-serializable. From two keys the plan of
            action writes its commands: "settings", nested, which `--set` changes, and "undone_by", fault -> the
            settings or treatments that take it back.
        callbacks: The target's own Keras callbacks.
        monitor: Further arguments for GANMonitor, such as `latent_sampler`, `loss` or `declared`.
    """

    model: Any
    dataset: Any
    steps: int
    probe_data: np.ndarray
    holdout_data: np.ndarray | None = None
    config: dict[str, Any] = field(default_factory=dict)
    callbacks: list[Any] = field(default_factory=list)
    monitor: dict[str, Any] = field(default_factory=dict)
