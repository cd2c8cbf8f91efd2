"""Optuna: an objective that a collapse cannot cheat, and a pruner of trials whose training has failed.

::

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

import optuna

from gandoctor.integrations.trials import RUN_DIR, FailedTrial, severe_finding, severity_called, worth_of


def objective_value(run_dir: str | os.PathLike[str]) -> float:
    """Return how far a run's late samples are from the real data; less is better.

    Args:
        run_dir: The run of a trial.

    Raises:
        optuna.TrialPruned: The run is failing, whatever its samples score, a guard has ended it, or its samples are
            not finite.
        GandoctorError: It cannot be read, or it measured no quality: that is the same for every trial.
    """
    try:
        return worth_of(run_dir)
    except FailedTrial as failure:
        raise optuna.TrialPruned(str(failure)) from None


class FindingsPruner(optuna.pruners.BasePruner):
    """Prunes a trial whose run shows a severe finding; `trial.should_prune()` asks it.

    The trial names its run: `trial.set_user_attr("gandoctor_run", run_dir)`. A run that cannot be read yet is not
    pruned.

    Args:
        severity: The least severe finding that prunes. Defaults to "critical".
        otherwise: Asked where nothing is found. Defaults to none.
    """

    def __init__(self, severity: str = "critical", otherwise: optuna.pruners.BasePruner | None = None) -> None:
        self._least = severity_called(severity)
        self._otherwise = otherwise

    def prune(self, study: optuna.study.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Tell whether a trial should be pruned."""
        run_dir = trial.user_attrs.get(RUN_DIR)
        if run_dir is not None and severe_finding(run_dir, self._least) is not None:
            return True
        return self._otherwise is not None and self._otherwise.prune(study, trial)
