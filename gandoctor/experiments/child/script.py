"""Run the user's script or notebook unchanged and record its GANs: the child's part of `gandoctor run train.py`."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gandoctor.errors import ChangeRefused
from gandoctor.experiments.cells import is_notebook, read_cells
from gandoctor.experiments.child.attach import Attachment, UnrecordedModel
from gandoctor.experiments.child.errors import shown, summary
from gandoctor.experiments.child.imports import when_imported
from gandoctor.experiments.child.keras_2 import NOT_SUPPORTED, tell_when_trained
from gandoctor.experiments.child.notebook import cell_of, run_cells
from gandoctor.experiments.child.other_fits import BATCHES
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.experiments.job import Job
from gandoctor.frameworks import MissingFramework, framework_needed, other_keras_backend, what_to_do_about
from gandoctor.store.events import append_event

HOW_TO_ATTACH = """\
To attach, add to the script:
    from gandoctor import GANMonitor
    monitor = GANMonitor("runs/mine", generator=G, discriminator=D, g_optimizer=g_opt, d_optimizer=d_opt,
                         loss="non_saturating", probe_data=real_images[:512])
    model.fit(dataset, callbacks=[monitor])  # in your own loop: `with monitor:`, then monitor.step(d_loss=...)"""
HOW_TO_ATTACH_TO_A_LOOP = """\
To attach, put the training loop under this, and call monitor.step() at the end of each step:
    from gandoctor import GANMonitor
    with GANMonitor("runs/mine", generator=G, discriminator=D, probe_data=real_images[:512],
                    latent_sampler=lambda n: torch.randn(n, 100)) as monitor:"""


CHILDREN_SECONDS = 1.0
"""Processor time of a script's own processes from which on they may be what trains."""


class ScriptEnded(Exception):
    """The script raised an error, or ended by itself with a status other than 0.

    Attributes:
        status: Exit status, as Python would have returned it.
        raised: The error in one line, or None if the script called `sys.exit`.
        is_refusal: Whether it is no error of the script's: what was to be changed in it cannot be had.
    """

    def __init__(self, status: int, raised: str | None = None, is_refusal: bool = False) -> None:
        super().__init__(raised or f"exit status {status}")
        self.status = status
        self.raised = raised
        self.is_refusal = is_refusal


