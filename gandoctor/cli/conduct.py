"""Conduct one run: start the child, follow its run directory, pass on Ctrl-C, diagnose the run and write the report."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console

from gandoctor.cli.options import say_in
from gandoctor.cli.relay import Relay, last_traceback
from gandoctor.cli.report import write_all
from gandoctor.cli.text import diagnosis_lines, print_lines
from gandoctor.cli.watch import report_writer
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError, UnusableTarget
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import CHILD, ChildTraining, Outcome
from gandoctor.experiments.target import DEFAULT_TARGET, is_script
from gandoctor.message import Message, Say
from gandoctor.printable import printable
from gandoctor.rules import Severity
from gandoctor.store.manifest import MANIFEST_NAME
from gandoctor.watch.follow import Follower, View, follow
from gandoctor.watch.keys import Keyboard
from gandoctor.watch.lines import LINE_EVERY_S, LinesView, finding_line
from gandoctor.watch.snapshot import Snapshot
from gandoctor.watch.view import ProgressView, ScreenView
from gandoctor.watch.waiting import LOADING

QUIET_LINE_EVERY_S = 30.0
_ENDING_NOTICE = Message("Stopping after this step. The report follows. Press Ctrl-C again to end at once.")


def conduct(
    job: Job,
    *,
    watch: bool,
    stop_on: str | None,
    verbose: bool = False,
    lang: str = "en",
    child: Sequence[str] = CHILD,
) -> tuple[list[Diagnosis], Outcome]:
    """Run a training from launch to report.

    Args:
        job: What to train.
        watch: Whether to show the training live. Otherwise only its progress is shown.
        stop_on: End the training when a finding at or above this severity is detected.
        verbose: Whether to print the whole report before the verdict.
        lang: Language of what is said, and of the report.
        child: The command that starts the child; tests replace it.

    Returns:
        The diagnosis of every recorded run (none if the training ended before recording) and how the child ended.

    Raises:
        UnusableTarget: Nothing could be trained.
        NotWritable: The run directory is not empty or cannot be created.
        KeyboardInterrupt: A second Ctrl-C, or one while the report was being written.
    """
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    training = ChildTraining(job, child)
    with Interrupts(training) as interrupts:  # at once: what the views need takes a second to load
        stopper = _Stopper(training, Severity(stop_on) if stop_on else None, say_in(lang))
        view = _make_view(console, watch, job, lang)
        is_judged = watch or stop_on is not None
        follower = Follower(training.run_dir, time.time, judging=is_judged, in_background=isinstance(view, ScreenView))

        def notice() -> str | None:
            return say_in(lang)(_ENDING_NOTICE) if interrupts.count else stopper.notice

        _show(training, follower, view, console, stopper, notice)
        if not training.has_ended():  # the reader has left the screen, and the training goes on
            after = ProgressView(console, say_in(lang))
            _show(training, follower, after, console, stopper, notice, is_relayed=False)
    outcome = training.outcome()
    if isinstance(view, ScreenView) and is_script(job.target):
        _print_hidden_output(training, outcome, errors)
    was_shown = is_script(job.target) and not isinstance(view, ScreenView)
    return _conclude(training, outcome, stopper, console, errors, was_shown, verbose, lang)


def _show(
    training: ChildTraining,
    follower: Follower,
    view: View,
    console: Console,
    stopper: _Stopper,
    notice: Callable[[], str | None],
    is_relayed: bool = True,
) -> None:
    """Show a training until it ends or the reader leaves the screen."""
    with ExitStack() as stack:
        stack.enter_context(view)
        keyboard = stack.enter_context(Keyboard()) if isinstance(view, ScreenView) else None
        relay = _make_relay(training, view, console) if is_relayed else lambda _over: None

        def has_ended(_: Snapshot | None) -> bool:
            over = training.has_ended()
            relay(over)
            follower.turn_to(training.recording)
            return over

        def wait(seconds: float) -> bool:
            if keyboard is None or not keyboard.is_there or not isinstance(view, ScreenView):
                return training.wait(seconds) and False
            return view.press(keyboard.wait(seconds))

        follow(follower, view, wait=wait, ended=has_ended, on_look=stopper.look, notice=notice)


def _print_hidden_output(training: ChildTraining, outcome: Outcome, errors: Console) -> None:
    """Print the traceback that the screen view hid, if the script crashed, and where the rest of its output is."""
    for line in last_traceback(training.log_path) if outcome.ending == "crashed" else ():
        errors.print(printable(line), soft_wrap=True, markup=False)
    errors.print(f"The script's output is in {printable(str(training.log_path))}.", soft_wrap=True, markup=False)


def _conclude(
    training: ChildTraining,
    outcome: Outcome,
    stopper: _Stopper,
    console: Console,
    errors: Console,
    was_shown: bool,
    verbose: bool,
    lang: str,
) -> tuple[list[Diagnosis], Outcome]:
    if outcome.ending == "unusable":
        raise UnusableTarget(outcome.message or "The target cannot be used.")
    if outcome.message:
        for line in outcome.message.splitlines():
            errors.print(printable(line), soft_wrap=True, markup=False)
    recorded = [run_dir for run_dir in training.runs if (run_dir / MANIFEST_NAME).exists()]
    if not recorded and outcome.exit_status != 0:  # the message of a script that ended well already says why
        errors.print("Nothing was recorded, so there is no report.")
    if outcome.where is None:  # else the message names the log
        if was_shown and (not recorded or training.holds_only_the_log()):
            training.remove_created_files()
        elif not recorded:
            with suppress(OSError), training.log_path.open("a") as log:
                log.write(f"{outcome.message or 'Nothing was recorded.'}\n")
    diagnoses = []
    for run_dir in recorded:
        if len(recorded) > 1:
            model = training.runs[run_dir]
            console.print(printable(f"\n{run_dir}{f'  {model}' if model else ''}"), soft_wrap=True, markup=False)
        summary = stopper.summary if run_dir == recorded[-1] else None
        diagnoses.append(_report(run_dir, summary, console, errors, verbose, lang))
    return diagnoses, outcome


def _report(
    run_dir: Path, summary: str | None, console: Console, errors: Console, verbose: bool, lang: str
) -> Diagnosis:
    """Judge a run and write its report; the verdict is the last thing on the screen, and says where the report is."""
    diagnosis, say = diagnose(run_dir), say_in(lang)
    if verbose and any("pass " in str(finding.reason) for finding in diagnosis.checks if finding.reason):
        console.print(
            "What is to be passed is an argument of GANMonitor: give the script one of its own (docs/attaching.md).",
            soft_wrap=True,
            markup=False,
        )
    if summary is not None:
        console.print(summary, soft_wrap=True, markup=False)
    report = None
    try:
        report = write_all(diagnosis, None, lang=lang)
    except GandoctorError as error:
        errors.print(f"Error: {printable(str(error))}", soft_wrap=True, markup=False)
    print_lines(console, diagnosis_lines(diagnosis, verbose, say))
    if report is not None:
        where = say(Message("Report: {path}", path=str(report)))
        console.print(printable(where), soft_wrap=True, markup=False)
    return diagnosis


class Interrupts:
    """Handles Ctrl-C, SIGTERM and SIGHUP while a child trains: the first ends it cleanly, the second kills it.

    A signal handler is used because KeyboardInterrupt could be raised in the middle of drawing.

    Attributes:
        count: Number of signals so far.
    """

    def __init__(self, training: ChildTraining) -> None:
        self.count = 0
        self._training = training
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Install the handlers."""
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)):
            if number is not None:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the earlier handlers; after an error, kill the child."""
        if kind is not None:
            self._training.kill()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            self._training.kill()
            raise KeyboardInterrupt
        self._training.interrupt()


class _Stopper:
    """Stops the training at the first finding that is severe enough.

    Attributes:
        notice: Shown while the training stops.
        summary: Shown at the end: the rule that stopped the training and the number of steps saved.
    """

    def __init__(self, training: ChildTraining, severity: Severity | None, say: Say) -> None:
        self.notice: str | None = None
        self._say = say
        self._training = training
        self._severity = severity
        self._stopped_by: str | None = None
        self._last: Snapshot | None = None

    def look(self, snapshot: Snapshot) -> None:
        self._last = snapshot
        if self._severity is None or self._stopped_by is not None or snapshot.diagnosis is None:
            return
        if snapshot.state != "running":
            return
        for finding in snapshot.diagnosis.detected:
            if finding.severity.rank >= self._severity.rank:
                self._stopped_by = finding.rule.id
                line = finding_line(finding, snapshot.diagnosis, self._say)
                self.notice = self._say(Message("Stopping on {finding}", finding=line))
                self._training.stop(why=f"{finding.rule.id} {finding.severity.value}")
                return

    @property
    def summary(self) -> str | None:
        if self._stopped_by is None or self._last is None:
            return None
        planned, step = self._last.planned_steps, self._last.step
        said = Message("Stopped at step {step} because of {id}.", step=step, id=self._stopped_by)
        if planned:
            said = Message(
                "Stopped at step {step} because of {id}, which saved {saved} of {planned} steps.",
                step=step,
                id=self._stopped_by,
                saved=planned - step,
                planned=planned,
            )
        return self._say(said)


def _make_relay(training: ChildTraining, view: View, console: Console) -> Callable[[bool], None]:
    """Return a function that shows the script's new output; it does nothing if the view takes the whole screen."""
    if not is_script(training.job.target) or isinstance(view, ScreenView):
        return lambda _over: None

    def write(line: str) -> None:
        with suppress(OSError):  # the report must be written even if nobody reads the output any more
            # On a terminal, the console puts the line above the progress line.
            console.print(printable(line), soft_wrap=True, markup=False, highlight=False)

    return Relay(training.log_path, write).look


def _make_view(console: Console, watch: bool, job: Job, lang: str) -> View:
    say = say_in(lang)
    starting = LOADING if job.target == DEFAULT_TARGET else Message("building {target}", target=job.target)
    if is_script(job.target):
        starting = Message("{script} runs; no GAN has trained yet", script=job.target)
    if console.is_terminal and not console.is_dumb_terminal:
        if watch:
            return ScreenView(console, Message("q quit  Ctrl-C stops the training"), report_writer(lang), say, starting)
        return ProgressView(console, say, starting)

    def write(line: str) -> None:
        with suppress(OSError):  # the report must be written even if nobody reads the output any more
            print(printable(line), flush=True)

    return LinesView(write, time.time, LINE_EVERY_S if watch else QUIET_LINE_EVERY_S, say)
