"""Trains GANs on tables and series, sound and ill, and shows what the rule on their columns (GD411) makes of them.

    python tests/benchmarks/columns.py [--split calibration|test] [--steps N]

Four data sets (2-D ring of clusters, table of six columns, sine waves of two channels, random walks of three), four
sound recipes, five faults. The limits were chosen on the split `calibration`; `test` has other data (other
frequencies, other columns) and other seeds and was judged once. Finished runs stay in `runs/columns/` and are judged
again, not repeated. The table goes to `reports/columns.md`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RUNS, REPORT = ROOT / "runs" / "columns", ROOT / "reports" / "columns.md"
COUNT, LATENT, BATCH = 4000, 16, 64
SEEDS = {"calibration": (1, 2), "test": (11, 12)}
SIGNALS = (
    "sample_marginal_distance",
    "sample_marginal_worst",
    "sample_column_spread",
    "sample_correlation_distance",
    "sample_spectrum_distance",
    "sample_autocorrelation_distance",
)


def ring(rng: np.random.Generator, is_test: bool) -> np.ndarray:
    """Points (n, 2) in clusters on a circle."""
    angle = 2 * np.pi * rng.integers(0, 5 if is_test else 8, COUNT) / (5 if is_test else 8)
    return np.stack([np.cos(angle), np.sin(angle)], 1) * 1.4 + rng.normal(0, 0.05, (COUNT, 2))


def table(rng: np.random.Generator, is_test: bool) -> np.ndarray:
    """Rows (n, 6) of three groups: skewed, rare, discrete and dependent columns, each standardised."""
    group = rng.choice(3, COUNT, p=(0.6, 0.3, 0.1) if is_test else (0.4, 0.4, 0.2))
    size = np.array([1.0, 3.0, 9.0])[group] * np.exp(rng.normal(0, 0.4 if is_test else 0.2, COUNT))
    rate = np.array([0.02, 0.05, 0.01])[group] + rng.normal(0, 0.004, COUNT)
    count, flag = rng.poisson(np.array([0.2, 2.0, 5.0])[group]), rng.random(COUNT) < np.array([0.1, 0.7, 0.3])[group]
    x = np.stack([size, rate, count, flag, size * rate, rng.normal(group, 1.0)], 1)
    return (x - x.mean(0)) / x.std(0)


def waves(rng: np.random.Generator, is_test: bool) -> np.ndarray:
    """Series (n, 48, 2): a sine of one of three frequencies and its cosine, with noise."""
    time = np.linspace(0, 1, 48)[None]
    frequency = rng.choice([3.0, 6.0, 9.0] if is_test else [2.0, 4.0, 7.0], (COUNT, 1))
    phase, height = rng.uniform(0, 2 * np.pi, (COUNT, 1)), rng.uniform(0.4, 0.9, (COUNT, 1))
    angle = 2 * np.pi * frequency * time + phase
    x = np.stack([height * np.sin(angle), 0.5 * height * np.cos(angle)], -1)
    return x + rng.normal(0, 0.05, x.shape)


def walks(rng: np.random.Generator, is_test: bool) -> np.ndarray:
    """Series (n, 32, 3): autoregressive, each channel with a memory of its own."""
    memory = np.array([0.97, 0.8, 0.0] if is_test else [0.9, 0.6, 0.3])
    x = np.zeros((COUNT, 32, 3))
    x[:, 0] = rng.normal(size=(COUNT, 3))
    for t in range(1, 32):
        x[:, t] = memory * x[:, t - 1] + np.sqrt(1 - memory**2) * rng.normal(size=(COUNT, 3))
    return x / 3


DATA: dict[str, Callable[[np.random.Generator, bool], np.ndarray]] = {
    "ring": ring,
    "table": table,
    "waves": waves,
    "walks": walks,
}
SOUND = ("non-saturating", "least-squares", "slow", "wide")
FAULTS = ("fast-generator", "raw-columns", "constant-latents", "tanh-too-narrow", "frozen-discriminator")


def train(data: str, recipe: str, seed: int, is_test: bool, steps: int, run_dir: Path) -> None:
    """Train one GAN with a monitor attached."""
    import keras
    import tensorflow as tf
    from keras import layers

    from gandoctor import GANMonitor

    keras.utils.set_random_seed(seed)
    x = DATA[data](np.random.default_rng(seed), is_test)
    if recipe == "raw-columns":
        x = x * np.geomspace(1.0, 1e4, x.shape[-1]) + np.geomspace(1.0, 1e4, x.shape[-1])
    x = x.astype(np.float32)
    width = 128 if recipe == "wide" else 64
    narrow = recipe == "tanh-too-narrow"

    def dense(units: int) -> list[Any]:
        return [layers.Dense(units), layers.LeakyReLU(0.2)]

    shape = x.shape[1:]
    if narrow:
        x = x / x.std(axis=tuple(range(x.ndim - 1))) * 2
    generator = keras.Sequential(
        [
            keras.Input((LATENT,)),
            *dense(width),
            *dense(width),
            layers.Dense(int(np.prod(shape)), activation="tanh" if narrow else None),
            layers.Reshape(shape),
        ]
    )
    discriminator = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), *dense(width), *dense(width), layers.Dense(1)]
    )
    rates = {"fast-generator": (1e-2, 1e-4), "slow": (2e-4, 2e-4)}.get(recipe, (5e-4, 5e-4))
    g_optimizer, d_optimizer = (keras.optimizers.Adam(r, 0.9 if recipe == "fast-generator" else 0.5) for r in rates)
    entropy, square = keras.losses.BinaryCrossentropy(from_logits=True), keras.losses.MeanSquaredError()
    loss = square if recipe == "least-squares" else entropy

    def latents(count: Any) -> Any:
        drawn = tf.random.normal((count, LATENT))
        return tf.zeros_like(drawn) if recipe == "constant-latents" else drawn

    @tf.function
    def step(real: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(latents(BATCH), training=True)
            on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
            g_loss = loss(tf.ones_like(on_fake), on_fake)
            d_loss = loss(tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake)
        weights = generator.trainable_variables
        g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, weights), weights, strict=True))
        if recipe != "frozen-discriminator":
            weights = discriminator.trainable_variables
            d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, weights), weights, strict=True))
        return d_loss, g_loss

    pipeline = tf.data.Dataset.from_tensor_slices(x[512:]).shuffle(COUNT, seed=seed).repeat()
    with GANMonitor(
        run_dir,
        generator=generator,
        discriminator=discriminator,
        g_optimizer=g_optimizer,
        d_optimizer=d_optimizer,
        probe_data=x[512:1536],
        holdout_data=x[:512],
        latent_sampler=latents,
    ) as monitor:
        for batch in pipeline.batch(BATCH, drop_remainder=True).take(steps):
            d_loss, g_loss = step(batch)
            monitor.step(d_loss=d_loss, g_loss=g_loss)


def judge(run_dir: Path) -> tuple[dict[str, float], list[str]]:
    """Return the medians of the last ten probes over the null's largest value, and what was found."""
    from gandoctor import diagnose, load_run
    from gandoctor.measures import null_bands

    run = load_run(run_dir)
    bands = null_bands(run)
    values = {s: float(run[s].iloc[-10:].median()) for s in SIGNALS if s in run}
    highs = {f"{s} null": float(bands[s].high) for s in SIGNALS if s in bands}
    found = [f"{f.rule.id} {f.severity.value}" for f in diagnose(run).detected]
    return values | highs, found


