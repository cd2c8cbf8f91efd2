"""Trial: one step of the plan, trained again and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gandoctor.comparison.gaps import plain_gaps
from gandoctor.comparison.outcome import Comparison, Outcome, compared
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.diagnosis.plan import Step
from gandoctor.errors import GandoctorError, NotWritable
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import CHILD, ChildTraining
from gandoctor.store import load_run
from gandoctor.store.manifest import MANIFEST_NAME

LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Trial:
    """One step of the plan that was tried, or why it could not be.

    Attributes:
        step: The step.
        comparison: With the training as it was.
        run_dir: Where the training with the change is recorded; None where there was none.
        seed: Its seed, where it was given one.
        from_step: The step of the snapshot that it began at; 0 where it was trained from the start.
        last_step: How far it came.
        seconds: How long it took.
        note: Why it was not applied, where it began, why it ended early; "" otherwise.
        diagnosis: Of the training with the change.
        others: The same with other seeds, each compared with the run as it was with that seed.
    """

    step: Step
    comparison: Comparison
    run_dir: Path | None = None
    seed: int | None = None
    from_step: int = 0
    last_step: int = 0
    seconds: float = 0.0
    note: str = ""
    diagnosis: Diagnosis | None = field(default=None, repr=False)
    others: tuple[Trial, ...] = ()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcome with each seed, that of the run first."""
        return tuple(trial.comparison.outcome for trial in (self, *self.others))

    @property
    def outcome(self) -> Outcome:
        """What holds for every seed: cured with each; improved or cured with each; worse with any."""
        found = set(self.outcomes)
        if "worse" in found or len(found) == 1:
            return "worse" if "worse" in found else self.outcomes[0]
        return "improved" if found <= {"cured", "improved"} else "no change"

    def to_plain(self) -> dict[str, Any]:
        """Return the trial as JSON has it."""
        return {
            "step": self.step.to_plain(),
            **self.comparison.to_plain(),
            "outcome": self.outcome,
            "run": None if self.run_dir is None else str(self.run_dir),
            "seed": self.seed,
            "from_step": self.from_step,
            "last_step": self.last_step,
            "seconds": round(self.seconds, 1),
            "note": self.note,
            "duality_gap": {} if self.diagnosis is None else plain_gaps(self.diagnosis.run),
            "verdict": None if self.diagnosis is None else self.diagnosis.verdict,
            **({"seeds": [one.comparison.outcome for one in (self, *self.others)]} if self.others else {}),
        }


def by_seed(trial: Trial) -> str:
    """Return what came of each seed, as in "by seed: 1 cured, 2 no change"."""
    return f"by seed: {', '.join(f'{one.seed} {one.comparison.outcome}' for one in (trial, *trial.others))}"


def with_seed(words: Sequence[str], seed: int) -> list[str]:
    """Return the words of a command with another seed."""
    kept, given = [], iter(words)
    for word in given:
        if word == "--seed":
            next(given, None)
        elif not word.startswith("--seed="):
            kept.append(word)
    return [*kept, "--seed", str(seed)]


def not_applied(step: Step, why: str) -> Trial:
    """Return a step that was not tried."""
    return Trial(step, Comparison("not applied"), note=why)


def tried(
    step: Step,
    job: Job,
    before: Diagnosis,
    looks: Sequence[int],
    *,
    report: Callable[[int], None] = lambda step: None,
    child: Sequence[str] = CHILD,
) -> Trial:
    """Train with a step of the plan and compare the outcome with the training as it was.

    Args:
        step: The step.
        job: The training with the change.
        before: Diagnosis of the training without it.
        looks: Steps at which both are compared; where the change has made it clearly worse, it ends there.
        report: Called with the step reached, now and then.
        child: The command that starts the child; tests replace it.

    Raises:
        KeyboardInterrupt: Ctrl-C; the training is ended and what it recorded is kept.
    """
    began, note = time.monotonic(), _where_begun(job)
    training = ChildTraining(job, child)
    waiting = sorted(look for look in looks if _from_step(job) < look < before.run.last_step)
    try:
        while not training.wait(LOOK_EVERY_S):
            now = _reached(training.recording)
            report(now)
            if waiting and now >= waiting[0]:
                look = waiting.pop(0)
                if _is_worse(training.recording, before, step, look):
                    why = f"ended at step {now}: clearly worse at step {look}"
                    note = _joined(note, why)
                    training.stop(why)
    except KeyboardInterrupt:
        training.interrupt()
        training.outcome()
        raise
    outcome, seconds = training.outcome(), time.monotonic() - began
    run_dir = training.recording
    if outcome.ending == "unusable" and job.from_snapshot is not None:
        again = tried(step, from_the_start(job), before, looks, report=report, child=child)
        return replace(again, note=_joined(f"trained from the start: {outcome.message}", again.note))
    if outcome.ending == "unusable" or not (run_dir / MANIFEST_NAME).exists():
        return Trial(step, Comparison("not applied"), seconds=seconds, note=outcome.message or "nothing was recorded")
    after = diagnose(run_dir)
    return Trial(
        step,
        compared(before, after, step.findings),
        run_dir,
        job.options.get("seed"),
        _from_step(job),
        after.run.last_step,
        seconds,
        note,
        after,
    )


def finished(step: Step, job: Job, before: Diagnosis) -> Trial | None:
    """Return the trial of a training that this very command has brought to its end earlier; None where it has not."""
    run_dir = Path(job.run_dir)
    if not (run_dir / MANIFEST_NAME).exists():
        return None
    after = diagnose(run_dir)
    ended = next((event for event in after.run.events if event.kind == "ended"), None)
    if ended is None or (ended.model_extra or {}).get("reason") not in ("completed", "stopped", "crashed"):
        raise NotWritable(f"{run_dir} holds a training that did not come to its end; remove it to train again.")
    if after.run.manifest.command not in (job.command, from_the_start(job).command):
        raise NotWritable(f"{run_dir} holds another training; remove it, or use another folder (--into).")
    found = compared(before, after, step.findings)
    if after.run.manifest.command != job.command:
        job = from_the_start(job)
    note = _joined(_where_begun(job), "trained earlier")
    seed, last = job.options.get("seed"), after.run.last_step
    return Trial(step, found, run_dir, seed, _from_step(job), last, note=note, diagnosis=after)


def from_snapshot(words: Sequence[str], run_dir: Path, step: int) -> list[str]:
    """Return the words of a command that begins at a snapshot."""
    return [*words, "--from-snapshot", f"{run_dir.resolve()}@{step}"]


def from_the_start(job: Job) -> Job:
    """Return a training without the snapshot that it begins at, as `from_snapshot` has added it."""
    if job.from_snapshot is None:
        return job
    return job.model_copy(update={"from_snapshot": None, "command": job.command[:-2]})


def _from_step(job: Job) -> int:
    return 0 if job.from_snapshot is None else job.from_snapshot[1]


def _where_begun(job: Job) -> str:
    return f"begun at step {_from_step(job)}, the last snapshot before anything was wrong" if job.from_snapshot else ""


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _reached(run_dir: Path) -> int:
    try:
        return load_run(run_dir).last_step
    except GandoctorError:
        return 0


def _is_worse(run_dir: Path, before: Diagnosis, step: Step, look: int) -> bool:
    try:
        now = diagnose(load_run(run_dir).until(look))
    except GandoctorError:
        return False
    return compared(diagnose(before.run.until(look)), now, step.findings).outcome == "worse"
