"""Ray Tune: a report of the objective that a collapse cannot cheat, and a stopper of trials whose training has failed.

::

    def train(config):
        run_dir = os.path.abspath("run")  # in the trial's own folder
        monitor = GANMonitor(run_dir, probe_data=x_real[:512])
        gan = build(rate=config["rate"])
        tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: report(run_dir))
        gan.fit(dataset, epochs=50, callbacks=[monitor, tell])
        report(run_dir)

    tune.Tuner(
        train,
        param_space={"rate": tune.loguniform(1e-5, 1e-2)},
        tune_config=tune.TuneConfig(metric="gandoctor_value", mode="min", num_samples=20),
        run_config=tune.RunConfig(stop=FindingsStopper()),
    ).fit()

The worker judges its own run, so that Ray's machines need no folder in common.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray import tune

from gandoctor.diagnosis import diagnose
from gandoctor.integrations.trials import RUN_DIR, failure_of, quality_of, severity_called

VALUE = "gandoctor_value"
"""Distance of the late samples to the real data; less is better. Infinite, which Ray never takes as the best, for a run
that has failed; NaN before samples were measured."""
SEVERITY = "gandoctor_severity"
"""Severity of the worst finding: "info", "warning" or "critical"; "" without one."""
FINDINGS = "gandoctor_findings"
"""Ids of the findings, the worst first, with a space between."""


def metrics_of(run_dir: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a trial reports of its run: `VALUE`, `SEVERITY`, `FINDINGS` and its directory.

    Args:
        run_dir: The run of this trial, under way or ended.

    Raises:
        GandoctorError: It cannot be read.
    """
    diagnosis = diagnose(Path(run_dir))
    quality = quality_of(diagnosis.run)
    value = float("nan") if quality is None else quality[1]
    has_failed = failure_of(diagnosis) is not None or (quality is not None and not value < float("inf"))
    return {
        VALUE: float("inf") if has_failed else value,
        SEVERITY: str(diagnosis.worst or ""),
        FINDINGS: " ".join(finding.rule.id for finding in diagnosis.detected),
        RUN_DIR: str(Path(run_dir).absolute()),
    }


def report(run_dir: str | os.PathLike[str], **metrics: Any) -> None:
    """Report a trial's run to Ray Tune, from the function that trains it.

    Args:
        run_dir: The run of this trial, under way or ended.
        metrics: What else is reported.

    Raises:
        GandoctorError: It cannot be read.
    """
    tune.report({**metrics, **metrics_of(run_dir)})


class FindingsStopper(tune.Stopper):
    """Ends a trial that has reported a severe finding: `tune.RunConfig(stop=FindingsStopper())`.

    Args:
        severity: The least severe finding that ends a trial. Defaults to "critical".
        patience: How many reports in a row must have one. Defaults to 2.

    Raises:
        GandoctorError: There is no such severity.
    """

    def __init__(self, severity: str = "critical", patience: int = 2) -> None:
        self._least = severity_called(severity)
        self._patience = patience
        self._in_a_row: dict[str, int] = {}

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Tell whether a trial should end."""
        found = result.get(SEVERITY)
        is_severe = bool(found) and severity_called(str(found)).rank >= self._least.rank
        self._in_a_row[trial_id] = self._in_a_row.get(trial_id, 0) + 1 if is_severe else 0
        return self._in_a_row[trial_id] >= self._patience

    def stop_all(self) -> bool:
        """Never: the other trials go on."""
        return False
