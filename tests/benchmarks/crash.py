"""Kills, power cuts, full disks, many writers and readers, clocks that go backwards: what of a recording survives.

    PYTHONPATH=tests python tests/benchmarks/crash.py [--nightly] [--seed N]

By default a fifth of what `--nightly` tries: 200 kills. A kill is survived where the run opens, reads as interrupted,
names no loss, lacks no step that had been completed a second before, and can be resumed. The table goes to
`reports/crash.md`. Exits with 1 if something did not survive. Needs no framework.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gandoctor.diagnosis import diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import ChildTraining
from gandoctor.store import Manifest, RunWriter, load_run
from support.report_runs import write_run

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "crash.md"
NUMPY_GAN = ROOT / "tests" / "recording"
FAKE = (sys.executable, str(ROOT / "tests" / "support" / "fake_child.py"))
MOST_LOST_S = 1.0

# What a killed process had completed is read from a file that it maps: (step, Unix time), the last 4,096 of them.
WRITER = """
import mmap, random, struct, sys, time
import numpy as np
from gandoctor.store import Manifest, RunWriter
run_dir, told, seed, resume = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "resume"
rng = random.Random(seed)
pause = 10 ** rng.uniform(-4, -1.3)
with open(told, "wb") as file:
    file.truncate(16 * 4096)
file = open(told, "r+b")
log = mmap.mmap(file.fileno(), 16 * 4096)
writer = RunWriter(run_dir, Manifest(planned_steps=10**6), resume=resume)
images = np.zeros((16, 8, 8, 1), np.uint8)
while True:
    step = writer.last_step + 1
    writer.record(step, {"d_loss": 0.5, "g_loss": 1.0} | ({"sample_std": 0.5} if step % 7 == 0 else {}))
    struct.pack_into("<qd", log, 16 * (step % 4096), step, time.time())
    if rng.random() < 0.02:
        writer.samples(step, images)
    if rng.random() < 0.01:
        writer.write_manifest()
    time.sleep(pause)
"""
# A real recording: the session of tests/recording/numpy_gan.py, with its probes.
SESSION = f"""
import mmap, struct, sys, time
sys.path.insert(0, {str(NUMPY_GAN)!r})
import numpy_gan
from numpy_gan import *
run_dir, told, seed, resume = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "resume"
with open(told, "wb") as file:
    file.truncate(16 * 4096)
file = open(told, "r+b")
log = mmap.mmap(file.fileno(), 16 * 4096)
gan, data, rng = GAN(), reals(), np.random.default_rng(seed)
session = Session(Options(Path(run_dir), probe_data=data[:64], strict=True, resume=resume), NumpyBackend(gan), 10**6)
for make in INSTRUMENTS:
    session.add(make)
session.start()
while True:
    gan.train_step(data[:16], rng.standard_normal((16, 4)))
    struct.pack_into("<qd", log, 16 * ((session.step + 1) % 4096), session.step + 1, time.time())
    session.end_own_step({{}})
"""
READER = """
import sys, time
from gandoctor.store import load_run
run, last = None, 0
while run is None or run.state == "running":
    try:
        run = run or load_run(sys.argv[1])
    except Exception:
        time.sleep(0.01)
        continue
    run.refresh()
    assert run.last_step >= last, (run.last_step, last)
    assert not run.gaps, [str(gap) for gap in run.gaps]
    last = run.last_step
