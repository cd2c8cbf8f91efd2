"""What can be said of a shift of the discriminator's inputs in any framework: which share of a side, and of what."""

from __future__ import annotations

from gandoctor.errors import ChangeRefused, GandoctorError
from gandoctor.player_names import INPUT_SHIFT, NAMES, SHIFT_MAX


def check_shift(share: float) -> None:
    """Refuse a shift that is none.

    Raises:
        GandoctorError: It is negative, or over half a side.
    """
    if not 0 <= share <= SHIFT_MAX:
        raise GandoctorError(
            f"{INPUT_SHIFT} of the {NAMES['d']} cannot be {share:g}: it is a share of each side, 0 to {SHIFT_MAX:g}."
        )


def cannot_shift_rows() -> ChangeRefused:
    """Return that what the discriminator is given has no sides."""
    return ChangeRefused(
        f"{INPUT_SHIFT} of the {NAMES['d']} cannot be set: it is given rows of numbers, in which nothing can be "
        "shifted; flat images have to be reshaped inside the discriminator."
    )
