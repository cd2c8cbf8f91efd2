"""What the options of `gandoctor run` choose of the reference model, whatever framework trains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gandoctor.errors import GandoctorError
from reference_models.datasets import Split, digits_below, load_images, split
from reference_models.faults import apply_faults
from reference_models.settings import PixelRange, Settings, change_settings, changed_from, load_settings


@dataclass(frozen=True)
class Chosen:
    """A training that is decided on and not built yet.

    Attributes:
        settings: All settings, with the faults switched on.
        images: The data, unscaled.
        config: The settings used, for the manifest; see `gandoctor.experiments.Training`.
    """

    settings: Settings
    images: Split
    config: dict[str, Any]

    @property
    def declared(self) -> dict[str, Any]:
        """What `GANMonitor(declared=...)` takes."""
        training = self.settings.training
        return {
            "pretrain_steps": training.pretrain_steps,
            "training_images": self.settings.data.training_images,
            "real_label": training.real_label,
            "fake_label": training.fake_label,
        }


def choose(
    preset: str,
    settings: Iterable[str],
    faults: Iterable[str],
    steps: int | None,
    seed: int,
    data: str | None,
) -> Chosen:
    """Check the options of a factory, and load its data.

    Args:
        preset: Name of the preset.
        settings: "KEY=VALUE" changes to it.
        faults: "NAME[@STEP]".
        steps: Training steps; None for the preset's.
        seed: Seed of the split.
        data: See `datasets.load_images`.

    Raises:
        GandoctorError: An argument is unknown or out of bounds.
    """
    if not 0 <= seed < 2**32:
        raise GandoctorError(f"The seed is {seed}; it must be a whole number from 0 to {2**32 - 1}.")
    chosen = load_settings(preset, settings)
    if steps is not None:
        chosen = change_settings(chosen, {"training.steps": steps})
    chosen, planned = apply_faults(chosen, faults)
    images = digits_below(load_images(data), chosen.data.digits)
    return Chosen(
        chosen,
        split(images, seed, chosen.data.training_images),
        {
            "preset": preset,
            "seed": seed,
            "settings": chosen.model_dump(mode="json"),
            "changed": changed_from(preset, chosen),
            "faults": [str(fault) for fault in planned],
            "undone_by": {one.fault.name: sorted({*one.fault.changes, *one.fault.undone_by}) for one in planned},
            "data": images.source,
        },
    )


def range_from_the_start(settings: Settings) -> PixelRange:
    """Return the range that the data have before the first step."""
    if settings.faults.symmetric_data.start == 0:
        return "symmetric"
    return "bytes" if settings.faults.byte_data.start == 0 else settings.data.range
