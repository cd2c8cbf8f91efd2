"""What monitors cost: paired trainings with and without them, and two things people use instead, in one process.

    pip install tensorboard
    python tests/benchmarks/overhead.py toy --pairs 7
    python tests/benchmarks/overhead.py quick --pairs 7
    python tests/benchmarks/overhead.py long --pairs 3 --others 0

`toy` is a dense GAN of about 4 ms a step, 2,000 steps; `long` is the same for 20,000 steps; `quick` is the reference
model's quick preset, 1,000 steps. Each round trains one seed bare and once with each callback. A machine's speed drifts
by more than a monitor costs, within one training too, so the trainings of a round take turns: 20 steps of one, 20 of
the next, and so on to the end; which begins changes from round to round. Two ratios of wall time to the bare one are
given, over the whole `fit` and over all steps but the first 20 (without the one-time cost of tracing), and the whole
fit's of CPU time of the process. `--others` says in how many of the rounds a second bare training and the two other
callbacks take part. Results go to `reports/overhead-<subject>.json` and `reports/overhead.md`. It needs an idle
machine: about 4 minutes for `toy`, 15 for `quick`, twice that with the others, and 3 a pair for `long`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from gandoctor import GANMonitor, load_run
from gandoctor.experiments import Training
from gandoctor.recording.session import stopwatch
from reference_models.training import batches, build

ROOT = Path(__file__).resolve().parents[2]
STEPS_A_TURN = 20


class Turns:
    """Lets one training run at a time, and keeps how long each has had."""

    def __init__(self, kinds: list[str]) -> None:
        self.kinds = list(kinds)
        self.wall_s = dict.fromkeys(kinds, 0.0)
        self.cpu_s = dict.fromkeys(kinds, 0.0)
        self._waiting = list(kinds)  # the first may run
        self._changed = threading.Condition()

    def had(self, kind: str) -> float:
        """Seconds that the training whose turn it is has had."""
        return self.wall_s[kind] + time.perf_counter() - self._since[0]

    def take(self, kind: str) -> None:
        """Wait until it is this training's turn."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting[0] == kind)
        self._since = time.perf_counter(), time.process_time()

    def hand_on(self, kind: str, ended: bool = False) -> None:
        """Let the next training run; this one's turn comes again unless it has ended."""
        wall, cpu = self._since
        self.wall_s[kind] += time.perf_counter() - wall
        self.cpu_s[kind] += time.process_time() - cpu
        with self._changed:
            self._waiting.remove(kind)
            if not ended:
                self._waiting.append(kind)
            self._changed.notify_all()


class TakingTurns(keras.callbacks.Callback):
    """Hands on the turn every few steps; placed first, so that what other callbacks do is on the clock of their run."""

    def __init__(self, turns: Turns, kind: str) -> None:
        super().__init__()
        self.turns, self.kind = turns, kind
        self.start_s = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch and batch % STEPS_A_TURN == 0:
            self.turns.hand_on(self.kind)
            if batch == STEPS_A_TURN:
                self.start_s = self.turns.wall_s[self.kind]
            self.turns.take(self.kind)


class GradientNormLogger(keras.callbacks.Callback):
    """The gradient-norm logger people paste into their loop: wraps both optimizers and prints to a list every step."""

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.norms = {name: tf.Variable(0.0) for name in ("d_optimizer", "g_optimizer")}
        self.history: list[dict[str, float]] = []
        for name, norm in self.norms.items():
            optimizer = getattr(model, name)
            original = optimizer.apply

            def apply(grads: Any, variables: Any = None, _original: Any = original, _norm: Any = norm) -> Any:
                grads = list(grads)
                _norm.assign(tf.linalg.global_norm([g for g in grads if g is not None]))
                return _original(grads, variables)

            optimizer.__dict__["apply"] = apply

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.history.append({name: float(norm.numpy()) for name, norm in self.norms.items()})


