"""Faults of the latents: what the generator is given, and how many different images it makes of them."""

from __future__ import annotations

from reference_models.faults.fault import Fault

LATENTS = (
    Fault(
        name="constant-latent",
        title="The latent z is always zero",
        description=(
            "Training and the monitor's latent sampler both return zeros, as with the bug `noise = np.zeros(...)`. The "
            "generator can only make one image."
        ),
        expected=("GD403", "GD301", "GD007"),
        key="faults.constant_latent.start",
        undone_by=("vary-latents",),
    ),
    Fault(
        name="small-latent",
        title="The latent z is a hundred times too small: not a fault",
        description=(
            "Multiplies z by 0.01 in training and in the monitor's sampler. The generator's first batch normalisation "
            "scales it up again."
        ),
        expected=(),
        key="faults.small_latent.start",
    ),
    Fault(
        name="repeated-latent",
        title="Every step uses the same batch of latents",
        description=(
            "The latents are drawn only once, or the seed is reset before every draw. The generator learns one image "
            "for each latent and never sees any others. The monitor's sampler repeats its latents too."
        ),
        expected=("GD007",),
        key="faults.repeated_latent.start",
        undone_by=("vary-latents",),
    ),
    Fault(
        name="half-latents-collapsed",
        title="Half of the latents give the same image",
        description=(
            "The generator replaces every z whose first coordinate is positive with one fixed z: a partial mode "
            "collapse of known extent."
        ),
        expected=("GD403",),
        key="faults.half_latents_collapsed.start",
    ),
    Fault(
        name="ten-latents",
        title="All latents give one of ten images",
        description=(
            "The generator replaces every z with one of ten fixed latents, chosen by its first coordinate: a mode "
            "collapse to exactly ten images."
        ),
        expected=("GD403",),
        key="faults.ten_latents.start",
    ),
)
