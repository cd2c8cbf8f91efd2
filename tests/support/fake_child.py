"""A training child without TensorFlow: the real child's signals, pipes and statuses around a made-up training.

Settings (`settings=["KEY=VALUE"]`): `nan_from`, `crash_at`, `die_at` name a step; `refuse` is a message; `deaf` makes
the first interrupt go unheard; `step_ms` is how long a step takes; `kid` is the distance to the real data, within 5 %;
`networks` are those of the training: it goes on from no snapshot of other ones.
"""

import os
import select
import signal
import sys
from pathlib import Path

import numpy as np

from gandoctor.errors import GandoctorError, UnusableSnapshot
from gandoctor.experiments.child.main import TrainingCrashed, main
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.experiments.job import Job
from gandoctor.experiments.target import TargetCrashed
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.fork import fork
from gandoctor.store.snapshots import write_snapshot


def train(job: Job, stop: StopRequest) -> None:
    settings = dict(text.split("=", 1) for text in job.options.get("settings", []))
    if "refuse" in settings:
        raise GandoctorError(settings["refuse"])
    if "broken" in settings:
        raise TargetCrashed(f"{job.target} raised {settings['broken']}") from ValueError(settings["broken"])
    if job.from_snapshot is not None:
        if "networks" in settings:
            raise UnusableSnapshot("The networks are others.")
        fork(load_run(job.from_snapshot[0]), job.from_snapshot[1], Path(job.run_dir))
    steps = job.options.get("steps", 1_000_000)
    manifest = Manifest(target=job.target, command=job.command, planned_steps=steps, loss_family="non_saturating")
    writer = RunWriter(job.run_dir, manifest, resume=job.resume or job.from_snapshot is not None)
    print("this goes to the log")
    stop.begin_training()
    random = np.random.default_rng(job.options.get("seed", 0))
    for step in range(writer.last_step + 1, steps + 1):
        loss = float("nan") if step >= int(settings.get("nan_from", steps + 1)) else 0.6 + 0.1 * random.random()
        kid = {"sample_kid": float(settings["kid"]) * (1 + 0.05 * random.random())} if "kid" in settings else {}
        gap = {"duality_gap": 1.5 / step} if step in job.duality_gap_at else {}
        writer.record(step, record_of(loss, step, steps) | kid | gap)
        writer.flush()
        if job.snapshots and step % job.snapshots == 0:
            write_snapshot(writer.path, step, {})
        if step % 20 == 1:
            writer.samples(step, np.tile(np.linspace(0, 255, 28).astype(np.uint8)[None, None, :, None], (16, 28, 1, 1)))
        if step == int(settings.get("die_at", -1)):
            os.kill(os.getpid(), signal.SIGKILL)
        if step == int(settings.get("crash_at", -1)):
            writer.close("crashed", error="ValueError: made up")
            raise TrainingCrashed("Training raised ValueError: made up") from ValueError("made up")
        stop.count_step(step)
        if stop.reason is not None and "deaf" not in settings:
            writer.close(stop.reason, **({"why": stop.why} if stop.why else {}))
            return
        select.select([], [], [], int(settings.get("step_ms", 2)) / 1000)
    writer.close("completed")


def record_of(loss: float, step: int, steps: int) -> dict[str, float]:
    return {
        "d_loss": loss,
        "g_loss": 2.3 - loss,
        "d_grad_norm": 1.2,
        "g_grad_norm": 0.8 + 0.2 * np.sin(step / 30),
        "d_real_score": 0.61,
        "d_holdout_score": 0.6,
        "d_fake_score": 0.33 + 0.1 * np.sin(step / 20),
        "d_real_accuracy": 0.97,
        "d_holdout_accuracy": 0.96,
        "d_fake_accuracy": 0.9,
    }


if __name__ == "__main__":
    sys.exit(main(train))
