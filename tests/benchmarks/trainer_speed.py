"""How much faster the reference trainer is than the article's own loop on the same networks; holds no tests.

    python tests/benchmarks/trainer_speed.py quick --pairs 5
    python tests/benchmarks/trainer_speed.py full --pairs 3

`quick` is the quick preset, `full` the article's width at batch 64. Both trainings run in one process without a
monitor, by turns of 20 steps, since a machine's speed drifts. The article's loop is two compiled models,
`generator.predict` and two calls of `train_on_batch`; the reference trainer is one traced `train_step` under `fit`,
which leaves the discriminator out of the adversarial step, as that loop does where it freezes it. The first 20 steps
of each, which are traced, do not count. Results go to `reports/trainer-speed.json` and `.md`; it needs an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as `build` does, which cannot once TensorFlow is loaded

import keras
import numpy as np
from overhead import STEPS_A_TURN, TakingTurns, Turns

from reference_models.datasets import in_range, load_images, split
from reference_models.dcgan import build_discriminator, build_generator
from reference_models.gan import rmsprop
from reference_models.settings import load_settings
from reference_models.training import build

REPORTS = Path(__file__).resolve().parents[2] / "reports"
SUBJECTS: dict[str, tuple[str, list[str], int]] = {
    "quick": ("quick", [], 400),
    "full": ("reference", ["training.batch_size=64"], 40),
}
"""Preset, settings, and steps."""
WHAT_BOUNDS_IT = (
    "What bounds it, by Linux perf on two cores of an AMD EPYC without AVX-512: at full width 87 % of the processor's",
    "time is in oneDNN's matrix kernels, which are the convolutions, and the article's loop makes the same ones.",
    "Without oneDNN, as TensorFlow runs on such processors, they were 88 % of steps 1.6 times as long (5.8 s for 3.6 s",
    "a step of the reference trainer at full width, 0.21 s for 0.12 s at quick on one core). XLA (`jit_compile`) took",
    "four times as long. What the reference trainer saves beside the article's loop is what is no convolution: calls,",
    "copies and `predict`; so the quick preset gains much and the full width little.",
)
"""Measured by hand."""


def train_as_the_article(turns: Turns, preset: str, changes: list[str], steps: int, seed: int) -> None:
    """Train with two compiled models."""
    settings = load_settings(preset, changes)
    images = in_range(split(load_images(), seed).training, settings.data.range)
    shape = images.shape[1:]
    generator, discriminator = build_generator(settings, shape), build_discriminator(settings, shape)
    d_model = keras.Sequential([discriminator])
    d_model.compile(loss="binary_crossentropy", optimizer=rmsprop(settings.discriminator))
    # A copy of D is frozen, as Keras 3 reads the flag when a model is first traced: as costly, and no GAN is trained.
    frozen = keras.models.clone_model(discriminator)
    frozen.trainable = False
    adversarial = keras.Sequential([generator, frozen])
    adversarial.compile(loss="binary_crossentropy", optimizer=rmsprop(settings.generator))
    rng, count, latent = np.random.default_rng(seed), settings.training.batch_size, settings.latent

    def noise() -> Any:
        return rng.uniform(latent.low, latent.high, (count, latent.dimension)).astype(np.float32)

    labels = np.concatenate([np.ones((count, 1)), np.zeros((count, 1))]).astype(np.float32)
    turns.take("article")
    for step in range(steps):
        if step and step % STEPS_A_TURN == 0:
            hand_on(turns, "article", step)
        real = images[rng.integers(0, len(images), count)]
        fake = generator.predict(noise(), verbose=0)
        d_model.train_on_batch(np.concatenate([real, fake]), labels)
        adversarial.train_on_batch(noise(), labels[:count])
    turns.hand_on("article", ended=True)


def hand_on(turns: Turns, kind: str, step: int) -> None:
    """End a turn and wait for the next; what came before the first does not count."""
    turns.hand_on(kind)
    if step == STEPS_A_TURN:
        turns.wall_s[kind] = 0.0
    turns.take(kind)


class Counted(TakingTurns):
    """Takes turns, and leaves out the first."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch and batch % STEPS_A_TURN == 0:
            hand_on(self.turns, self.kind, batch)


def train_as_the_reference(turns: Turns, preset: str, changes: list[str], steps: int, seed: int) -> None:
    """Train with `fit`."""
    training = build(preset, settings=changes, steps=steps, seed=seed)
    turns.take("reference")
    training.model.fit(
        training.dataset,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=[Counted(turns, "reference")],
    )
    turns.hand_on("reference", ended=True)


def pair(subject: str, seed: int) -> dict[str, float]:
    """Train both by turns; return milliseconds a step."""
    preset, changes, steps = SUBJECTS[subject]
    kinds = ["article", "reference"] if seed % 2 else ["reference", "article"]
    turns = Turns(kinds)
    trainers = {"article": train_as_the_article, "reference": train_as_the_reference}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda kind: trainers[kind](turns, preset, changes, steps, seed), kinds))
    keras.backend.clear_session()
    return {kind: round(turns.wall_s[kind] / (steps - STEPS_A_TURN) * 1e3, 2) for kind in kinds}


def write(results: dict[str, list[dict[str, float]]]) -> None:
    """Write both files."""
    (REPORTS / "trainer-speed.json").write_text(json.dumps(results, indent=1) + "\n")
    lines = [
        "# The reference trainer beside the article's own loop",
        "",
        "Milliseconds a step without a monitor, both in one process by turns of 20 steps; the median of the pairs and,",
        "lowest first, how many times faster the reference trainer was in each. Made by",
        "`python tests/benchmarks/trainer_speed.py quick` and `... full` on 2 CPU cores. Both use oneDNN's kernels.",
        "",
        "| subject | article's loop | reference trainer | times as fast | pairs |",
        "|---|---|---|---|---|",
    ]
    for subject, pairs in results.items():
        ratios = sorted(one["article"] / one["reference"] for one in pairs)
        cells = [f"{statistics.median(one[kind] for one in pairs):.1f}" for kind in ("article", "reference")]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {subject} | {' | '.join(cells)} | {statistics.median(ratios):.2f} ({each}) | {len(pairs)} |")
    lines += ["", *WHAT_BOUNDS_IT]
    (REPORTS / "trainer-speed.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure one subject."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    path = REPORTS / "trainer-speed.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results[given.subject] = []
    for seed in range(given.pairs):
        results[given.subject].append(pair(given.subject, seed))
        print(seed, results[given.subject][-1], flush=True)
        write(results)


if __name__ == "__main__":
    main()
