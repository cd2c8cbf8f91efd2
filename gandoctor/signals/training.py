"""Signals of the training itself: losses, inputs, gradients, updates, and the same layer by layer."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_SHARES = (-0.04, 1.04)

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
_GRADIENT_NORMS = Chart(
    "gradient-norms",
    groups.GRADIENTS,
    Message("Gradient norms"),
    Message(
        "A steady level is healthy. Growing by factors of ten: the gradient explodes. Exactly zero: that player learns "
        "nothing. A small generator gradient proves nothing by itself."
    ),
    log=True,
)
_D_UPDATES = Chart(
    "d-updates",
    groups.GRADIENTS,
    Message("Movement of the discriminator's weights"),
    Message(
        "The discriminator should move in its own step only. Above zero in the generator's step: the update leaks. "
        "Zero in its own step: it does not train."
    ),
    log=True,
)
_G_UPDATES = Chart(
    "g-updates",
    groups.GRADIENTS,
    Message("Movement of the generator's weights"),
    Message("The generator should move in its own step only. Zero there: it does not train."),
    log=True,
)
_MOVEMENT = Chart(
    "movement",
    groups.GRADIENTS,
    Message("Movement between probes"),
    Message("Counts every change, whatever caused it. Exactly zero: that player did not change between two probes."),
    log=True,
)
_UPDATE_RATIOS = Chart(
    "update-ratios",
    groups.GRADIENTS,
    Message("Update size relative to the weights"),
    Message(
        "A common rule of thumb is 0.001. Far above: the learning rate is too high. Far below: it is too low, or the "
        "player is frozen."
    ),
    unit=units.RELATIVE_UPDATE,
    log=True,
)
_DEAD_UNITS = Chart(
    "dead-units",
    groups.GRADIENTS,
    Message("ReLU units that are always 0"),
    Message(
        "A unit that is 0 for every image passes no gradient and cannot recover by itself. A few percent are normal. A "
        "rise to a third or more means that large updates have killed them."
    ),
    limits=_SHARES,
)
_LEARNING_RATES = Chart(
    "learning-rates",
    groups.GRADIENTS,
    Message("Learning rates"),
    Message("With schedules applied. The ratio of the two decides who learns faster."),
    log=True,
)
_D_LAYER_GRADIENTS = Chart(
    "d-layer-gradients",
    groups.LAYERS,
    Message("Gradient norms of the discriminator's layers"),
    Message(
        "Similar colours that stay: all layers learn. Darker row by row towards the top: the gradient fades on its way "
        "back to the input. A row that brightens over time: its gradient explodes. A bright stripe: a single burst."
    ),
    log=True,
    kind="layers",
)
_G_LAYER_GRADIENTS = Chart(
    "g-layer-gradients",
    groups.LAYERS,
    Message("Gradient norms of the generator's layers"),
    Message(
        "The gradient comes from the discriminator and enters at the bottom row. All rows darken together: the "
        "discriminator's feedback fades. Only the upper rows are dark: the gradient is lost inside the generator."
    ),
    log=True,
    kind="layers",
)
_D_LAYER_UPDATES = Chart(
    "d-layer-updates",
    groups.LAYERS,
    Message("Update sizes of the discriminator's layers"),
    Message(
        "A common rule of thumb is 10⁻³ of the weights. A row much darker than the others hardly moves. A much "
        "brighter one moves too far in each step; trouble often starts there."
    ),
    unit=units.RELATIVE_UPDATE,
    log=True,
    kind="layers",
)
_G_LAYER_UPDATES = Chart(
    "g-layer-updates",
    groups.LAYERS,
    Message("Update sizes of the generator's layers"),
    Message("Read it like the discriminator's. The generator's optimizer did not move the rows that are empty."),
    unit=units.RELATIVE_UPDATE,
    log=True,
    kind="layers",
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

GRADIENTS = (
    Signal(
        "d_grad_norm",
        units.L2_NORM,
        Message("Global norm of the discriminator's gradient in its own update, before clipping."),
        "step",
        _GRADIENT_NORMS,
    ),
    Signal(
        "g_grad_norm",
        units.L2_NORM,
        Message("Global norm of the generator's gradient in its own update, before clipping."),
        "step",
        _GRADIENT_NORMS,
        "generator",
    ),
)

UPDATES = (
    Signal(
        "d_update_in_d_step",
        units.L2_NORM,
        Message("How far the discriminator's weights moved in the discriminator's update."),
        "probe",
        _D_UPDATES,
    ),
    Signal(
        "d_update_in_g_step",
        units.L2_NORM,
        Message("How far the discriminator's weights moved in the generator's update."),
        "probe",
        _D_UPDATES,
        dash="dot",
    ),
    Signal(
        "g_update_in_g_step",
        units.L2_NORM,
        Message("How far the generator's weights moved in the generator's update."),
        "probe",
        _G_UPDATES,
        "generator",
    ),
    Signal(
        "g_update_in_d_step",
        units.L2_NORM,
        Message("How far the generator's weights moved in the discriminator's update."),
        "probe",
        _G_UPDATES,
        "generator",
        "dot",
    ),
    Signal(
        "d_movement",
        units.L2_NORM,
        Message("How far the discriminator's weights moved since the previous probe, whatever moved them."),
        "probe",
        _MOVEMENT,
    ),
    Signal(
        "g_movement",
        units.L2_NORM,
        Message("How far the generator's weights moved since the previous probe, whatever moved them."),
        "probe",
        _MOVEMENT,
        "generator",
    ),
    Signal(
        "d_update_ratio",
        None,
        Message("Movement of the discriminator's weights in its own update, relative to their norm."),
        "probe",
        _UPDATE_RATIOS,
    ),
    Signal(
        "g_update_ratio",
        None,
        Message("Movement of the generator's weights in its own update, relative to their norm."),
        "probe",
        _UPDATE_RATIOS,
        "generator",
    ),
    Signal(
        "d_dead_units",
        units.SHARE,
        Message("Share of the discriminator's ReLU units that are 0 for every probed image."),
        "probe",
        _DEAD_UNITS,
    ),
    Signal(
        "g_dead_units",
        units.SHARE,
        Message("Share of the generator's ReLU units that are 0 for every probed latent."),
        "probe",
        _DEAD_UNITS,
        "generator",
    ),
    Signal(
        "d_learning_rate",
        units.LEARNING_RATE,
        Message("Learning rate of the discriminator's optimizer, with its schedule applied."),
        "probe",
        _LEARNING_RATES,
    ),
    Signal(
        "g_learning_rate",
        units.LEARNING_RATE,
        Message("Learning rate of the generator's optimizer, with its schedule applied."),
        "probe",
        _LEARNING_RATES,
        "generator",
    ),
)

LAYERS = (
    Signal(
        "d_layer_grad_norm",
        units.L2_NORM,
        Message("Norm of one discriminator layer's gradient in its own update."),
        "probe",
        _D_LAYER_GRADIENTS,
        is_family=True,
    ),
    Signal(
        "g_layer_grad_norm",
        units.L2_NORM,
        Message("Norm of one generator layer's gradient in its own update."),
        "probe",
        _G_LAYER_GRADIENTS,
        "generator",
        is_family=True,
    ),
    Signal(
        "d_layer_update_ratio",
        None,
        Message("Movement of one discriminator layer's weights in its own update, relative to their norm."),
        "probe",
        _D_LAYER_UPDATES,
        is_family=True,
    ),
    Signal(
        "g_layer_update_ratio",
        None,
        Message("Movement of one generator layer's weights in its own update, relative to their norm."),
        "probe",
        _G_LAYER_UPDATES,
        "generator",
        is_family=True,
    ),
)
