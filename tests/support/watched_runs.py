"""Snapshots and runs for the tests of the watch view; imported by them, holds no tests."""

from pathlib import Path

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.rules import Evidence, Finding, Rule, Severity, Status
from gandoctor.store import Run
from gandoctor.treatments import TREATMENTS
from gandoctor.watch.snapshot import Preview, Snapshot


def rule(rule_id: str, title: str = "A failure mode", severity: Severity = Severity.CRITICAL, treatments=()) -> Rule:
    return Rule(
        rule_id,
        title.lower().replace(" ", "-"),
        title,
        severity,
        ("d_loss",),
        lambda run, limits: [],
        None,
        treatments,
        (),
        "",
    )


def detected(rule_id: str, title: str, severity: Severity, first_step: int = 320, treatments=()) -> Finding:
    evidence = Evidence("d_loss", 0.003, 0.05, first_step, 400, f"The loss of D was 0.003 from step {first_step} on.")
    return Finding(
        rule(rule_id, title, severity, treatments),
        Status.DETECTED,
        severity,
        evidence=(evidence,),
        treatments=tuple(TREATMENTS[i] for i in treatments),
    )


def judged(rule_id: str, status: Status, reason: str | None = None) -> Finding:
    return Finding(rule(rule_id), status, Severity.WARNING, reason=reason)


def snapshot(*findings: Finding, **changes) -> Snapshot:
    steps = np.arange(420)
    curves = {
        "d_loss": 0.6 + 0.1 * np.sin(steps / 9.0),
        "g_loss": 1.2 + steps / 400,
        "d_real_score": np.full(40, 0.61),
        "d_holdout_score": np.full(40, 0.6),
        "d_fake_score": np.linspace(0.5, 0.3, 40),
        "d_real_accuracy": np.full(40, 0.98),
        "d_holdout_accuracy": np.full(40, 0.97),
        "d_fake_accuracy": np.full(40, 0.9),
        "d_grad_norm": 1 + np.cos(steps / 30),
        "g_grad_norm": np.full(420, 0.8),
    }
    ramp = np.tile(np.linspace(0, 255, 28).astype(np.uint8)[None, None, :, None], (16, 28, 1, 1))
    fields = {
        "run_dir": Path("runs/20260102-030405-quick"),
        "state": "running",
        "step": 420,
        "planned_steps": 1000,
        "steps_per_second": 13.4,
        "seconds_left": 43.3,
        "loss_family": "non_saturating",
        "seed": 0,
        "diagnosis": Diagnosis(Run.from_signals({}), findings) if findings else None,
        "warm_up_end": 150,
        "curves": curves,
        "preview": Preview(400, ramp),
    }
    return Snapshot(**{**fields, **changes})
