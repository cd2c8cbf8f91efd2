"""Running the user's script unchanged, its GANs recorded: the child's part of `gandoctor run train.py -- ARGS`."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from gandoctor.experiments.attach import Attachment, Unfit
from gandoctor.experiments.imports import when_imported
from gandoctor.experiments.job import Job
from gandoctor.experiments.stop_request import StopRequest
from gandoctor.frameworks import MissingFramework, framework_needed

HOW_TO_ATTACH = """\
To attach, add to the script:
    from gandoctor import GANMonitor
    monitor = GANMonitor("runs/mine", generator=G, discriminator=D, probe_data=real_images[:512])
    model.fit(dataset, callbacks=[monitor])  # in a loop of your own: `with monitor:`, then monitor.step(d_loss=...)"""


class ScriptEnded(Exception):
    """The script ended by itself with a status that is not 0, or raised.

    Attributes:
        status: Its exit status, as Python would have returned it.
        raised: What it raised, in one line, or None if it asked to exit.
    """

    def __init__(self, status: int, raised: str | None = None) -> None:
        super().__init__(raised or f"exit status {status}")
        self.status = status
        self.raised = raised


def run_script(job: Job, stop: StopRequest, announce: Callable[[Path, str], None]) -> str | None:
    """Run the script as `python SCRIPT ARGUMENTS` would and record every GAN it fits.

    Keras is patched when the script imports it, not before: a script may set environment variables first.

    Args:
        job: Its `target` is the script's path.
        stop: Heard during the fits that are recorded; at other times a signal raises KeyboardInterrupt.
        announce: Called when another run begins to be recorded.

    Returns:
        None, or why nothing was recorded, for the user.

    Raises:
        ScriptEnded: See there; the traceback has been printed.
        MissingFramework: It imports a framework that is not installed.
        KeyboardInterrupt: It was interrupted.
    """
    metadata = {
        "target": job.target,
        "command": job.command,
        "config": {"script": job.target, "arguments": list(job.arguments)},
    }
    # Absolute from here on: the script may change the working directory.
    attachment = Attachment(Path(job.run_dir).absolute(), metadata, stop, announce)
    when_imported("keras", attachment.patch_keras)
    when_imported("gandoctor.monitors.monitor", attachment.patch_monitor)
    status = _run_as_main(job.target, job.arguments)
    sys.stdout.flush()
    if status:
        raise ScriptEnded(status)
    return None if attachment.runs else nothing_recorded(job.target, attachment.unfit, attachment.unfollowed)


def nothing_recorded(script: str, unfit: list[Unfit], unfollowed: str | None = None) -> str:
    """Return the message for a script that fitted no GAN.

    Args:
        script: Its path.
        unfit: The models it did fit.
        unfollowed: The optimizer of a loop of its own at which it was left.
    """
    if unfollowed is not None:
        why = f"{script} trains in a loop of its own ({unfollowed} was about to move weights) without a GANMonitor."
    elif not unfit:
        why = f"{script} never called keras.Model.fit."
    else:
        lines = "".join(f"\n  {note.model}: {note.reason}" for note in unfit[:8])
        more = f"\n  and {len(unfit) - 8} more" if len(unfit) > 8 else ""
        why = f"no model that {script} fitted is shaped as a GAN:{lines}{more}"
    return f"Nothing was recorded: {why}\n{HOW_TO_ATTACH}"


def _run_as_main(script: str, arguments: list[str]) -> int:
    """Run the file as `__main__`; return its exit status.

    Raises:
        ScriptEnded: It raised.
        MissingFramework: It imports a framework that is not installed.
    """
    sys.argv = [script, *arguments]
    file = str(Path(script).absolute())
    folder = str(Path(script).resolve().parent)
    if sys.path and sys.path[0] in ("", os.getcwd()):
        sys.path[0] = folder  # `python -m` put the working directory there, `python SCRIPT` would put this
    else:
        sys.path.insert(0, folder)
    try:
        with framework_needed(by=script):
            runpy.run_path(file, run_name="__main__")
    except MissingFramework:
        raise
    except SystemExit as ending:
        return _status(ending.code)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        _print_traceback(error, file)
        text = " ".join(str(error).split())
        raise ScriptEnded(1, f"{type(error).__name__}: {text}" if text else type(error).__name__) from error
    return 0


def _status(code: object) -> int:
    """Return what Python makes of `sys.exit(code)`, which prints a message it is given."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _print_traceback(error: BaseException, script: str) -> None:
    """Print the traceback as Python would have: from the script's own first line on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != script:
        trace = trace.tb_next
    sys.stdout.flush()
    traceback.print_exception(type(error), error, trace or error.__traceback__)
