"""Headings under which the report shows its charts, in the order a reader wants them."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals.signal import Group

LOSSES = Group(
    "losses",
    Message("Losses"),
    Message("GAN losses show which player is ahead, not how good the images are. Compare them with the equilibrium."),
)
DISCRIMINATOR = Group(
    "discriminator",
    Message("Discriminator"),
    Message(
        "How the discriminator scores the real images it trains on, real images it has never seen, and generated "
        "images."
    ),
)
GRADIENTS = Group(
    "gradients",
    Message("Gradients and updates"),
    Message("How large each player's gradient is and how far its weights move. The axes are logarithmic."),
)
LAYERS = Group(
    "layers",
    Message("Layer by layer"),
    Message(
        "Each row is a layer, from the input at the top to the output at the bottom, as in the model card. Colours are "
        "on a logarithmic scale: one tick is a factor of ten. In a long run, each column shows the largest value of "
        "its steps."
    ),
)
SAMPLES = Group(
    "samples",
    Message("Sample statistics"),
    Message(
        "Measured on generated images. The green band is what your own real data score when measured the same way. "
        "Inside the band, this number cannot tell the samples from your data."
    ),
)
INPUTS = Group(
    "inputs",
    Message("Training inputs"),
    Message(
        "The latents and real images of each step. Fresh random batches jitter; an exactly flat line means the same "
        "batch every time."
    ),
)

GROUPS = (LOSSES, DISCRIMINATOR, GRADIENTS, LAYERS, SAMPLES, INPUTS)
