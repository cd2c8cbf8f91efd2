"""Faults of what the generator is given, and of what it makes of it."""

from __future__ import annotations

from reference_models.faults.fault import Fault

LATENTS = (
    Fault(
        name="constant-latent",
        title="The latent z is always zero",
        description=(
            "Training, and the latent sampler the monitor is given, hand over zeros: the bug "
            "`noise = np.zeros(...)`. The generator can only make one image."
        ),
        expected=("GD403", "GD301", "GD007"),
        key="faults.constant_latent.start",
    ),
    Fault(
        name="small-latent",
        title="The latent z is a hundred times too small: not a fault",
        description=(
            "Multiplies z by 0.01, in training and in the monitor's sampler. The first batch normalisation of the "
            "generator scales it up again."
        ),
        expected=(),
        key="faults.small_latent.start",
    ),
    Fault(
        name="repeated-latent",
        title="Every step is given the same batch of latents",
        description=(
            "The latents are drawn once, or the seed is reset before every draw: the generator learns one image for "
            "each of them and is never asked for others. The monitor's sampler repeats itself too."
        ),
        expected=("GD007",),
        key="faults.repeated_latent.start",
    ),
    Fault(
        name="half-latents-collapsed",
        title="Half of the latents make one image",
        description=(
            "The generator replaces every z whose first coordinate is positive by one fixed z: a partial "
            "mode collapse whose exact extent is known."
        ),
        expected=("GD403",),
        key="faults.half_latents_collapsed.start",
    ),
    Fault(
        name="ten-latents",
        title="All latents make one of ten images",
        description=(
            "The generator replaces every z by one of ten fixed ones, chosen by its first coordinate: a mode collapse "
            "to exactly ten images."
        ),
        expected=("GD403",),
        key="faults.ten_latents.start",
    ),
)