def main() -> None:
    """Train what is missing, judge everything, write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--split", choices=tuple(SEEDS), action="append")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--one", nargs=4, metavar=("DATA", "RECIPE", "SEED", "SPLIT"))
    options = parser.parse_args()
    if options.one:
        data, recipe, seed, split = options.one
        train(data, recipe, int(seed), split == "test", options.steps, path_of(data, recipe, int(seed), split))
        return
    lines = [f"# Columns of tables and series\n\nMade by `{Path(__file__).relative_to(ROOT)}`.\n"]
    for split in options.split or SEEDS:
        lines += [f"## {split}\n", "| data | recipe | seed | found | worst | spread | correlation | spectrum | auto |"]
        lines.append("|" + "---|" * 9)
        for data in DATA:
            for recipe in (*SOUND, *FAULTS):
                for seed in SEEDS[split]:
                    lines.append(row(data, recipe, seed, split, options.steps))
                    print(lines[-1], flush=True)
        lines.append("")
    REPORT.write_text("\n".join(lines))


def path_of(data: str, recipe: str, seed: int, split: str) -> Path:
    """Return where a run lies."""
    return RUNS / f"{split}-{data}-{recipe}-{seed}"


def row(data: str, recipe: str, seed: int, split: str, steps: int) -> str:
    """Train one run in a process of its own if it is not there, and return its line of the table."""
    path = path_of(data, recipe, seed, split)
    if not (path / "manifest.json").exists():
        command = [sys.executable, __file__, "--steps", str(steps), "--one", data, recipe, str(seed), split]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    values, found = judge(path)

    def cell(signal: str) -> str:
        if signal not in values:
            return "-"
        null = values.get(f"{signal} null")
        return f"{values[signal]:.3g}" + (f" ({null:.2g})" if null is not None else "")

    cells = [cell(s) for s in SIGNALS[1:]]
    return f"| {data} | {recipe} | {seed} | {', '.join(found) or 'nothing'} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
