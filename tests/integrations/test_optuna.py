"""Optuna with the real library: the search ends at the best healthy run, and a failing one has no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from gandoctor.errors import GandoctorError
from support.trial_runs import record

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore")  # what the library says of itself


def test_a_failing_run_does_not_win_by_its_distance(tmp_path: Path) -> None:
    from gandoctor.integrations.optuna import objective_value

    def objective(trial: object) -> float:
        x = trial.suggest_float("x", 0.0, 1.0, step=0.25)
        return objective_value(record(tmp_path / str(trial.number), 0.1 + x, broken=x == 0.0))

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.GridSampler({"x": [0.0, 0.25, 0.5]}, seed=1)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    study.optimize(objective, n_trials=3)
    assert study.best_params == {"x": 0.25}
    (pruned,) = study.get_trials(states=[optuna.trial.TrialState.PRUNED])
    assert pruned.params == {"x": 0.0}


def test_the_pruner_reads_the_run_of_the_trial(tmp_path: Path) -> None:
    from gandoctor.integrations.optuna import RUN_DIR, FindingsPruner

    study = optuna.create_study(pruner=FindingsPruner())
    good, bad, none = study.ask(), study.ask(), study.ask()
    good.set_user_attr(RUN_DIR, str(record(tmp_path / "good", 0.1)))
    bad.set_user_attr(RUN_DIR, str(record(tmp_path / "bad", 0.1, broken=True)))
    none.set_user_attr(RUN_DIR, str(tmp_path / "not yet"))
    assert [trial.should_prune() for trial in (good, bad, none)] == [False, True, False]


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    from gandoctor.integrations.optuna import FindingsPruner, objective_value

    with pytest.raises(GandoctorError, match="measured no quality"):
        objective_value(record(tmp_path / "bare", None))
    with pytest.raises(GandoctorError, match="use one of info"):
        FindingsPruner("awful")
