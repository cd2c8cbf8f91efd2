"""Faults that add noise of known strength to the generated images."""

from __future__ import annotations

from reference_models.faults.fault import Fault

IMAGES = (
    Fault(
        name="output-noise",
        title="Gaussian noise on every generated image",
        description=(
            "Adds noise with a standard deviation of 0.1 after the generator's last activation, in training and in "
            "inference. The strength of the noise is known exactly. Values may leave [0, 1]."
        ),
        expected=("GD402",),
        key="faults.output_noise.start",
        undone_by=("no-noise-on-output",),
    ),
    Fault(
        name="salt-and-pepper",
        title="Salt-and-pepper noise on every generated image",
        description="Sets 2 % of the generated pixels to the lowest or highest value, in training and in inference.",
        expected=("GD402",),
        key="faults.salt_and_pepper.start",
        undone_by=("no-noise-on-output",),
    ),
)
