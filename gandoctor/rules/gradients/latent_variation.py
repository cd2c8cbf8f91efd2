"""Whether the latents vary at all: where they do not, what the generator does with them cannot be judged.

Shared by vanishing-generator-gradient (GD201) and dead-units (GD204); that they do not is degenerate-latent-noise
(GD007).
"""

from __future__ import annotations

from gandoctor.rules.reading.late_values import late_median
from gandoctor.store import Run

LEAST_STD = 1e-3
"""Standard deviation below which latents count as constant; those in use have 0.5 to 1."""


def latents_are_constant(run: Run) -> bool:
    """Tell whether the latents of training are all the same, or those of one draw of the sampler."""
    latent = run.manifest.latent
    measured = latent.std if latent is not None else None
    return any(value is not None and value < LEAST_STD for value in (late_median(run, "latent_spread"), measured))
