"""What launcher and training child say to each other: job, control lines, exit status, messages."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

LOG_NAME = "training.log"
"""File in the run directory that takes the child's standard output and standard error."""

MESSAGE_MAX_CHARACTERS = 4000


class ExitStatus(IntEnum):
    """How the child ends; a negative status (killed by that signal) comes from the operating system."""

    COMPLETED = 0
    UNUSABLE = 64
    """Nothing was trained: the target or its options cannot be used. A `ChildMessage` says why."""
    CRASHED = 70
    """Training raised. The run is closed with reason "crashed"; a `ChildMessage` says what was raised."""
    INTERRUPTED = 130
    """A signal, or the death of the launcher, ended it; the run is closed with reason "interrupted"."""


class Job(BaseModel):
    """One training, sent as one JSON line on the child's standard input.

    The launcher then keeps that pipe open: a further line is a `Control`, its end means the launcher has died.

    Attributes:
        target: "module:factory" (see `gandoctor.experiments.Training`), the path of a script, or of a saved generator.
        run_dir: Directory to record into.
        options: Arguments for the factory; only those the user gave. Empty for a script.
        arguments: The script's own command line, or the path of the saved discriminator.
        command: The command line, for the manifest.
        dry_run_steps: Leave the training after so many steps; 0 records the model card only. None: train to the end.
    """

    target: str
    run_dir: str
    options: dict[str, Any] = Field(default_factory=dict)
    arguments: list[str] = Field(default_factory=list)
    command: list[str] = Field(default_factory=list)
    dry_run_steps: int | None = Field(default=None, ge=0)


class Control(BaseModel):
    """A request to the running child: end the training after this step, for the reason given.

    Attributes:
        reason: Recorded as the reason of the "ended" event.
        why: Recorded with it, for a reader; e.g. the id of the finding that stopped the run.
    """

    reason: Literal["stopped", "interrupted"]
    why: str | None = None


class ChildMessage(BaseModel):
    """One JSON line on the child's standard output: where a script's GAN is recorded, or the child's last words.

    Attributes:
        recording: Run directory a script's GAN is being recorded to from here on.
        model: Class name of that GAN.
        error: What went wrong, in one message for the user.
        traceback_in_log: The user's own code raised, and the log says where.
        exit_status: What a script that has ended returned.
    """

    recording: str | None = None
    model: str | None = None
    error: str | None = None
    traceback_in_log: bool = False
    exit_status: int | None = None
