"""The child's program: `python -m gandoctor.experiments.child.main` builds the target, trains it and records the run.

Standard input carries the `Job` and then `Control` lines. Standard output carries `ChildMessage`s. Standard error is
the log. The program ends with an `ExitStatus`. Only the launcher calls it.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from gandoctor.errors import GandoctorError, UnusableTarget
from gandoctor.experiments.child.errors import of_import
from gandoctor.experiments.child.meanings import meaning_of
from gandoctor.experiments.child.script import ForkEnded, ScriptEnded, run_script, stands_by
from gandoctor.experiments.child.stop_request import DryRunEnded, StopRequest
from gandoctor.experiments.job import MESSAGE_MAX_CHARACTERS, ChildMessage, ExitStatus, Job
from gandoctor.experiments.saved import is_saved, write_saved_card
from gandoctor.experiments.target import TargetCrashed, build_training, is_script
from gandoctor.experiments.training import LoopTraining, Training
from gandoctor.frameworks import framework_needed
from gandoctor.store.manifest import MANIFEST_NAME

Train = Callable[[Job, StopRequest], None]


class TrainingCrashed(Exception):
    """Training raised an error after recording had begun. The error is the `__cause__`."""


def train(job: Job, stop: StopRequest) -> None:
    """Build the target and fit it with a GANMonitor until it ends, raises or is asked to stop.

    Raises:
        GandoctorError, TargetCrashed: Nothing was trained.
        TrainingCrashed: Training raised an error. The run is closed with reason "crashed".
    """
    training = build_training(job.target, job.options)
    if isinstance(training, LoopTraining):
        loop_recorded(training, job, stop)
    else:
        fit_recorded(training, job, stop)


def loop_recorded(training: LoopTraining, job: Job, stop: StopRequest) -> None:
    """Run the loop of a `LoopTraining` with a GANMonitor; see `train`.

    Raises:
        GandoctorError: The monitor cannot be used with these networks.
        TrainingCrashed: Training raised an error. The run is closed with reason "crashed".
    """
    from gandoctor.monitors import GANMonitor
    from gandoctor.monitors.card_only import write_card

    if job.snapshots or job.from_snapshot:
        raise UnusableTarget(f"{job.target} trains in a loop of its own, into which no snapshot can be put back.")
    arguments = {**training.monitor_arguments(), **({"resume": True} if job.resume else {})}
    monitor = GANMonitor(job.run_dir, metadata=_metadata(job, training.config), **arguments)
    _give_options(monitor, job)
    if job.dry_run_steps == 0:
        write_card(monitor.options, None, training.steps)
        return

    def step_done(**scalars: Any) -> None:
        assert monitor.session is not None
        monitor.step(**scalars)
        stop.count_step(monitor.session.step)
        if stop.reason is not None:
            monitor.close(reason=stop.reason, **({"why": stop.why} if stop.why else {}))
            raise _LoopEnded

    stop.begin_training()
    with ExitStack() as stack:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            stack.enter_context(monitor)
        if monitor.session is None:
            raise UnusableTarget(str(told[-1].message))
        for one in told:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        monitor.session.manifest.planned_steps = training.steps
        try:
            training.train(step_done)
        except _LoopEnded:
            return
        except Exception as error:
            raise TrainingCrashed(f"Training raised {type(error).__name__}: {error}") from error


class _LoopEnded(SystemExit):
    """Ends the loop; as an exit, it passes the target's `except Exception`."""


def fit_recorded(training: Training, job: Job, stop: StopRequest) -> None:
    """Fit a `Training` with a GANMonitor; see `train`.

    Raises:
        GandoctorError: The monitor cannot be used with this model.
        TrainingCrashed: Training raised an error. The run is closed with reason "crashed".
    """
    from keras.callbacks import LambdaCallback

    from gandoctor.monitors import GANMonitor
    from gandoctor.monitors.card_only import write_card
    from gandoctor.recording.warning import MonitorWarning

    arguments = {**training.monitor, **({"resume": True} if job.resume else {})}
    monitor = GANMonitor(
        job.run_dir,
        probe_data=training.probe_data,
        holdout_data=training.holdout_data,
        metadata=_metadata(job, training.config),
        **(arguments if job.snapshots is None else {**arguments, "snapshots": job.snapshots}),
    )
    _give_options(monitor, job)
    if job.dry_run_steps == 0:
        write_card(monitor.options, training.model, training.steps)
        return
    if job.from_snapshot is not None:
        from gandoctor.experiments.child.snapshot import gone_on

        run_dir, step = Path(job.from_snapshot[0]), job.from_snapshot[1]
        training = gone_on(training, run_dir, step, monitor.options)
        monitor.options = replace(monitor.options, fork_of=(run_dir, step))

    def stop_if_asked(batch: int, logs: Any = None) -> None:
        assert monitor.session is not None
        stop.count_step(monitor.session.step)
        if stop.reason is not None:
            # Close the run here: fit would close it as completed.
            monitor.close(reason=stop.reason, **({"why": stop.why} if stop.why else {}))
            stop.leave_dry_run()
            training.model.stop_training = True

    with warnings.catch_warnings():
        # A monitor warns and lets training go on unrecorded. Here nobody would see the warning.
        warnings.simplefilter("error", MonitorWarning)
        try:
            monitor.set_model(training.model)
        except MonitorWarning as warning:
            raise UnusableTarget(str(warning)) from None

    stopper = LambdaCallback(on_train_batch_end=stop_if_asked)
    stop.begin_training()
    try:
        training.model.fit(
            training.dataset,
            steps_per_epoch=training.steps,
            epochs=1,
            callbacks=[*training.callbacks, monitor, stopper],
            verbose=0,
        )
    except DryRunEnded:
        return
    except BaseException as error:
        monitor.close(reason="crashed", error=f"{type(error).__name__}: {error}")
        if isinstance(error, GandoctorError) and not (Path(job.run_dir) / MANIFEST_NAME).exists():
            raise  # the monitor rejected the model before anything was recorded
        raise TrainingCrashed(f"Training raised {type(error).__name__}: {error}") from error


