"""Signals of every step: losses, and what the networks are given."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_LOSSES = Chart(
    "losses",
    groups.LOSSES,
    Message("Losses and their equilibrium"),
    Message(
        "Both near the dashed equilibrium: the players are evenly matched. d_loss near its floor while g_loss climbs: "
        "the discriminator is winning, and its feedback tells the generator less and less. Swings before the end of "
        "the warm-up are normal."
    ),
)
_LATENTS = Chart(
    "latents",
    groups.INPUTS,
    Message("Latents fed to the generator"),
    Message(
        "Both should jitter a little around the distribution you sample from. Spread at zero: every image of a batch "
        "gets the same latent. A flat line, or a few values that keep coming back: the same latents are used again "
        "and again."
    ),
)
_REAL_BATCHES = Chart(
    "real-batches",
    groups.INPUTS,
    Message("Batches of real images"),
    Message(
        "Both should jitter from batch to batch. Spread at zero: all images of a batch are the same. A flat line: the "
        "same batch at every step."
    ),
)
_DISCRIMINATOR_INPUT = Chart(
    "discriminator-input",
    groups.INPUTS,
    Message("Range of the discriminator's inputs"),
    Message(
        "The discriminator's own loss sees real and generated images, the generator's loss only generated ones. If "
        "the first range is much wider than the second, real images hold values that the generator never produces."
    ),
)

LOSSES = (
    Signal(
        "d_loss",
        units.LOSS,
        Message("Loss of the discriminator (critic) at this step, not an epoch mean."),
        "step",
        _LOSSES,
    ),
    Signal(
        "g_loss",
        units.LOSS,
        Message("Loss of the generator at this step, not an epoch mean."),
        "step",
        _LOSSES,
        "generator",
    ),
)

EQUILIBRIUM = (
    Signal(
        "duality_gap",
        units.LOSS,
        Message("What both players together could gain in the game's value, each by 50 steps of its own on a copy."),
        "probe",
        Chart(
            "duality-gap",
            groups.LOSSES,
            Message("Duality gap"),
            Message(
                "0: neither player can gain anything by itself. Large: one of them is far from the best it could do. "
                "It needs no images. It is shown and not judged."
            ),
        ),
        "plain",
    ),
)

INPUTS = (
    Signal(
        "latent_mean",
        units.LATENT_UNITS,
        Message("Mean of the latents in the step's last call of the generator."),
        "step",
        _LATENTS,
        "plain",
    ),
    Signal(
        "latent_spread",
        units.LATENT_UNITS,
        Message(
            "Standard deviation of each latent dimension over the batch, averaged. 0: every image has the same latent."
        ),
        "step",
        _LATENTS,
        "generator",
    ),
    Signal(
        "real_mean",
        units.DATA_UNITS,
        Message("Mean of the step's batch of real images, in the units of the training data."),
        "step",
        _REAL_BATCHES,
        "plain",
    ),
    Signal(
        "real_spread",
        units.DATA_UNITS,
        Message(
            "Standard deviation of each pixel over the step's batch of real images, averaged. 0: all its images are "
            "the same."
        ),
        "step",
        _REAL_BATCHES,
        "real",
    ),
    Signal(
        "d_step_input_min",
        units.DATA_UNITS,
        Message("Smallest input of the discriminator in the computation of its own loss."),
        "step",
        _DISCRIMINATOR_INPUT,
        dash="dash",
    ),
    Signal(
        "d_step_input_max",
        units.DATA_UNITS,
        Message("Largest input of the discriminator in the computation of its own loss."),
        "step",
        _DISCRIMINATOR_INPUT,
    ),
    Signal(
        "g_step_input_min",
        units.DATA_UNITS,
        Message("Smallest input of the discriminator in the computation of the generator's loss."),
        "step",
        _DISCRIMINATOR_INPUT,
        "generator",
        "dash",
    ),
    Signal(
        "g_step_input_max",
        units.DATA_UNITS,
        Message("Largest input of the discriminator in the computation of the generator's loss."),
        "step",
        _DISCRIMINATOR_INPUT,
        "generator",
    ),
)
