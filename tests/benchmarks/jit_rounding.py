"""Measures what a monitor changes in a training step that XLA compiles, beside what XLA itself changes.

    PYTHONPATH=tests python tests/benchmarks/jit_rounding.py

About 3 minutes on 2 cores. XLA fuses a training step as a whole, and what else reads a value may decide how it is fused
and so how its sums round. The programs of `tests/support/programs/` that XLA can compile and that draw the same
random numbers every time are trained from the same seeds; the table goes to `reports/jit-rounding.md`.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
ROOT = Path(__file__).resolve().parents[2]

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from gandoctor.monitors import GANMonitor  # noqa: E402

PROGRAMS = ("conditional", "own_names", "train_on_batch", "keras_gan")
STEPS = (1, 100)


def weights(program: str, steps: int, watched: bool = False, jit: bool = True) -> np.ndarray:
    """Train from the same seeds and return all weights of both players, one after the other."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    compile_of_keras = keras.Model.compile

    def compile_as_told(self: Any, *args: Any, **kwargs: Any) -> None:
        compile_of_keras(self, *args, **{**kwargs, "jit_compile": jit})

    with (
        tempfile.TemporaryDirectory() as directory,
        mock.patch.object(keras.Model, "compile", compile_as_told),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # what these programs are warned of is no matter here
        monitor = (lambda **options: GANMonitor(Path(directory) / "run", **options)) if watched else None
        state = importlib.import_module(f"support.programs.{program}").train(monitor, steps)
    names = [n for n in state if n.endswith(("kernel", "bias", "gamma", "beta"))]
    return np.concatenate([state[name].ravel() for name in names])


def difference(one: np.ndarray, other: np.ndarray) -> str:
    """Largest difference of a weight, in units of the largest weight."""
    found = float(np.abs(one - other).max() / np.abs(one).max())
    return "none" if found == 0 else f"{found:.0e}"


def main() -> None:
    """Train and write the table."""
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    rows = []
    for program in PROGRAMS:
        for steps in STEPS:
            compiled = weights(program, steps)
            found = (
                difference(compiled, weights(program, steps)),
                difference(compiled, weights(program, steps, watched=True)),
                difference(compiled, weights(program, steps, jit=False)),
            )
            rows.append(f"| {program} | {steps} | {' | '.join(found)} |")
            print(rows[-1], file=sys.stderr, flush=True)
    text = f"""# jit_compile: what a monitor changes

XLA fuses a training step as a whole. What else reads a value may decide how it is fused, and so how its sums round: a
monitor cannot promise the same bits there, as any change of the program may round differently. Each program of
`tests/support/programs/` is trained from the same seeds by one thread. Each number is the largest difference of any
weight of either player, in units of the largest weight; "none": the same bits.

| program | steps | the same again | with GANMonitor | not compiled by XLA |
|---|---|---|---|---|
{chr(10).join(rows)}

The last column is what XLA itself changes: GAN training amplifies its roundings within a hundred steps. Op determinism
is off, as Keras's training step is not compiled by XLA with it on. TensorFlow's stateful random ops
(`tf.random.normal`) draw other numbers in every compiled run, so that programs with them cannot be compared. Keras
compiles by XLA by default where there is a GPU; this was measured on CPU. Made by
`python tests/benchmarks/jit_rounding.py` with TensorFlow {version("tensorflow")} and Keras {version("keras")}.
"""
    (ROOT / "reports" / "jit-rounding.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
