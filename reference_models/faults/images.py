"""Faults put onto the generated images, whose exact size is known."""

from __future__ import annotations

from reference_models.faults.fault import Fault

IMAGES = (
    Fault(
        name="output-noise",
        title="Gaussian noise on every generated image",
        description=(
            "Adds noise of standard deviation 0.1 behind the generator's last activation, in training and in "
            "inference: residual noise whose exact size is known. Values may leave [0, 1]."
        ),
        expected=("GD402",),
        key="faults.output_noise.start",
    ),
    Fault(
        name="salt-and-pepper",
        title="Single white and black pixels on every generated image",
        description="Sets 2 % of the generated pixels to the lowest or highest value, in training and in inference.",
        expected=("GD402",),
        key="faults.salt_and_pepper.start",
    ),
)
