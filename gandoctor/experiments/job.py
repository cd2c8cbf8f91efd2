"""The protocol between the launcher and the training child: job, control lines, exit statuses and messages."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

LOG_NAME = "training.log"
"""File in the run directory that receives the child's standard output and standard error."""

MESSAGE_MAX_CHARACTERS = 4000


class ExitStatus(IntEnum):
    """Exit status of the child. A negative status means that this signal killed it."""

    COMPLETED = 0
    UNUSABLE = 64
    """Nothing was trained, because the target or its options cannot be used. A `ChildMessage` says why."""
    CRASHED = 70
    """Training raised an error. The run is closed with reason "crashed", and a `ChildMessage` names the error."""
    INTERRUPTED = 130
    """A signal or the death of the launcher ended training. The run is closed with reason "interrupted"."""


class Job(BaseModel):
    """One training, sent as one JSON line on the child's standard input.

    The launcher keeps that pipe open. Every further line is a `Control`. If the pipe closes, the launcher has died.

    Attributes:
        target: "module:factory" (see `gandoctor.experiments.Training`), the path of a script, or the path of a saved
            generator.
        run_dir: Directory to record into.
        options: Arguments for the factory that the user gave. Empty for a script.
        arguments: The script's command line, or the path of the saved discriminator.
        command: The command line, recorded in the manifest.
        resume: Whether to go on with the run that `run_dir` holds.
        dry_run_steps: Number of steps after which to leave the training; 0 records the model card only. None trains
            to the end.
        snapshots: Steps from one snapshot to the next; None takes none.
        from_snapshot: Run directory and step of the snapshot to go on from; None begins at step 0.
        duality_gap_at: Steps at which the duality gap is measured; empty measures none.
        changes: What is set in the training before its first step, by its name in `HANDLES`.
    """

    target: str
    run_dir: str
    options: dict[str, Any] = Field(default_factory=dict)
    arguments: list[str] = Field(default_factory=list)
    command: list[str] = Field(default_factory=list)
    resume: bool = False
    dry_run_steps: int | None = Field(default=None, ge=0)
    snapshots: int | None = Field(default=None, ge=1)
    from_snapshot: tuple[str, int] | None = None
    duality_gap_at: tuple[int, ...] = ()
    changes: dict[str, float] = Field(default_factory=dict)


class Control(BaseModel):
    """A request to end the training after the current step.

    Attributes:
        reason: Recorded as the reason of the "ended" event.
        why: Recorded with the reason, for people: for example, the id of the finding that stopped the run.
    """

    reason: Literal["stopped", "interrupted"]
    why: str | None = None


class ChildMessage(BaseModel):
    """One JSON line on the child's standard output: where a script's GAN is recorded, or why the child ended.

    Attributes:
        recording: Run directory of the GAN that the script trains now.
        model: Class name of that GAN.
        error: What went wrong, as one message for the user.
        traceback_in_log: Whether the log holds a traceback of the user's code.
        exit_status: Exit status of a script that has ended.
        stands_by: Whether nothing is recorded here because another process of the same training records.
    """

    recording: str | None = None
    model: str | None = None
    error: str | None = None
    traceback_in_log: bool = False
    exit_status: int | None = None
    stands_by: bool = False
