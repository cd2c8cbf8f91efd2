"""KerasTuner: an objective that a collapse cannot cheat, and a run directory for each execution of a trial.

::

    class Search(keras_tuner.HyperModel):
        def build(self, hp):
            return build(rate=hp.Float("rate", 1e-5, 1e-2, sampling="log"))

        def fit(self, hp, gan, *args, callbacks, **kwargs):
            run_dir = new_run_dir(callbacks)
            monitor = GANMonitor(run_dir, probe_data=x_real[:512])
            gan.fit(*args, callbacks=[monitor, StopOnFinding(monitor)], **kwargs)
            return objective_value(run_dir)

    keras_tuner.RandomSearch(Search(), max_trials=20).search(dataset, epochs=50)

Of KerasTuner's own callbacks one saves the weights after every epoch. Whoever passes them to `fit`, too, must first set
`gan.built = True` where the GAN has a `train_step` but no `call`: Keras saves nothing that was not built.

KerasTuner gives a search up after three failed trials in a row, unless told `max_consecutive_failed_trials`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

from keras_tuner.errors import FailedTrialError, FatalError

from gandoctor.errors import GandoctorError
from gandoctor.integrations.trials import RUN_DIR, FailedTrial, worth_of


class UnusableRun(GandoctorError, FatalError):
    """A run has no value for a reason that every trial shares: KerasTuner ends the search with it."""


def objective_value(run_dir: str | os.PathLike[str]) -> float:
    """Return how far a run's late samples are from the real data, to be returned by `HyperModel.fit`; less is better.

    Args:
        run_dir: The run of an execution of a trial.

    Raises:
        keras_tuner.errors.FailedTrialError: The run is failing, whatever its samples score, a guard has ended it, or
            its samples are not finite. The trial is marked as failed.
        UnusableRun: It cannot be read, or it measured no quality: that is the same for every trial.
    """
    try:
        return worth_of(run_dir)
    except FailedTrial as failure:
        raise FailedTrialError(str(failure)) from None
    except GandoctorError as error:
        raise UnusableRun(str(error)) from error


def new_run_dir(callbacks: Iterable[Any]) -> Path:
    """Return a run directory that is not there yet, in the trial's own folder.

    Args:
        callbacks: What KerasTuner passes to `HyperModel.fit`; one of them knows the trial.

    Raises:
        UnusableRun: None of them does.
    """
    for callback in callbacks:
        tuner: Any = getattr(callback, "tuner", None)
        trial: Any = getattr(callback, "trial", None)
        if hasattr(tuner, "get_trial_dir") and hasattr(trial, "trial_id"):
            folder = Path(tuner.get_trial_dir(trial.trial_id))
            return next(path for n in count(1) if not (path := folder / f"{RUN_DIR}-{n}").exists())
    raise UnusableRun("The callbacks name no trial: pass those that KerasTuner hands to HyperModel.fit.")
