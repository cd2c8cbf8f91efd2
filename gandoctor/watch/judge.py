"""The judge: `python -m gandoctor.watch.judge RUN_DIR` judges a growing run again and again, one JSON line each time.

A process of its own, so that judging costs the training no Python time: the lines are `Judgement`s. It reads what is
new, uses at most a twentieth of one core after its start, and ends when its standard input does.
"""

from __future__ import annotations

import os
import select
import sys
import time
from contextlib import suppress
from pathlib import Path

from gandoctor.errors import GandoctorError
from gandoctor.judgement import DetectedFinding, Judgement
from gandoctor.watch.follow import BUSY_SHARE, LOOK_EVERY_S, Follower
from gandoctor.watch.snapshot import Snapshot

NICENESS = 10


def main(run_dir: Path) -> None:
    """Judge until standard input ends."""
    with suppress(OSError):
        os.nice(NICENESS)
    follower = Follower(run_dir, time.time)
    judged: object = None
    pause = 0.0
    while not select.select([sys.stdin], [], [], pause)[0]:
        begun = time.process_time()
        judgement: Judgement | None = None
        try:
            snapshot = follower.look()
            if snapshot is not None and snapshot.diagnosis is not None and snapshot.diagnosis is not judged:
                judged = snapshot.diagnosis
                judgement = judgement_of(snapshot)
        except GandoctorError as error:
            judgement = Judgement(unreadable=str(error))
        if judgement is not None:
            print(judgement.model_dump_json(), flush=True)
        pause = max(LOOK_EVERY_S, (time.process_time() - begun) / BUSY_SHARE)


def judgement_of(snapshot: Snapshot) -> Judgement:
    """Return what a snapshot whose diagnosis is new says."""
    assert snapshot.diagnosis is not None
    return Judgement(
        step=snapshot.step,
        detected=[
            DetectedFinding(
                id=finding.rule.id,
                name=finding.rule.name,
                title=str(finding.rule.title),
                severity=finding.severity.value,
                first_step=finding.first_step,
            )
            for finding in snapshot.diagnosis.detected
        ],
    )


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main(Path(sys.argv[1]))
