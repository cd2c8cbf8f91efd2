"""Begin a training at a snapshot of another run: its weights, its random states, its place in the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gandoctor.errors import UnusableSnapshot
from gandoctor.experiments.training import Training
from gandoctor.recording.session.options import Options
from gandoctor.store import load_run
from gandoctor.store.snapshots import open_snapshot


def gone_on(training: Training, run_dir: Path, step: int, options: Options) -> Training:
    """Return a training as it is after the step of a snapshot.

    Args:
        training: As its function has built it.
        run_dir: The run that has the snapshot.
        step: Its step.
        options: Of the monitor that will record it.

    Raises:
        NotARun: The run directory cannot be read.
        UnusableSnapshot: The snapshot is damaged or another training's, or the training cannot be set to it.
    """
    run = load_run(run_dir)
    if run.lost:
        raise UnusableSnapshot(
            f"{run.path} has lost a part of what it recorded, which no run can begin with: {run.lost[0]}"
        )
    if not hasattr(training.dataset, "skip"):
        raise UnusableSnapshot(
            f"The data are a {type(training.dataset).__name__}, whose place cannot be found again; "
            "only a tf.data.Dataset goes on from a snapshot."
        )
    if training.callbacks:
        names = ", ".join(type(callback).__name__ for callback in training.callbacks)
        raise UnusableSnapshot(f"The target has callbacks of its own ({names}), of which no snapshot keeps the state.")
    if step >= training.steps:
        raise UnusableSnapshot(f"The training ends at step {training.steps}, before the snapshot of step {step}.")

    from gandoctor.backends import backend_for

    backend = backend_for(training.model, options.generator, options.discriminator)(options, training.model)
    with open_snapshot(run.path, step) as snapshot:
        backend.training_state().restore(snapshot, step)
    return replace(training, dataset=training.dataset.skip(step), steps=training.steps - step)
