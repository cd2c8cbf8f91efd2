"""Whether signals that gandoctor does not record would pay: trains calibration runs with them, and tables it.

    python tests/benchmarks/candidate_signals.py train OUT [--workers 2]   # OUT/ID.json; what is finished is kept
    python tests/benchmarks/candidate_signals.py table OUT JUDGEMENTS.jsonl > reports/candidate-signals.md

Trained are the calibration split's runs of the reference model, healthy and with faults. JUDGEMENTS is what `gandoctor
benchmark` wrote of the same split (reports/benchmark/calibration.jsonl): from it comes when gandoctor raised its first
alarm on a run, without the candidates. Holds no tests.

The candidates, every 25 steps, on 64 latents:

- sensitivity: how far the samples move when every latent is moved by a tenth of its standard deviation, over the spread
  of the samples;
- forgetting: how much better today's discriminator tells reals from today's samples than from those of 100 or 200
  steps ago (difference of AUC);
- averaged: distance of the samples from those of an average of the generator's weights (decay 0.99 a step, taken every
  5 steps), over the spread of the samples;
- turning_g, turning_d: cosine of a player's displacements over the last 25 steps and over the 25 before.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandoctor.experiments.benchmark.plan import PlannedRun, load_plan
from gandoctor.experiments.benchmark.worker import ONE_THREAD
from gandoctor.experiments.target import build_training
from reference_models.benchmark import plan as planned

PLAN = load_plan(Path(planned.__file__).with_name("plan.json"))
TARGET = "reference_models.training:build"
RUNS = [run for run in PLAN.runs if run.split == "calibration" and run.target == TARGET]
EVERY, COUNT = 25, 64
AVERAGED_EVERY, DECAY = 5, 0.99
AGES = (100, 200)
YOUNG = 150
"""Step from which values count: before, everything moves."""

Array = NDArray[Any]


def train(run: PlannedRun, out: Path) -> str:
    """Train one run with the candidates, unless that has been done."""
    file = out / f"{run.id}.json"
    if file.exists():
        return f"{run.id}: kept"
    os.environ.update(ONE_THREAD)
    try:
        found = _recorded(run)
    except Exception as error:  # noqa: BLE001 - a fault may end its run
        found = {"error": f"{type(error).__name__}: {error}"}
    file.write_text(json.dumps(found))
    return f"{run.id}: {found.get('error', 'trained')}"


def _recorded(run: PlannedRun) -> dict[str, dict[int, float]]:
    import keras

    keras.utils.clear_session()
    training = build_training(run.target, run.options)
    model = training.model
    sampler = training.monitor.get("latent_sampler")
    rng = np.random.default_rng(0)
    latents = sampler(COUNT) if sampler else rng.standard_normal((COUNT, int(model.latent_dim))).astype(np.float32)
    near = latents + 0.1 * latents.std() * rng.standard_normal(latents.shape).astype(np.float32)
    reals = np.asarray(training.probe_data[:COUNT], np.float32)
    found: dict[str, dict[int, float]] = {}
    samples: dict[int, Array] = {}

    def made(z: Array) -> Array:
        return np.asarray(model.generator(z, training=False), np.float64)

    def scores(x: Array) -> Array:
        return np.asarray(model.discriminator(x.astype(np.float32), training=False)).ravel()

    class Candidates(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:
            self.step, self.places = 0, [_flat(model.generator), _flat(model.discriminator)]
            self.moves: list[Array | None] = [None, None]
            self.average = [np.array(w) for w in model.generator.get_weights()]

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.step += 1
            if self.step % AVERAGED_EVERY == 0:
                keep = DECAY**AVERAGED_EVERY
                now = model.generator.get_weights()
                self.average = [keep * a + (1 - keep) * w for a, w in zip(self.average, now, strict=True)]
            if self.step % EVERY == 0:
                self._look(self.step)

        def _look(self, step: int) -> None:
            x = made(latents)
            samples[step] = x
            spread = float(x.std(0).mean()) + 1e-12
            keep(step, "sensitivity", float(np.abs(made(near) - x).mean()) / spread)
            real = scores(reals)
            today = _auc(real, scores(x))
            for age in AGES:
                if step - age in samples:
                    keep(step, f"forgetting_{age}", today - _auc(real, scores(samples[step - age])))
            raw = model.generator.get_weights()
            model.generator.set_weights(self.average)
            keep(step, "averaged", float(np.abs(made(latents) - x).mean()) / spread)
            model.generator.set_weights(raw)
            for i, (name, player) in enumerate((("g", model.generator), ("d", model.discriminator))):
                place = _flat(player)
                move, before = place - self.places[i], self.moves[i]
                if before is not None:
                    size = float(np.linalg.norm(move) * np.linalg.norm(before))
                    keep(step, f"turning_{name}", float(move @ before) / size if size > 0 else 1.0)
                self.places[i], self.moves[i] = place, move

    def keep(step: int, name: str, value: float) -> None:
        if np.isfinite(value):
            found.setdefault(name, {})[step] = value

    model.fit(
        training.dataset, steps_per_epoch=training.steps, verbose=0, callbacks=[*training.callbacks, Candidates()]
    )
    return found


def _flat(network: Any) -> Array:
    return np.concatenate([np.asarray(v).ravel() for v in network.trainable_weights] or [np.zeros(1)])


def _auc(high: Array, low: Array) -> float:
    """Return the share of pairs in which the first group's score is the larger one; ties count half."""
    difference = high[:, None] - low[None]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def table(out: Path, judgements: Path) -> Iterator[str]:
    """Yield the lines of the report."""
    known = {(one := json.loads(line))["id"]: one for line in judgements.read_text().splitlines()}
    recorded = {run.id: json.loads((out / f"{run.id}.json").read_text()) for run in RUNS if _is_there(out, run)}
    healthy = [run for run in RUNS if run.kind == "healthy" and run.id in recorded]
    ill = [run for run in RUNS if run.kind != "healthy" and run.id in recorded and "error" not in recorded[run.id]]
    names = sorted({name for values in recorded.values() for name in values if name != "error"})
    yield f"{len(healthy)} healthy runs and {len(ill)} with a fault, of {len(RUNS)} planned."
    yield ""
    yield "A limit is the highest value of any healthy run, read off these very runs in the candidate's favour."
    yield ""
    yield (
        "| signal | separates (AUC) | ill runs beyond it | before the fault | "
        "earlier than gandoctor's first alarm | found by no rule |"
    )
    yield "|---|---|---|---|---|---|"
    for name in names:
        for sign, word in ((1, "high"), (-1, "low")):
            yield _line(name, sign, word, healthy, ill, recorded, known)


