"""Trials of a search: what a trial's run is worth, which a collapse cannot cheat, and what a finding says against it.

A search on a GAN's losses finds the discriminator that is easiest to fool; one on a distance finds what scores well by
chance. So a run that has failed is worth nothing, and any other one the late median of its distance to the real data.
"""

from __future__ import annotations

import os
from pathlib import Path

from gandoctor.comparison.outcome import QUALITY, late_quality
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError
from gandoctor.rules import Finding, Severity
from gandoctor.store import Run

RUN_DIR = "gandoctor_run"
"""What a trial's run directory is called where a library keeps it."""


class FailedTrial(Exception):
    """A trial has failed; its text says why. Each library is told in its own way."""


def worth_of(run_dir: str | os.PathLike[str]) -> float:
    """Return how far a run's late samples are from the real data, finite; less is better.

    Args:
        run_dir: The run of a trial.

    Raises:
        FailedTrial: The run is failing, whatever its samples score, a guard has ended it, or its samples are not
            finite.
        GandoctorError: It cannot be read, or it measured no quality: that is the same for every trial.
    """
    diagnosis = diagnose(Path(run_dir))
    failure = failure_of(diagnosis)
    if failure is not None:
        raise FailedTrial(failure)
    quality = quality_of(diagnosis.run)
    if quality is None:
        raise GandoctorError(f"{run_dir} measured no quality of samples: pass probe_data and latent_sampler.")
    signal, value = quality
    if not value < float("inf"):
        raise FailedTrial(f"{signal} is {value} late in the run.")
    return value


def failure_of(diagnosis: Diagnosis) -> str | None:
    """Return why a run counts as failed, or None: it is failing, or a guard has ended it, for a remark perhaps."""
    if diagnosis.verdict == "failing":
        return str(diagnosis.sentence)
    for event in reversed(diagnosis.run.events):
        if event.kind == "guard":
            fields = event.model_extra or {}
            return f"{fields.get('guard')} ended it at step {event.step}: {fields.get('finding')}."
        if event.kind in ("started", "resumed"):
            break
    return None


def quality_of(run: Run) -> tuple[str, float] | None:
    """Return the signal of quality that a run has and its late median, or None where it has none late in the run."""
    signal = next((name for name in QUALITY if name in run), None)
    value = None if signal is None else late_quality(run, signal, run.last_step)
    return None if signal is None or value is None else (signal, value)


def severity_called(name: str) -> Severity:
    """Return a severity by its name.

    Raises:
        GandoctorError: There is no such severity.
    """
    try:
        return Severity(name)
    except ValueError:
        raise GandoctorError(f"severity={name!r} is unknown; use one of {', '.join(Severity)}.") from None


def severe_finding(run_dir: str | os.PathLike[str], least: Severity) -> Finding | None:
    """Return the first finding that is at least so severe; None without one, and where the run cannot be read yet."""
    try:
        found = diagnose(Path(run_dir)).detected
    except GandoctorError:
        return None
    return next((finding for finding in found if finding.severity.rank >= least.rank), None)
