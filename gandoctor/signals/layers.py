"""Signals of gradients and weight updates, per layer."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

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