def _is_there(out: Path, run: PlannedRun) -> bool:
    return (out / f"{run.id}.json").exists()


def _line(
    name: str,
    sign: int,
    word: str,
    healthy: list[PlannedRun],
    ill: list[PlannedRun],
    recorded: dict[str, Any],
    known: dict[str, Any],
) -> str:
    smoothed = {run.id: _smoothed(recorded[run.id].get(name, {}), sign) for run in (*healthy, *ill)}
    peaks = [max(values.values()) for run in healthy if (values := smoothed[run.id])]
    highest = [max(values.values()) for run in ill if (values := smoothed[run.id])]
    if not peaks or not highest:
        return f"| {name}, {word} | not recorded | | | | |"
    limit = max(peaks)
    beyond = {run.id: [step for step, value in smoothed[run.id].items() if value > limit] for run in ill}
    onset = {run.id: run.onset for run in ill}
    early = [run for run, steps in beyond.items() if any(step < onset[run] for step in steps)]
    found = {run: min(later) for run, steps in beyond.items() if (later := [s for s in steps if s > onset[run]])}
    theirs = {run.id: min((known.get(run.id, {}).get("alarms") or {"": np.inf}).values()) for run in ill}
    earlier = [f"{run} {step} for {theirs[run]:.0f}" for run, step in found.items() if step < theirs[run] < np.inf]
    new = [run for run in found if theirs[run] == np.inf]
    auc = _auc(np.array(highest), np.array(peaks))
    counts = f"{auc:.2f} | {len(found)} of {len(ill)} | {len(early)}"
    return f"| {name}, {word} | {counts} | {_named(earlier)} | {_named(new)} |"


def _named(runs: list[str]) -> str:
    return f"{len(runs)}: {', '.join(runs)}" if runs else "0"


def _smoothed(values: dict[str, float], sign: int) -> dict[int, float]:
    """Return medians of three successive looks from step 150 on, so that one odd look is no alarm."""
    steps = sorted(int(step) for step in values)
    series = [sign * values[str(step)] for step in steps]
    return {steps[i]: float(np.median(series[i - 2 : i + 1])) for i in range(2, len(steps)) if steps[i - 2] >= YOUNG}


def main() -> None:
    """Do what the first argument says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("train", "table"))
    parser.add_argument("out", type=Path)
    parser.add_argument("judgements", type=Path, nargs="?")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.action == "table":
        print("\n".join(table(given.out, given.judgements)))
        return
    given.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as workers:
        for line in workers.map(train, RUNS, [given.out] * len(RUNS)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
