"""Options that several commands share, and the exit status they ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis

RUN_DIR = click.Path(path_type=Path, exists=False)


def fail_on_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--fail-on`."""
    return click.option(
        "--fail-on",
        type=click.Choice(["info", "warning", "critical", "never"]),
        default="critical",
        show_default=True,
        help="Exit with status 1 if a finding of at least this severity was detected.",
    )(function)


def exit_status(diagnosis: Diagnosis, fail_on: str) -> int:
    """Return 1 if something at or above `fail_on` was detected, else 0."""
    from gandoctor.rules import Severity

    if fail_on == "never" or diagnosis.worst is None:
        return 0
    return int(diagnosis.worst.rank >= Severity(fail_on).rank)
