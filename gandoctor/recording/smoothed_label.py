"""What can be said of a smoothed label of real images in any framework: which ones there are, and why one is none."""

from __future__ import annotations

from gandoctor.errors import ChangeRefused, GandoctorError
from gandoctor.player_names import LABEL_ABOVE, NAMES, REAL_LABEL

_INSTEAD = "write the label into the script's own loss instead"


def check_label(label: float) -> None:
    """Refuse a label that is none of real images.

    Raises:
        GandoctorError: It is 0.5 or less, or above 1.
    """
    if not LABEL_ABOVE < label <= 1:
        raise GandoctorError(
            f"{REAL_LABEL} of the {NAMES['d']} cannot be {label:g}: it is above {LABEL_ABOVE:g}, and at most 1."
        )


def label_refused(why: str) -> ChangeRefused:
    """Return that the label cannot be set.

    Args:
        why: As the end of a sentence.
    """
    return ChangeRefused(f"{REAL_LABEL} of the {NAMES['d']} cannot be set: {why}; {_INSTEAD}.")


def other_label(largest: float) -> ChangeRefused:
    """Return that the program labels its real images otherwise than with 1.

    Args:
        largest: Of their labels.
    """
    if LABEL_ABOVE < largest < 1:
        return label_refused(f"its real images are smoothed already, their largest label is {largest:g}")
    return label_refused(f"the largest label of its real images is {largest:g} and not 1")