def main(train: Train = train) -> int:
    """Read the job, train it, and report what went wrong; return an `ExitStatus`.

    Args:
        train: Trains the job. It must close the run, whatever happens.
    """
    control_fd, message_fd = _take_over_standard_streams()
    stop = StopRequest()
    stop.listen_to_signals()
    try:
        return _main(train, stop, control_fd, message_fd)
    finally:
        stop.stop_listening()


def _main(train: Train, stop: StopRequest, control_fd: int, message_fd: int) -> int:
    try:
        job = Job.model_validate_json(_read_line(control_fd))
        stop.dry_run_steps = job.dry_run_steps
        stop.listen_to_launcher(control_fd)
        with framework_needed(by=job.target):
            if is_saved(job.target):
                write_saved_card(job)
            elif is_script(job.target):
                _run_script(job, stop, message_fd)
            else:
                train(job, stop)
    except ForkEnded as error:
        return error.status
    except ScriptEnded as error:
        if error.raised and error.is_refusal:
            _report(message_fd, error.raised.partition(": ")[2], exit_status=error.status)
        elif error.raised:
            meaning = meaning_of(error.raised)
            raised = f"{job.target} raised {error.raised}" + (f"\n{meaning}" if meaning else "")
            _report(message_fd, raised, traceback_in_log=True, exit_status=error.status)
        else:
            _report(message_fd, f"{job.target} ended with exit status {error.status}.", exit_status=error.status)
        return ExitStatus.CRASHED
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except GandoctorError as error:
        _report(message_fd, str(error))
        return ExitStatus.UNUSABLE
    except (TargetCrashed, TrainingCrashed) as error:
        if isinstance(error, TargetCrashed) and error.__cause__ is not None:
            print(of_import(error.__cause__), end="", file=sys.stderr)
        else:
            traceback.print_exception(error.__cause__ or error)
        _report(message_fd, str(error), traceback_in_log=True)
        return ExitStatus.UNUSABLE if isinstance(error, TargetCrashed) else ExitStatus.CRASHED
    except BaseException as error:  # noqa: BLE001 - logged and reported to the launcher; then the process ends
        traceback.print_exc()
        _report(message_fd, f"{type(error).__name__}: {error}", traceback_in_log=True)
        return ExitStatus.CRASHED
    return ExitStatus.INTERRUPTED if stop.reason == "interrupted" else ExitStatus.COMPLETED


def _run_script(job: Job, stop: StopRequest, message_fd: int) -> None:
    def announce(run_dir: Path, model: str) -> None:
        _send(message_fd, ChildMessage(recording=str(run_dir), model=model))

    why_unrecorded = run_script(job, stop, announce)
    if why_unrecorded is not None:
        _report(message_fd, why_unrecorded, exit_status=0, stands_by=stands_by())


def _take_over_standard_streams() -> tuple[int, int]:
    """Return copies of the launcher's pipes; the user's code then reads nothing and prints to the log."""
    control_fd, message_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return control_fd, message_fd


def _read_line(fd: int) -> bytes:
    line = b""
    while (byte := os.read(fd, 1)) not in (b"", b"\n"):
        line += byte
    return line


def _report(message_fd: int, error: str, **fields: Any) -> None:
    if not _send(message_fd, ChildMessage(error=error[:MESSAGE_MAX_CHARACTERS], **fields)):
        print(error, file=sys.stderr)  # the launcher is gone, but the log is still there


def _send(message_fd: int, message: ChildMessage) -> bool:
    try:
        os.write(message_fd, message.model_dump_json(exclude_defaults=True).encode() + b"\n")
    except OSError:
        return False
    return True


def _give_options(monitor: Any, job: Job) -> None:
    """Have a monitor set what is to be tried, and measure what is asked for, before it begins to record."""
    asked = job.duality_gap_at or monitor.options.duality_gap_at
    monitor.options = replace(monitor.options, changes=job.changes, duality_gap_at=asked)


def _metadata(job: Job, config: dict[str, Any]) -> dict[str, Any]:
    return {"target": job.target, "config": config, "command": job.command, "seed": _seed(job, config)}


def _seed(job: Job, config: dict[str, Any]) -> int | None:
    seed = job.options.get("seed", config.get("seed"))
    return seed if isinstance(seed, int) else None


if __name__ == "__main__":
    sys.exit(main())