class ForkEnded(BaseException):
    """A process that the script has forked comes to the script's end: it ends as it would bare.

    Attributes:
        status: Exit status, as Python would have returned it.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def run_script(job: Job, stop: StopRequest, announce: Callable[[Path, str], None]) -> str | None:
    """Run the script as `python SCRIPT ARGUMENTS` would, and record every GAN that it fits.

    Keras and PyTorch are followed from when the script imports them, because it may set environment variables first.

    Args:
        job: Its `target` is the path of the script or notebook.
        stop: Checked during the fits that are recorded. At other times a signal raises KeyboardInterrupt.
        announce: Called with the run directory and the model's class name when recording of a run starts.

    Returns:
        None, or a message that tells the user why nothing was recorded.

    Raises:
        ScriptEnded: The script raised an error, whose traceback has been printed, or exited with a status other than 0.
        MissingFramework: The script imports a framework that is not installed.
        KeyboardInterrupt: The script was interrupted.
        ForkEnded: This is a process that the script has forked.
    """
    metadata = {
        "target": job.target,
        "command": job.command,
        "config": {"script": job.target, "arguments": list(job.arguments)},
    }
    # Make the path absolute now: the script may change the working directory.
    attachment = Attachment(
        Path(job.run_dir).absolute(), metadata, stop, announce, job.resume, job.changes, job.duality_gap_at
    )
    when_imported("keras", attachment.patch_keras)
    when_imported("torch", attachment.patch_torch)
    when_imported("tf_keras", tell_when_trained)
    when_imported("gandoctor.monitors.monitor", attachment.patch_monitor)
    past = attachment.other_fits.models
    process = os.getpid()
    try:
        status = _run_as_main(job.target, job.arguments)
        _leave_if_forked(process, status)
    except ScriptEnded as error:
        _leave_if_forked(process, error.status)
        attachment.close("crashed", error=str(error))
        if past:
            told = f"{error.raised}\n{fitted_briefly(past)}"
            raise ScriptEnded(error.status, told, error.is_refusal) from error.__cause__
        raise
    except KeyboardInterrupt:
        attachment.close("interrupted")
        raise
    attachment.close("stopped" if stop.reason == "stopped" else "completed")
    _flush_output()
    for run_dir in attachment.runs if past else ():
        append_event(run_dir, "fitted_briefly", 0, models=past, batches=BATCHES)
    if status:
        raise ScriptEnded(status)
    if attachment.runs:
        return None
    if stands_by():
        return f"{job.target} trains in several processes, and the one of rank 0 records. This one is another."
    remedy = HOW_TO_ATTACH if "keras" in sys.modules or "torch" not in sys.modules else HOW_TO_ATTACH_TO_A_LOOP
    why = explain_missing_run(
        job.target, attachment.unrecorded, attachment.unmonitored_optimizer, attachment.recipe or remedy
    )
    return f"{why}\n{fitted_briefly(past)}" if past else why


def _leave_if_forked(process: int, status: int) -> None:
    if os.getpid() != process:
        raise ForkEnded(status)


def stands_by() -> bool:
    """Tell whether this process is one of several that train a GAN together, and another one records it."""
    monitors = sys.modules.get("gandoctor.monitors.monitor")
    return monitors is not None and bool(monitors.STANDING_BY)


def fitted_briefly(models: list[str]) -> str:
    """Return what to tell of models that are no GANs and that a dry run has fitted."""
    return (
        f"No GAN, so fitted for at most {BATCHES} batches and not saved: {', '.join(dict.fromkeys(models))}. "
        "What the script makes of them is that of untrained networks."
    )


def explain_missing_run(
    script: str, unrecorded: list[UnrecordedModel], unmonitored_optimizer: str | None, remedy: str = HOW_TO_ATTACH
) -> str:
    """Return the message for a script of which nothing was recorded.

    Args:
        script: Path of the script.
        unrecorded: The models that it fitted.
        unmonitored_optimizer: Optimizer of the script's own loop, if its players stayed unknown.
        remedy: What to do.
    """
    if unmonitored_optimizer is not None:
        why = (
            f"{script} trains in its own loop, and its players cannot be told by what they do "
            f"(the updates are by {unmonitored_optimizer})."
        )
    elif not unrecorded and "tf_keras" in sys.modules:
        return f"Nothing was recorded: {script} {NOT_SUPPORTED}"
    elif not unrecorded:
        why = f"{script} never trained two networks against each other with Keras or PyTorch."
        if sum(os.times()[2:4]) >= CHILDREN_SECONDS:
            why += " The processes that it started are not followed: if they train, each needs a monitor of its own."
    else:
        lines = "".join(f"\n  {note.model}: {note.reason}" for note in unrecorded[:8])
        more = f"\n  and {len(unrecorded) - 8} more" if len(unrecorded) > 8 else ""
        why = f"{script} fitted no model that can be recorded as a GAN:{lines}{more}"
    if (backend := other_keras_backend()) is not None:
        why += "" if unrecorded else f" Keras runs on {backend} there."
        own = f"\nNetworks that hold no layer of Keras are recorded. {remedy}"
        # Of layers of Keras, a monitor that is put into the script would record nothing either.
        remedy = what_to_do_about(backend) + (own if unmonitored_optimizer is not None else "")
    return f"Nothing was recorded: {why}\n{remedy}"


def _run_as_main(script: str, arguments: list[str]) -> int:
    """Run the file as `__main__`; return its exit status.

    Raises:
        ScriptEnded: The script raised an error.
        MissingFramework: The script imports a framework that is not installed.
        UnusableTarget: The notebook cannot be read any more.
    """
    sys.argv = [script, *arguments]
    file = str(Path(script).absolute())
    folder = str(Path(script).resolve().parent)
    if sys.path and sys.path[0] in ("", os.getcwd()):
        sys.path[0] = folder  # `python -m` puts the working directory there, and `python SCRIPT` puts this
    else:
        sys.path.insert(0, folder)
    cells = read_cells(file) if is_notebook(file) else None
    try:
        with framework_needed(by=script):
            if cells is not None:
                run_cells(cells, script, file)
            else:
                runpy.run_path(file, run_name="__main__")
    except MissingFramework:
        raise
    except SystemExit as ending:
        return _exit_status(ending.code)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, ChangeRefused):  # no line of the script is wrong
            raise ScriptEnded(1, summary(error), is_refusal=True) from error
        _print_traceback(error, file)
        raise ScriptEnded(1, summary(error) + _place_in_notebook(error, file)) from error
    return 0


def _exit_status(code: object) -> int:
    """Return the exit status for `sys.exit(code)`; like Python, print a code that is a message."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    with suppress(OSError, ValueError, AttributeError):
        print(code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException, script: str) -> None:
    """Print the traceback as Python would, starting at the script's own first frame."""
    trace = error.__traceback__
    while trace is not None and not _is_own(trace.tb_frame.f_code.co_filename, script):
        trace = trace.tb_next
    if trace is None and not (isinstance(error, SyntaxError) and _is_own(error.filename, script)):
        trace = error.__traceback__
    _flush_output()
    with suppress(OSError, ValueError, AttributeError):  # the script may have closed it: the launcher is told in a line
        print(shown(error, trace), end="", file=sys.stderr)


def _flush_output() -> None:
    """Write what the script has printed; it may have closed its output, or put something else in its place."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()


def _is_own(file_name: str | None, script: str) -> bool:
    """Tell whether a frame's file is the script, or a cell of the notebook."""
    return file_name is not None and (file_name == script or cell_of(file_name, script) is not None)


def _place_in_notebook(error: BaseException, file: str) -> str:
    """Return e.g. " (cell 3, line 2)", the last place in the notebook; nothing for a script, which has lines only."""
    if isinstance(error, SyntaxError) and _is_own(error.filename, file):
        return ""  # it names the place itself
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        cell = cell_of(frame.f_code.co_filename, file)
        if cell is not None:
            return f" ({cell}, line {line})"
    return ""