def toy(seed: int) -> Training:
    """Build a dense GAN whose step takes about 5 ms on 2 cores."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers

    class Toy(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.latent_dim = 32
            self.generator = keras.Sequential(
                [
                    keras.Input((32,)),
                    layers.Dense(128),
                    layers.BatchNormalization(),
                    layers.ReLU(),
                    layers.Dense(784, activation="sigmoid"),
                    layers.Reshape((28, 28, 1)),
                ]
            )
            self.discriminator = keras.Sequential(
                [
                    keras.Input((28, 28, 1)),
                    layers.Flatten(),
                    layers.Dense(256),
                    layers.LeakyReLU(0.2),
                    layers.Dropout(0.3),
                    layers.Dense(1),
                ]
            )
            self.d_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
            self.g_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
            self.seeds = keras.random.SeedGenerator(seed)
            self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

        def train_step(self, real: Any) -> dict[str, Any]:
            n = tf.shape(real)[0]
            fake = self.generator(keras.random.normal((n, 32), seed=self.seeds), training=True)
            with tf.GradientTape() as tape:
                scores = self.discriminator(tf.concat([real, fake], 0), training=True)
                d_loss = self.loss_fn(tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], 0), scores)
            weights = self.discriminator.trainable_weights
            self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
            z = keras.random.normal((n, 32), seed=self.seeds)
            with tf.GradientTape() as tape:
                g_loss = self.loss_fn(tf.ones((n, 1)), self.discriminator(self.generator(z, training=True)))
            weights = self.generator.trainable_weights
            self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
            return {"d_loss": d_loss, "g_loss": g_loss}

    model = Toy()
    model.compile()
    with np.load(ROOT / "reference_models" / "data" / "mnist_5k.npz") as digits:
        images = digits["images"][..., None].astype(np.float32) / 255
    return Training(
        model, batches(images, 64, seed), 2000, images[:512], images[512:1024], monitor={"loss": "non_saturating"}
    )


def quick(seed: int) -> Training:
    """Build the reference model's quick preset."""
    return build("quick", seed=seed)


def long(seed: int) -> Training:
    """Build the dense GAN for ten times as many steps."""
    return replace(toy(seed), steps=20_000)


SUBJECTS: dict[str, Callable[[int], Training]] = {"toy": toy, "long": long, "quick": quick}
KINDS = ("GANMonitor", "nothing, again", "TensorBoard with histograms", "pasted gradient-norm logger")
"""What is compared with a bare training; a second bare one shows how far two that are the same differ."""
LIMITS = {"toy": 1.05, "long": 1.02, "quick": 1.02}


def callbacks(kind: str, training: Training, folder: Path) -> list[Any]:
    """Return what is being measured."""
    if kind == "GANMonitor":
        reals = {"probe_data": training.probe_data, "holdout_data": training.holdout_data}
        return [GANMonitor(folder / "run", strict=True, **reals, **training.monitor)]
    if kind == "TensorBoard with histograms":
        return [keras.callbacks.TensorBoard(folder / "tb", histogram_freq=1, update_freq="batch", write_graph=False)]
    return [GradientNormLogger()] if kind == "pasted gradient-norm logger" else []


def trained(subject: str, kinds: list[str], seed: int) -> dict[str, dict[str, float]]:
    """Train once a kind, by turns; return each one's seconds and number of probes."""
    folder = Path(tempfile.mkdtemp())
    turns = Turns(kinds)
    clocks = {kind: TakingTurns(turns, kind) for kind in kinds}
    trainings = {kind: SUBJECTS[subject](seed) for kind in kinds}

    def fit(kind: str) -> None:
        training = trainings[kind]
        turns.take(kind)
        try:
            training.model.fit(
                training.dataset,
                epochs=1,
                steps_per_epoch=training.steps,
                shuffle=False,
                verbose=0,
                callbacks=[clocks[kind], *callbacks(kind, training, folder)],
            )
        finally:
            turns.hand_on(kind, ended=True)

    # The monitor's clock must stand still while others train: it would take its probes to be cheap.
    clock = SimpleNamespace(monotonic=lambda: turns.had("GANMonitor"))
    try:
        with mock.patch.object(stopwatch, "time", clock), ThreadPoolExecutor(len(kinds)) as pool:
            list(pool.map(fit, kinds))
        return {
            kind: {
                "whole_s": turns.wall_s[kind],
                "later_s": turns.wall_s[kind] - clocks[kind].start_s,
                "cpu_s": turns.cpu_s[kind],
                "probes": load_run(folder / "run")["sample_kid"].size if kind == "GANMonitor" else 0,
            }
            for kind in kinds
        }
    finally:
        shutil.rmtree(folder)
        keras.backend.clear_session()


