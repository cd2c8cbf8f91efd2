"""Training: what a target of `gandoctor run` returns, ready to train: a Keras model, or a loop of its own."""

from __future__ import annotations

from collections.abc import Callable
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
        monitor: Further arguments for GANMonitor, such as `latent_sampler`, `loss`, `declared` or `snapshots`.
    """

    model: Any
    dataset: Any
    steps: int
    probe_data: np.ndarray
    holdout_data: np.ndarray | None = None
    config: dict[str, Any] = field(default_factory=dict)
    callbacks: list[Any] = field(default_factory=list)
    monitor: dict[str, Any] = field(default_factory=dict)


@dataclass
class LoopTraining:
    """Two players ready to train in a loop of the target's own, as PyTorch programs have one.

    A target may return it in place of a `Training`::

        def build(steps=1000, seed=0):
            generator, discriminator = ...
            def train(step_done):
                for real in batches:
                    ...
                    step_done(d_loss=d_loss, g_loss=g_loss)
            return LoopTraining(generator, discriminator, train, steps, probe_data=real_images[:512])

    Attributes:
        generator: Network that makes images.
        discriminator: Network that scores them.
        train: Trains both; is given a function to call after each step, with any scalars of the step by name. In a
            dry run, and where the user stops the run, this function ends the loop: it raises SystemExit.
        steps: Number of training steps that `train` takes.
        probe_data: Real data that the discriminator trains on, as `GANMonitor` takes it; None where it may be kept
            from what the discriminator is fed.
        holdout_data: Real data that it never trains on, or None.
        draw: Draws so many images as a user would, in inference mode: (n, height, width, channels), in the data's
            range; the benchmark measures them. None where it is not benchmarked.
        config: As in `Training`.
        monitor: Further arguments for GANMonitor, such as `g_optimizer`, `d_optimizer`, `latent_sampler` or `loss`.
    """

    generator: Any
    discriminator: Any
    train: Callable[[Callable[..., None]], Any]
    steps: int
    probe_data: Any = None
    holdout_data: Any = None
    draw: Callable[[int], np.ndarray] | None = None
    config: dict[str, Any] = field(default_factory=dict)
    monitor: dict[str, Any] = field(default_factory=dict)

    def monitor_arguments(self) -> dict[str, Any]:
        """Return what a monitor of this training is made with."""
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "probe_data": self.probe_data,
            "holdout_data": self.holdout_data,
            **self.monitor,
        }
