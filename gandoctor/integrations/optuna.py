"""Optuna: an objective that a collapse cannot cheat, and a pruner of trials whose training has failed.

A search on a GAN's losses finds the discriminator that is easiest to fool; one on a distance finds what scores well by
chance. Here a run that is failing has no value at all, and any other one the late median of its distance::

    def objective(trial):
        run_dir = f"runs/{trial.number}"
        monitor = GANMonitor(run_dir, probe_data=x_real[:512])
        gan = build(rate=trial.suggest_float("rate", 1e-5, 1e-2, log=True))
        gan.fit(dataset, callbacks=[monitor, StopOnFinding(monitor)])
        return objective_value(run_dir)

    optuna.create_study(direction="minimize").optimize(objective, n_trials=50)
"""

from __future__ import annotations

import os
from pathlib import Path

import optuna

from gandoctor.comparison.outcome import QUALITY, late_quality
from gandoctor.diagnosis import diagnose
from gandoctor.errors import GandoctorError
from gandoctor.rules import Severity

RUN_DIR = "gandoctor_run"
"""User attribute of a trial that names its run directory."""


def objective_value(run_dir: str | os.PathLike[str]) -> float:
    """Return how far a run's late samples are from the real data; less is better.

    Args:
        run_dir: The run of a trial.

    Raises:
        optuna.TrialPruned: The run is failing, whatever its samples score, or its samples are not finite.
        GandoctorError: It cannot be read, or it measured no quality: that is the same for every trial.
    """
    diagnosis = diagnose(Path(run_dir))
    if diagnosis.verdict == "failing":
        raise optuna.TrialPruned(str(diagnosis.sentence))
    run = diagnosis.run
    signal = next((name for name in QUALITY if name in run), None)
    value = None if signal is None else late_quality(run, signal, run.last_step)
    if value is None:
        raise GandoctorError(f"{run_dir} measured no quality of samples: pass probe_data and latent_sampler.")
    if not value < float("inf"):
        raise optuna.TrialPruned(f"{signal} is {value} late in the run.")
    return value


class FindingsPruner(optuna.pruners.BasePruner):
    """Prunes a trial whose run shows a severe finding; `trial.should_prune()` asks it.

    The trial names its run: `trial.set_user_attr("gandoctor_run", run_dir)`. A run that cannot be read yet is not
    pruned.

    Args:
        severity: The least severe finding that prunes. Defaults to "critical".
        otherwise: Asked where nothing is found. Defaults to none.
    """

    def __init__(self, severity: str = "critical", otherwise: optuna.pruners.BasePruner | None = None) -> None:
        try:
            self._least = Severity(severity)
        except ValueError:
            raise GandoctorError(f"severity={severity!r} is unknown; use one of {', '.join(Severity)}.") from None
        self._otherwise = otherwise

    def prune(self, study: optuna.study.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Tell whether a trial should be pruned."""
        run_dir = trial.user_attrs.get(RUN_DIR)
        if run_dir is not None and self._has_failed(Path(run_dir)):
            return True
        return self._otherwise is not None and self._otherwise.prune(study, trial)

    def _has_failed(self, run_dir: Path) -> bool:
        try:
            found = diagnose(run_dir).detected
        except GandoctorError:
            return False
        return any(finding.severity.rank >= self._least.rank for finding in found)
