"""How long completed steps wait for the disk, on a clock that steps and probes move: what a kill would cost.

    python tests/recording/written_in_time.py RUN_DIR > ages.json

Prints the longest wait in seconds, looked for before every step and at the end of every probe.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy_gan import BATCH, GAN, NumpyBackend, reals

from gandoctor.recording.instruments.losses import Losses
from gandoctor.recording.session.options import Options
from gandoctor.recording.session.session import Session
from gandoctor.store import load_run

STEPS = 600
PROBE_S = 3.0
CLOCK = [1000.0]


def main(run_dir: Path) -> None:
    time.monotonic = lambda: CLOCK[0]
    gan, data, rng = GAN(), reals(), np.random.default_rng(1)
    session = Session(Options(run_dir, probe_data=data), NumpyBackend(gan), STEPS)
    session.add(Losses)
    ended: dict[int, float] = {}
    waits = {"steps": 0.0, "probes": 0.0}

    def look(when: str) -> None:
        run = load_run(run_dir)
        written = int(run["d_loss"].index[-1]) if "d_loss" in run else 0
        oldest = min((at for step, at in ended.items() if written < step < session.step), default=CLOCK[0])
        waits[when] = max(waits[when], CLOCK[0] - oldest)

    probe_values = session.probe_values

    def slow_probe() -> dict[str, float]:
        values = probe_values()
        CLOCK[0] += PROBE_S
        session._stopwatch.last_cost = PROBE_S
        look("probes")
        return values

    session.probe_values = slow_probe  # type: ignore[method-assign]
    session.start()
    for step in range(STEPS):
        # Many in a row of the same length: a fast training hands over 128 at a time.
        CLOCK[0] += float(10 ** np.random.default_rng(step // 60).uniform(-3, -0.4))
        look("steps")
        real: Any = data[16 * (step % 8) : 16 * (step % 8 + 1)]
        gan.train_step(real, rng.standard_normal((BATCH, 4)))
        ended[step + 1] = CLOCK[0]
        session.end_own_step({"note": "no number: costs no row"})
    session.close("completed")
    print(json.dumps(waits))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