def main() -> None:
    """Measure one subject and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--others", type=int, default=7)
    chosen = parser.parse_args()
    trained("toy", ["nothing"], 0)  # warm up the machine and the libraries
    results: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for pair in range(chosen.pairs):
        taking_part = ["nothing", *(KINDS if pair < chosen.others else KINDS[:1])]
        turn = pair % len(taking_part)
        measured = trained(chosen.subject, taking_part[turn:] + taking_part[:turn], pair)
        bare = measured.pop("nothing")
        for kind, watched in measured.items():
            results[kind].append(
                {
                    "bare_s": round(bare["later_s"], 3),
                    "ratio": round(watched["whole_s"] / bare["whole_s"], 4),
                    "ratio_after_start": round(watched["later_s"] / bare["later_s"], 4),
                    "ratio_cpu": round(watched["cpu_s"] / bare["cpu_s"], 4),
                    "probes": int(watched["probes"]),
                }
            )
            print(pair, kind, results[kind][-1], flush=True)
        path = ROOT / "reports" / f"overhead-{chosen.subject}.json"
        path.write_text(json.dumps({k: v for k, v in results.items() if v}, indent=1) + "\n", encoding="utf-8")
        write_table()


def write_table() -> None:
    """Rebuild the table from the JSON files there are."""
    lines = [
        "# What monitoring costs",
        "",
        "Time with the callback over time without, the median and every pair, lowest first. The trainings of a pair",
        "take turns of 20 steps in one process, and the monitor's own clock stands still while others train. Two bare",
        "trainings of one seed differ too: see *nothing, again*. Made by `python tests/benchmarks/overhead.py toy` and",
        "`... long`, `... quick` on 2 CPU cores.",
        "",
        "What GANMonitor adds: before the first steps, tracing (both players in both modes, and its ops in the train",
        "function); at every probe, forward passes of both players on 32 to 192 images and statistics of 64; at every",
        "step, a few ops. A run of 1,000 steps has at least 20 probes whatever they cost: in short runs of short steps",
        "that floor and the tracing come before the budget, which is for probes. The ops of every step are beside it:",
        "the norm of each gradient (about a nanosecond a weight), the spread of what is fed, and eight calls that look",
        "at a switch. They do not grow with the batch's cost: `toy` and `long` have 300,000 weights, a step of a few",
        "milliseconds and pay 8 to 12 % for them, `quick` 1 to 2 %. TensorBoard writes its histograms once an epoch,",
        "which is once in these runs. Rows are of machines that differ by a factor of two.",
        "",
        "With oneDNN's kernels, as `gandoctor run` trains the reference model, steps are shorter and the same costs",
        "weigh more: one pair of `TF_ENABLE_ONEDNN_OPTS=1 ... quick --pairs 1 --others 0` took 1.106 in all, 1.078",
        "after 20 steps.",
        "",
        "| subject | ms a step, bare | callback | whole fit | after 20 steps | whole fit, CPU | pairs | probes a run "
        "| aim |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    steps = {"toy": 2000, "long": 20_000, "quick": 1000}
    for subject in SUBJECTS:
        path = ROOT / "reports" / f"overhead-{subject}.json"
        if not path.exists():
            continue
        for kind, pairs in json.loads(path.read_text(encoding="utf-8")).items():
            keys = ("ratio", "ratio_after_start", "ratio_cpu")
            whole, later, cpu = (spread([p[key] for p in pairs]) for key in keys)
            bare = statistics.median(p["bare_s"] for p in pairs) / (steps[subject] - STEPS_A_TURN) * 1e3
            ours = kind == "GANMonitor"
            lines.append(
                f"| {subject} | {bare:.1f} | {kind} | {whole} | {later} | {cpu} | {len(pairs)} "
                f"| {int(statistics.median(p['probes'] for p in pairs)) if ours else '-'} "
                f"| {f'<= {LIMITS[subject]}' if ours else '-'} |"
            )
    (ROOT / "reports" / "overhead.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def spread(ratios: list[float]) -> str:
    """Write the median and all of them."""
    return f"{statistics.median(ratios):.3f} ({', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))})"


if __name__ == "__main__":
    main()
