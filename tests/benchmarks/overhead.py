"""What monitors cost: paired trainings with and without them, and two things people use instead, in the same process.

    pip install tensorboard
    python tests/benchmarks/overhead.py toy --pairs 7
    python tests/benchmarks/overhead.py quick --pairs 7

`toy` is a dense GAN of about 5 ms a step, 2,000 steps; `quick` is the reference model's quick preset, 1,000 steps. Each
round trains one seed bare and once with each callback, one after the other, in an order that changes from round to
round (a machine's speed drifts by more than a monitor costs). Two ratios of wall time to the bare one are given: over
the whole `fit`, and over all steps but the first 20 (without the one-time cost of tracing). `--others` says in how many
of the rounds the two other callbacks take part. Results go to `reports/overhead-<subject>.json` and
`reports/overhead.md`; an idle machine is needed: about 7 minutes for `toy`, 25 for `quick`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from gandoctor import GANMonitor, load_run
from gandoctor.experiments import Training
from reference_models.training import build

ROOT = Path(__file__).resolve().parents[2]
UNTIMED_STEPS = 20


class Clock(keras.callbacks.Callback):
    """Times a training from step 20 to its end; placed first, so that the other callbacks' ends are inside."""

    seconds = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch == UNTIMED_STEPS:
            self._begun = time.perf_counter()


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
    data = tf.data.Dataset.from_tensor_slices(images).shuffle(5000, seed=seed).repeat().batch(64).prefetch(2)
    return Training(model, data, 2000, images[:512], images[512:1024], monitor={"loss": "non_saturating"})


def quick(seed: int) -> Training:
    """Build the reference model's quick preset."""
    return build("quick", seed=seed)


SUBJECTS: dict[str, Callable[[int], Training]] = {"toy": toy, "quick": quick}
KINDS = ("GANMonitor", "TensorBoard with histograms", "pasted gradient-norm logger")
LIMITS = {"toy": 1.05, "quick": 1.02}


def callbacks(kind: str, training: Training, folder: Path) -> list[Any]:
    """Return what is being measured."""
    if kind == "GANMonitor":
        reals = {"probe_data": training.probe_data, "holdout_data": training.holdout_data}
        return [GANMonitor(folder / "run", strict=True, **reals, **training.monitor)]
    if kind == "TensorBoard with histograms":
        return [keras.callbacks.TensorBoard(folder / "tb", histogram_freq=1, update_freq="batch", write_graph=False)]
    return [GradientNormLogger()] if kind == "pasted gradient-norm logger" else []


def timed(subject: str, kind: str, seed: int) -> tuple[float, float, int]:
    """Train once; return seconds of the whole fit, seconds after the first steps, and the number of probes."""
    training, clock, folder = SUBJECTS[subject](seed), Clock(), Path(tempfile.mkdtemp())
    try:
        begun = time.perf_counter()
        training.model.fit(
            training.dataset,
            epochs=1,
            steps_per_epoch=training.steps,
            shuffle=False,
            verbose=0,
            callbacks=[clock, *callbacks(kind, training, folder)],
        )
        ended = time.perf_counter()
        probes = load_run(folder / "run")["sample_kid"].size if kind == "GANMonitor" else 0
        return ended - begun, ended - clock._begun, probes
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
    timed(chosen.subject, "nothing", 0)  # warm up the machine and the libraries
    results: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for pair in range(chosen.pairs):
        taking_part = ["nothing", *(KINDS if pair < chosen.others else KINDS[:1])]
        turn = pair % len(taking_part)
        measured = {kind: timed(chosen.subject, kind, pair) for kind in taking_part[turn:] + taking_part[:turn]}
        bare = measured.pop("nothing")
        for kind, watched in measured.items():
            results[kind].append(
                {
                    "bare_s": round(bare[1], 3),
                    "ratio": round(watched[0] / bare[0], 4),
                    "ratio_after_start": round(watched[1] / bare[1], 4),
                    "probes": watched[2],
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
        "Wall time with the callback over wall time without, the median and every pair, lowest first; made by",
        "`python tests/benchmarks/overhead.py toy` and `... quick` on 2 CPU cores.",
        "",
        "On that machine a whole training runs at one of two speeds, whichever callback it has and also without one;",
        "which, and why, we could not find out. A pair of different speeds says nothing of the callback.",
        "",
        "| subject | ms a step, bare | callback | whole fit | after 20 steps | pairs | probes a run | aim |",
        "|---|---|---|---|---|---|---|---|",
    ]
    steps = {"toy": 2000, "quick": 1000}
    for subject in SUBJECTS:
        path = ROOT / "reports" / f"overhead-{subject}.json"
        if not path.exists():
            continue
        for kind, pairs in json.loads(path.read_text(encoding="utf-8")).items():
            whole, later = ([p[key] for p in pairs] for key in ("ratio", "ratio_after_start"))
            bare = statistics.median(p["bare_s"] for p in pairs) / (steps[subject] - UNTIMED_STEPS) * 1e3
            ours = kind == "GANMonitor"
            lines.append(
                f"| {subject} | {bare:.1f} | {kind} | {spread(whole)} | {spread(later)} | {len(pairs)} "
                f"| {int(statistics.median(p['probes'] for p in pairs)) if ours else '-'} "
                f"| {f'<= {LIMITS[subject]}' if ours else '-'} |"
            )
    (ROOT / "reports" / "overhead.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def spread(ratios: list[float]) -> str:
    """Write the median and all of them."""
    return f"{statistics.median(ratios):.3f} ({', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))})"


if __name__ == "__main__":
    main()
