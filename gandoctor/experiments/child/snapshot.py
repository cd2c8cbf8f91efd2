"""Begin a training at a snapshot of another run: its weights, its random states, its place in the data, its record."""

from __future__ import annotations

from dataclasses import replace

from gandoctor.errors import UnusableSnapshot
from gandoctor.experiments.training import Training
from gandoctor.recording.session.options import Options
from gandoctor.store import load_run
from gandoctor.store.fork import fork
from gandoctor.store.snapshots import open_snapshot


def gone_on(training: Training, place: tuple[str, int], options: Options) -> Training:
    """Return a training as it is after the step of a snapshot, and write the record of the steps before.

    Args:
        training: As its function has built it.
        place: Run directory and step of the snapshot.
        options: Of the monitor that will record it.

    Raises:
        NotARun, NotWritable: A run directory cannot be read or written.
        UnusableSnapshot: The snapshot is damaged or another training's, or the training cannot be set to it.
    """
    run, step = load_run(place[0]), place[1]
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
    fork(run, step, options.run_dir)
    return replace(training, dataset=training.dataset.skip(step), steps=training.steps - step)
