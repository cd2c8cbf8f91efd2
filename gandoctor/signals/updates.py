"""Signals of gradients, weight updates, dead units and learning rates, per player."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_SHARES = (-0.04, 1.04)

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
_LEFT_OVER = Chart(
    "gradients-left-over",
    groups.GRADIENTS,
    Message("Gradients that were not cleared"),
    Message(
        "PyTorch adds gradients up until they are cleared. Both should be 0: `zero_grad()` stands before `backward()`."
    ),
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
_UPDATES_A_STEP = Chart(
    "updates-a-step",
    groups.GRADIENTS,
    Message("Updates of each player in a step"),
    Message("One each is usual; a Wasserstein critic gets about five. A player at 0 is no longer trained."),
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
    Signal(
        "d_grad_left_over",
        units.L2_NORM,
        Message("Norm of the gradient that was not cleared before the discriminator's loss added to it (PyTorch)."),
        "step",
        _LEFT_OVER,
    ),
    Signal(
        "g_grad_left_over",
        units.L2_NORM,
        Message("Norm of the gradient that was not cleared before the generator's loss added to it (PyTorch)."),
        "step",
        _LEFT_OVER,
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
    Signal(
        "d_updates_a_step",
        units.UPDATES,
        Message("Updates by the discriminator's optimizer in a step, averaged since the previous probe."),
        "probe",
        _UPDATES_A_STEP,
    ),
    Signal(
        "g_updates_a_step",
        units.UPDATES,
        Message("Updates by the generator's optimizer in a step, averaged since the previous probe."),
        "probe",
        _UPDATES_A_STEP,
        "generator",
    ),
)