run.refresh()
assert not run.gaps, [str(gap) for gap in run.gaps]
assert list(run["d_loss"].index) == list(range(1, run.last_step + 1))
print(run.last_step)
"""


@dataclass
class Row:
    """One kind of accident: how often it was tried and survived, the most that it cost, and what went wrong."""

    what: str
    tried: int = 0
    survived: int = 0
    most_lost_s: float | None = None
    wrong: list[str] = field(default_factory=list)

    def count(self, problem: str, lost_s: float | None = None) -> None:
        self.tried += 1
        self.survived += not problem
        if problem:
            self.wrong.append(problem)
        if lost_s is not None:
            self.most_lost_s = max(self.most_lost_s or 0.0, lost_s)


def kills(what: str, program: str, count: int, rng: random.Random, folder: Path) -> Row:
    """Kill a writing process at random moments, open what it leaves, resume it, and kill that too."""
    row = Row(what)
    run_dir, told = folder / "run", folder / "told"
    while row.tried < count:
        resume = row.tried % 2 == 1  # every other one goes on with the run of the one before
        if not resume:
            shutil.rmtree(run_dir, ignore_errors=True)
        told.unlink(missing_ok=True)
        command = [sys.executable, "-c", program, str(run_dir), str(told), str(rng.randrange(10**6))]
        process = subprocess.Popen([*command, "resume" if resume else "new"], stderr=subprocess.PIPE)
        begun = _wait_for(lambda process=process: process.poll() is not None or _has_told(told), 60)
        time.sleep(rng.random() * 2.0)
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        if process.returncode != -signal.SIGKILL:
            row.count(f"ended by itself: {errors.decode()[-300:]}")
        else:
            row.count(*_after_kill(run_dir, told) if begun else ("never began", None))
    return row


def _has_told(told: Path) -> bool:
    return told.exists() and told.read_bytes().strip(b"\0") != b""


def _after_kill(run_dir: Path, told: Path) -> tuple[str, float]:
    """Return what is wrong with a killed run, and how much older than the newest the oldest step was that it lacks."""
    completed = [struct.unpack_from("<qd", told.read_bytes(), 16 * i) for i in range(4096)] if told.exists() else []
    run = load_run(run_dir)
    newest = max((at for _, at in completed), default=0.0)
    lost = max((newest - at for step, at in completed if step > run.last_step), default=0.0)
    if run.state != "interrupted":
        return f"reads {run.state}", lost
    if run.lost:
        return f"names a loss: {run.lost[0]}", lost
    steps = run["d_loss"].index.to_numpy() if "d_loss" in run else np.empty(0, int)
    if len(steps) and (np.diff(steps) != 1).any():
        return "lacks a step in between", lost
    diagnose(run)
    return (f"lost {lost:.2f} s" if lost > MOST_LOST_S else ""), lost


def kills_of_a_launched_child(count: int, rng: random.Random, folder: Path) -> Row:
    """Kill a training's child or, with its pipe closed, its launcher: either way the run opens."""
    row = Row("SIGKILL, a training's child")
    for number in range(count):
        run_dir = folder / f"child{number}"
        training = ChildTraining(Job(target="fake:build", run_dir=str(run_dir)), FAKE)
        begun = _wait_for((run_dir / "events.jsonl").exists, 60)
        training.wait(rng.random() * 1.5)
        os.kill(training.pid, signal.SIGKILL)
        outcome = training.outcome()
        run = load_run(run_dir)
        diagnose(run)
        fine = begun and outcome.ending == "killed" and run.state == "interrupted" and not run.lost
        row.count("" if fine else f"begun: {begun}; told as {outcome.ending}; {run.state}; {run.lost[:1]}")
        shutil.rmtree(run_dir)
    return row


LAUNCHER = f"""
import sys
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import ChildTraining
training = ChildTraining(Job(target="fake:build", run_dir=sys.argv[1]), {FAKE!r})
print(training.pid, flush=True)
training.wait(60)
"""


def kills_of_a_launcher(count: int, rng: random.Random, folder: Path) -> Row:
    """Kill a launcher: its child ends by itself and closes the run, or is told of as running until it has."""
    row = Row("SIGKILL, a training's launcher")
    for number in range(count):
        run_dir = folder / f"launcher{number}"
        process = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(run_dir)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        child = int(process.stdout.readline())
        begun = _wait_for((run_dir / "events.jsonl").exists, 60)
        time.sleep(rng.random() * 2.0)
        process.kill()
        process.wait()
        process.stdout.close()
        ended = _wait_for(lambda child=child: not _is_running(child), 30)
        run = load_run(run_dir)
        fine = begun and ended and run.state == "interrupted" and not run.lost
        row.count("" if fine else f"begun: {begun}; child ended: {ended}; run: {run.state}, {run.lost[:1]}")
        shutil.rmtree(run_dir)
    return row


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def _wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def power_cuts(count: int, rng: random.Random, folder: Path) -> Row:
    """Cut one file of a run at any byte: it opens or is refused in one line, and what is gone is named."""
    row = Row("power cut: a file cut at any byte")
    whole = folder / "whole"
    write_run(whole, steps=120, reason=None)
    signals = {name: load_run(whole)[name] for name in load_run(whole).names}
    for _ in range(count):
        run_dir = folder / "cut"
        shutil.copytree(whole, run_dir)
        path = rng.choice(sorted(p for p in run_dir.rglob("*") if p.is_file()))
        os.truncate(path, rng.randrange(path.stat().st_size + 1))
        try:
            run = load_run(run_dir)
            diagnose(run)
            same = all(name in run and run[name].equals(values) for name, values in signals.items())
            torn_end = path.name == "events.jsonl"
            row.count("" if same or run.gaps or torn_end else f"{path.name} cut, and no gap says so")
        except GandoctorError:
            row.count("" if path.name == "run.json" else f"{path.name} cut, and the run is refused")
        except Exception as error:  # noqa: BLE001 - counted
            row.count(f"{path.name} cut: {type(error).__name__}: {error}")
        shutil.rmtree(run_dir)
    return row


FULL_DISK = """
import resource, sys
from gandoctor.store import Manifest, RunWriter
writer = RunWriter(sys.argv[1], Manifest())
full, recorded = int(sys.argv[2]), 0
for step in range(1, 2001):
    if step in (500, 1200):
        limit = full if step == 500 else resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    writer.record(step, {"d_loss": 1.0, "g_loss": 0.5} | ({"sample_std": 1.0} if step % 10 == 0 else {}))
    if step % 20 == 0:
        try:
            writer.flush()
        except OSError:
            pass
writer.close("completed")
"""


