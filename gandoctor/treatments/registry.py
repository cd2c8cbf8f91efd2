"""Every treatment by id, collected from the themed modules."""

from __future__ import annotations

from gandoctor.treatments import (
    batch_norm,
    data_and_latents,
    discriminator_capacity,
    diversity,
    labels_and_losses,
    layers,
    optimizers,
    output_layers,
    regularisation,
    sampling,
    training_steps,
)
from gandoctor.treatments.treatment import Treatment

THEMES = (
    training_steps,
    optimizers,
    labels_and_losses,
    regularisation,
    output_layers,
    batch_norm,
    layers,
    discriminator_capacity,
    data_and_latents,
    diversity,
    sampling,
)

TREATMENTS: dict[str, Treatment] = {treatment.id: treatment for theme in THEMES for treatment in theme.TREATMENTS}
"""Every treatment by id, theme by theme.

The order counts: where no detected rule prescribes a cure for the likeliest cause, the diagnosis takes the first here.
"""
