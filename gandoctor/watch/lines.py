"""Plain lines for output that is not a terminal: one every few seconds and one per new finding."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.as_text import SEVERITIES, TRY, lead
from gandoctor.diagnosis.headlines import BEFORE_TRAINING, headline_of, is_in_the_model
from gandoctor.message import Message, Say
from gandoctor.printable import printable, short_exponent
from gandoctor.rules import Finding
from gandoctor.watch.snapshot import Snapshot

LINE_EVERY_S = 5.0

_SHORT = {
    "d_loss": "d_loss",
    "g_loss": "g_loss",
    "d_real_score": "D(real)",
    "d_holdout_score": "D(holdout)",
    "d_fake_score": "D(fake)",
    "d_grad_norm": "|g_D|",
    "g_grad_norm": "|g_G|",
}


class LinesView:
    """Writes lines; never moves the cursor, never colours.

    Args:
        write: Takes one line without its newline.
        clock: Time in seconds.
        every_s: Shortest time between two progress lines.
        say: Says messages in the reader's language.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        clock: Callable[[], float],
        every_s: float = LINE_EVERY_S,
        say: Say = str,
    ) -> None:
        self._say = say
        self._write = write
        self._clock = clock
        self._every_s = every_s
        self._written_at = float("-inf")
        self._written_step: int | None = None
        self._notice: str | None = None
        self._run_dir: Path | None = None
        self._told: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        """Nothing to take."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to give back."""

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Write what is new since the last call."""
        if notice is not None and notice != self._notice:
            self._write(notice)
        self._notice = notice
        if snapshot is None:
            return
        if snapshot.run_dir != self._run_dir:
            if self._run_dir is not None:
                now = Message("Now recording to {path}", path=str(snapshot.run_dir))
                self._write(printable(self._say(now)))
            self._run_dir = snapshot.run_dir
            self._told.clear()
            self._written_step = None
        for gap in snapshot.lost:
            if (key := ("lost", str(gap))) not in self._told:
                self._told.add(key)
                self._write(printable(self._say(Message("Not readable: {gap}", gap=gap))))
        for finding in in_order(snapshot.diagnosis) if snapshot.diagnosis else ():
            key = (f"{finding.game} {finding.rule.id}", finding.severity.value)
            if key not in self._told and snapshot.diagnosis is not None:
                self._told.add(key)
                self._write(finding_line(finding, snapshot.diagnosis, self._say))
        due = snapshot.state != "running" or self._clock() - self._written_at >= self._every_s
        if due and snapshot.step != self._written_step:
            self._written_at = self._clock()
            self._written_step = snapshot.step
            for line in progress_lines(snapshot, self._say):
                self._write(line)


def progress_lines(snapshot: Snapshot, say: Say = str) -> list[str]:
    """Return the progress line of a run, or that of each of its games with the name."""
    games = [f"{name}: {progress_line(game, say)}" for name, game in snapshot.games.items()]
    return games or [progress_line(snapshot, say)]


def progress_line(snapshot: Snapshot, say: Say = str) -> str:
    """Return e.g. "step 120/1000  d_loss 0.512  g_loss 1.43  D(real) 0.61  D(fake) 0.33  eta 01:10"."""
    parts = [say(Message("step {step}", step=steps_text(snapshot)))]
    parts += [
        f"{short} {number(snapshot.curves[name][-1])}" for name, short in _SHORT.items() if name in snapshot.curves
    ]
    for name, game in snapshot.games.items():
        losses = [f"{n} {number(game.curves[n][-1])}" for n in ("d_loss", "g_loss") if n in game.curves]
        parts.append(" ".join([f"{name}:", *losses]))
    if snapshot.in_warm_up:
        parts.append(say(Message("warm-up")))
    if snapshot.seconds_left is not None:
        parts.append(say(Message("eta {time}", time=duration(snapshot.seconds_left))))
    return "  ".join(parts)


def in_order(diagnosis: Diagnosis) -> list[Finding]:
    """Return the detected findings, each cause followed by what follows from it."""
    return [finding for root, after in diagnosis.groups for finding in (root, *after)]


def finding_line(finding: Finding, diagnosis: Diagnosis, say: Say = str) -> str:
    """Return a detected finding by name, with its fact and since when, and what to do, in one line.

    What follows from another finding says so instead: what to do is said there.
    """
    of_game = diagnosis.games.get(finding.game or "", diagnosis)
    game = f"{finding.game}: " if finding.game is not None else ""
    severity = say(SEVERITIES[finding.severity])
    line = f"{severity}: {game}{finding.rule.id} {say(headline_of(finding, of_game.run))}"
    if is_in_the_model(finding):
        line += f" ({say(BEFORE_TRAINING)})"
    if finding.rule.id in of_game.follows:
        follows = Message("follows from {id}", id=of_game.follows[finding.rule.id])
        return printable(f"{line}; {say(follows)}")
    advice = suggestion(finding, diagnosis, say)
    return printable(f"{line}; {lead(TRY, say)}{advice}" if advice else line)


def suggestion(finding: Finding, diagnosis: Diagnosis, say: Say = str) -> str:
    """Return what to do about a finding: the step of the plan that answers it, else its first treatment, or ""."""
    plan = diagnosis.games.get(finding.game or "", diagnosis).plan
    step = next((step for step in plan if finding.rule.id in step.findings), None)
    if step is not None:
        return say(step.title)
    return say(finding.treatments[0].title) if finding.treatments else ""


def steps_text(snapshot: Snapshot) -> str:
    """Return "120/1000", or "120" where the end is not known."""
    return f"{snapshot.step}/{snapshot.planned_steps}" if snapshot.planned_steps else str(snapshot.step)


def number(value: float) -> str:
    """Return a value with three significant digits in at most 8 characters."""
    if not math.isfinite(value):
        return str(float(value))
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    if magnitude < 1e-3 or magnitude >= 1e5:
        return short_exponent(f"{value:.1e}")
    if magnitude >= 100:
        return f"{value:.0f}"
    return f"{value:.{2 if magnitude >= 10 else 3}f}"


def duration(seconds: float) -> str:
    """Return mm:ss, or h:mm:ss from one hour on."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{clock}" if hours else clock
