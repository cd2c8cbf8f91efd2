"""MonitorWarning: how a recording tells the user something while training goes on."""

from __future__ import annotations

import warnings

from gandoctor.message import Message


class MonitorWarning(UserWarning):
    """A monitor could not do its work; training goes on."""


def warn(message: Message, stacklevel: int = 2) -> None:
    """Warn in English.

    Args:
        message: A whole sentence, "gandoctor: " in front.
        stacklevel: As in `warnings.warn`; 2 is the caller.
    """
    warnings.warn(str(message), MonitorWarning, stacklevel=stacklevel + 1)