def full_disks(count: int, rng: random.Random, folder: Path) -> Row:
    """Let no file grow any more for 700 steps (as a full disk does): nothing is lost once there is room."""
    row = Row("disk full, then room again")
    for _ in range(count):
        run_dir = folder / "full"
        command = [sys.executable, "-c", FULL_DISK, str(run_dir), str(rng.randrange(1_000, 30_000))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            row.count(done.stderr[-300:])
        else:
            run = load_run(run_dir)
            whole = list(run["d_loss"].index) == list(range(1, 2001)) and not run.lost
            row.count("" if whole else f"{len(run['d_loss'])} of 2,000 steps; {[str(gap) for gap in run.gaps][:1]}")
        shutil.rmtree(run_dir, ignore_errors=True)
    return row


def two_writers(count: int, folder: Path) -> Row:
    """Begin or resume the same directory twice at once: one is admitted."""
    row = Row("two writers at once")
    program = (
        "import sys\nfrom gandoctor.store import Manifest, RunWriter\nsys.stdin.readline()\n"
        "try:\n    RunWriter(sys.argv[1], Manifest(), resume=sys.argv[2] == 'resume')\n"
        "except Exception as error:\n    print(type(error).__name__, flush=True)\n"
        "else:\n    print('admitted', flush=True)\nsys.stdin.readline()\n"
    )
    for number in range(count):
        run_dir = folder / f"two{number}"
        if number % 2:
            RunWriter(run_dir, Manifest()).close("interrupted")
        command = [sys.executable, "-c", program, str(run_dir), "resume" if number % 2 else "new"]
        both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = sorted(process.stdout.readline().strip() for process in both if process.stdout is not None)
        for process in both:
            process.communicate("end\n")
        row.count("" if told == ["NotWritable", "admitted"] else str(told))
    return row


def eight_readers(count: int, folder: Path) -> Row:
    """Let eight processes follow one writer: each sees only growth, no gap, and in the end every step."""
    row = Row("eight readers of one writer")
    for number in range(count):
        run_dir = folder / f"read{number}"
        command = [sys.executable, "-c", READER, str(run_dir)]
        readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
        writer = RunWriter(run_dir, Manifest())
        for step in range(1, 601):
            writer.record(step, {"d_loss": 1.0} | ({"sample_std": 1.0} if step % 5 == 0 else {}))
            if step % 7 == 0:
                writer.flush()
            if step % 50 == 0:
                writer.samples(step, np.zeros((16, 8, 8, 1), np.uint8))
                writer.write_manifest()
            time.sleep(0.005)
        writer.close("completed")
        for reader in readers:
            out, errors = reader.communicate(timeout=120)
            row.count("" if out.strip() == b"600" else errors.decode()[-300:])
    return row


def clocks_backwards(count: int, rng: random.Random, folder: Path) -> Row:
    """Set the clock back while a run is written: every step is there, and it is judged and shown."""
    row = Row("clock set back")
    real = time.time
    for number in range(count):
        run_dir = folder / f"clock{number}"
        shift = [0.0]
        time.time = lambda shift=shift: real() - shift[0]
        try:
            writer = RunWriter(run_dir, Manifest())
            for step in range(1, 201):
                shift[0] += rng.choice((0.0, 0.0, 3600.0, -1800.0))
                writer.record(step, {"d_loss": 1.0})
            writer.close("completed")
        finally:
            time.time = real
        run = load_run(run_dir)
        json.dumps(diagnose(run).to_dict(), allow_nan=False)
        row.count("" if len(run["d_loss"]) == 200 and run.gaps == [] else f"{run.gaps[:1]}")
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nightly", action="store_true", help="five times as often: 200 kills")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, times = random.Random(given.seed), 5 if given.nightly else 1
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    started, rows = time.monotonic(), []
    try:
        for make in (
            lambda: kills("SIGKILL, a simulated writer", WRITER, 14 * times, rng, folder),
            lambda: kills("SIGKILL, a session with probes", SESSION, 14 * times, rng, folder),
            lambda: kills_of_a_launched_child(6 * times, rng, folder),
            lambda: kills_of_a_launcher(6 * times, rng, folder),
            lambda: power_cuts(100 * times, rng, folder),
            lambda: full_disks(4 * times, rng, folder),
            lambda: two_writers(4 * times, folder),
            lambda: eight_readers(times, folder),
            lambda: clocks_backwards(4 * times, rng, folder),
        ):
            rows.append(make())
            print(rows[-1], file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = [
        "# What a recording survives",
        "",
        f"Made by `python tests/benchmarks/crash.py{' --nightly' if given.nightly else ''} --seed {given.seed}` in "
        f"{(time.monotonic() - started) / 60:.0f} minutes. Survived: the",
        "run opens, reads as what happened to it, names what it lacks, and goes on where it is resumed. Lost: the",
        "training from the oldest completed step that a kill took along to the newest, the longest of all.",
        "",
        "| accident | tried | survived | most lost |",
        "|---|---|---|---|",
        *(
            f"| {row.what} | {row.tried:,} | {row.survived:,} | "
            f"{'' if row.most_lost_s is None else f'{row.most_lost_s:.2f} s'} |"
            for row in rows
        ),
        "",
    ]
    REPORT.write_text("\n".join(text))
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
