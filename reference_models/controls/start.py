"""What every control does before and after it builds its model: check settings, load data, return a `Training`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from gandoctor.errors import GandoctorError
from gandoctor.experiments.training import Training
from reference_models import key_value
from reference_models.controls.settings import ControlSettings, Player
from reference_models.datasets import Split, in_range, load_images, split
from reference_models.dcgan import Shape
from reference_models.settings import PixelRange
from reference_models.training import batches


@dataclass(frozen=True)
class Start:
    """The settings and data of a control; the random states are seeded.

    Attributes:
        settings: The control's own settings with the user's changes.
        images: Training, probe and held-out images.
        source: Where the images come from.
        seed: Seed of the training.
    """

    settings: ControlSettings
    images: Split
    source: str
    seed: int

    @property
    def shape(self) -> Shape:
        """Height, width and channels of an image."""
        height, width, depth = self.images.training.shape[1:]
        return height, width, depth

    def training(self, model: Any, pixel_range: PixelRange) -> Training:
        """Return a `Training` of a compiled model, with its data in the range of its generator.

        The monitor is not told the loss, the label polarity or the latents. It infers them, as in any user's program.
        """
        return Training(
            model=model,
            dataset=batches(in_range(self.images.training, pixel_range), self.settings.training.batch_size, self.seed),
            steps=self.settings.training.steps,
            probe_data=in_range(self.images.probe, pixel_range),
            holdout_data=in_range(self.images.holdout, pixel_range),
            config={"seed": self.seed, "settings": self.settings.model_dump(mode="json"), "data": self.source},
        )


def begin(defaults: ControlSettings, settings: Iterable[str], steps: int | None, seed: int, data: str | None) -> Start:
    """Check the arguments, load the data and seed Python, NumPy and TensorFlow.

    Args:
        defaults: The control's own settings.
        settings: "KEY=VALUE" changes to them.
        steps: Training steps. Defaults to the control's own.
        seed: Seed of the weights, the latents, the split and the order of the data.
        data: See `datasets.load_images`.

    Raises:
        GandoctorError: An argument is unknown or out of bounds.
    """
    if not 0 <= seed < 2**32:
        raise GandoctorError(f"The seed is {seed}; it must be a whole number from 0 to {2**32 - 1}.")
    chosen = key_value.with_changes(defaults, key_value.parse_changes(settings))
    if steps is not None:
        chosen = key_value.with_changes(chosen, {"training.steps": steps})
    images = load_images(data)
    keras.utils.set_random_seed(seed)
    return Start(chosen, split(images, seed), images.source, seed)


def adam(player: Player) -> keras.optimizers.Adam:
    """Return a network's optimizer."""
    return keras.optimizers.Adam(player.learning_rate, beta_1=player.beta_1, beta_2=player.beta_2)
