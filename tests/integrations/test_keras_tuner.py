"""KerasTuner with the real library: a failing run does not win, and each execution has a run of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gandoctor import GANMonitor
from gandoctor.store import load_run
from support.trial_runs import record

keras_tuner = pytest.importorskip("keras_tuner")
pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]  # what the library says of itself


def searched(tmp_path: Path, hypermodel: Any, values: list[float], **options: Any) -> Any:
    space = keras_tuner.HyperParameters()
    space.Choice("x", values)
    tuner = keras_tuner.GridSearch(
        hypermodel, hyperparameters=space, directory=tmp_path, project_name="search", **options
    )
    tuner.search(verbose=0)
    return tuner


class Recorded(keras_tuner.HyperModel):
    """Trains nothing: its runs are written as they are to be."""

    def __init__(self, build: Any, broken: tuple[float, ...] = (), kid: bool = True) -> None:
        super().__init__()
        self.made, self.broken, self.kid = build, broken, kid

    def build(self, hp: Any) -> Any:
        return self.made()

    def fit(self, hp: Any, model: Any, *args: Any, callbacks: Any, **kwargs: Any) -> float:
        from gandoctor.integrations.keras_tuner import new_run_dir, objective_value

        x = hp.get("x")
        run_dir = record(new_run_dir(callbacks), 0.1 + x if self.kid else None, broken=x in self.broken)
        return objective_value(run_dir)


@pytest.mark.slow
def test_a_failing_run_does_not_win_by_its_distance(tmp_path: Path, make_gan: Any) -> None:
    tuner = searched(tmp_path, Recorded(make_gan, broken=(0.0,)), [0.0, 0.25, 0.5], executions_per_trial=2)
    assert tuner.get_best_hyperparameters()[0].get("x") == 0.25
    states = {trial.hyperparameters.get("x"): trial for trial in tuner.oracle.trials.values()}
    assert [states[x].status for x in (0.0, 0.25, 0.5)] == ["FAILED", "COMPLETED", "COMPLETED"]
    assert states[0.25].score == pytest.approx(0.35)
    assert "d_loss" in states[0.0].message
    folder = Path(tuner.get_trial_dir(states[0.5].trial_id))
    assert sorted(path.name for path in folder.glob("gandoctor_run-*")) == ["gandoctor_run-1", "gandoctor_run-2"]


def test_what_every_trial_lacks_ends_the_search(tmp_path: Path, make_gan: Any) -> None:
    from gandoctor.integrations.keras_tuner import UnusableRun, new_run_dir

    with pytest.raises(UnusableRun, match="measured no quality"):
        searched(tmp_path, Recorded(make_gan, kid=False), [0.0, 0.25])
    with pytest.raises(UnusableRun, match="name no trial"):
        new_run_dir([])


@pytest.mark.slow
@pytest.mark.parametrize("is_built", [True, False])
def test_a_trial_trains_under_a_monitor(tmp_path: Path, make_gan: Any, fit: Any, reals: Any, is_built: bool) -> None:
    from gandoctor.integrations.keras_tuner import new_run_dir, objective_value

    class Trained(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return make_gan()

        def fit(self, hp: Any, gan: Any, *args: Any, callbacks: Any, **kwargs: Any) -> float:
            gan.g_optimizer.learning_rate = hp.get("x")
            run_dir = new_run_dir(callbacks)
            monitor = GANMonitor(run_dir, probe_data=reals)
            gan.built = is_built
            fit(gan, reals, [monitor, *(callbacks if is_built else [])], steps=4)
            return objective_value(run_dir)

    tuner = searched(tmp_path, Trained(), [1e-3, 1e-2])
    for trial in tuner.oracle.trials.values():
        assert trial.status == "COMPLETED", trial.message
        assert trial.score > 0
        run = load_run(Path(tuner.get_trial_dir(trial.trial_id)) / "gandoctor_run-1")
        assert (run.last_step, run.state) == (4, "completed")
