"""Tabulates what is recorded of every GAN program in the tests, that training is the same with it, and what it costs.

    PYTHONPATH=tests python tests/benchmarks/programs_table.py

About 20 minutes on 2 cores, which must be idle. Trains each program of `tests/support/programs/` twice with op
determinism on, then several times without to take the time; the table goes to `reports/programs.md`. Times that are in
`reports/programs-cost.json` are not taken again: delete it to do so.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[2]
COSTS = ROOT / "reports" / "programs-cost.json"

from support.programs.cases import CASES  # noqa: E402 - TensorFlow's log level comes first

FRAMEWORK = "tensorflow"
LENGTHS = (100, 1100)
"""Steps of the two trainings whose difference is timed: tracing drops out, and probes where the length is known."""
EAGER_LENGTHS = (20, 60)
ROUNDS = 3
GROUPS = {
    "losses": ("d_loss", "g_loss"),
    "gradient norms": ("d_grad_norm", "g_grad_norm"),
    "weight movement": ("d_update_in_d_step", "g_update_in_g_step"),
    "scores": ("d_real_score", "d_fake_score"),
    "samples": ("sample_std", "sample_kid"),
}


def captured(outcome: dict[str, Any]) -> str:
    """What was recorded, and what was not and why."""
    there, absent = [], []
    for group, names in GROUPS.items():
        found = [n for n in names if n in outcome["signals"]]
        if len(found) == len(names):
            there.append(group)
        else:
            there += found
            lost = [n for n in names if n not in found]
            absent.append(f"{group if not found else ', '.join(lost)} ({outcome['missing'].get(lost[0], 'NO REASON')})")
    signals = sum(1 for name in outcome["signals"] if name not in ("step", "time"))
    text = f"{signals} signals: {', '.join(there)}"
    return text + (f"; absent: {'; '.join(dict.fromkeys(absent))}" if absent else "")


def inferred(outcome: dict[str, Any]) -> str:
    """Where the players came from, and what was told of loss and polarity."""
    players = ", ".join(
        f"{slot}: {outcome['players'].get(slot, 'not found')}"
        for slot in ("generator", "discriminator", "g_optimizer", "d_optimizer", "latent_sampler")
    )
    family, source = outcome["loss"]
    high, high_source = outcome["real_is_high"]
    loss = f"{family} ({source})" if family else "unknown"
    return f"{players}; loss {loss}; reals score {'high' if high else 'low'} ({high_source})"


def identical(outcome: dict[str, Any]) -> str:
    """Whether weights, slots, statistics and random states are the same bits."""
    different = [name for name, same in outcome["random_states_equal"].items() if not same]
    if different:
        return f"NO: random states differ: {', '.join(different)}"
    if not outcome["differing"]:
        return f"yes ({outcome['variables']} variables)"
    return f"NO: weights differ by up to {outcome['largest_difference']:.0e} of the largest"


def cost(case: str) -> str:
    """Milliseconds of a step, bare and with GANMonitor, without probes and tracing: from the fastest trainings."""
    if case == "resumed":
        return "as dcgan"
    short, long = EAGER_LENGTHS if case == "run_eagerly" else LENGTHS
    seconds: dict[int, tuple[list[float], list[float]]] = {short: ([], []), long: ([], [])}
    for turn in range(ROUNDS):
        for length in seconds:
            for watched in (False, True) if turn % 2 else (True, False):
                seconds[length][watched].append(timed(case, length, watched))
    steps = (long - short) * CASES[FRAMEWORK][case][1].get("fits", 1)
    bare, watched = (1e3 * (min(seconds[long][w]) - min(seconds[short][w])) / steps for w in (0, 1))
    return f"{bare:.2f} -> {watched:.2f} ms"


def timed(case: str, steps: int, watched: bool) -> float:
    """Seconds of one training."""
    import keras
    import tensorflow as tf

    from gandoctor.monitors import GANMonitor

    program, arguments = CASES[FRAMEWORK][case]
    fit, options = keras.Model.fit, tf.data.Options()
    options.autotune.enabled = False  # `fit` would end only when the tuner's sleep does

    def plain_fit(self: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        return fit(self, data.with_options(options) if isinstance(data, tf.data.Dataset) else data, *args, **kwargs)

    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(keras.Model, "fit", plain_fit),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(sys.stderr),
    ):
        warnings.simplefilter("ignore")  # what these programs are warned of is no matter here
        monitor = (lambda **told: GANMonitor(Path(folder) / "run", **told)) if watched else None
        begun = time.perf_counter()
        importlib.import_module(f"support.programs.{program}").train(monitor, steps, **arguments)
        return time.perf_counter() - begun


def cell(text: str) -> str:
    """Keep a text inside its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Run the harness and write the table."""
    done = subprocess.run(
        [sys.executable, "-m", "support.programs.harness", FRAMEWORK], stdout=subprocess.PIPE, text=True, check=True
    )
    outcomes: dict[str, Any] = json.loads(done.stdout)
    costs: dict[str, str] = json.loads(COSTS.read_text(encoding="utf-8")) if COSTS.exists() else {}
    for case in outcomes:
        if case not in costs:
            costs[case] = cost(case)
            COSTS.write_text(json.dumps(costs, indent=1) + "\n", encoding="utf-8")
            print(case, costs[case], flush=True)
    table = "\n".join(
        [
            "# What is recorded of which GAN, and what it changes",
            "",
            "Every program in `tests/support/programs/` is trained twice in one process with op determinism on, once",
            "without and once with GANMonitor (6 steps, a probe a step where the length is known). Bit-identical",
            "means: all weights, optimizer slots, batch-norm statistics, loss scales, seeds; the random states of",
            "Python, NumPy, TensorFlow and Keras at the end. Made by `python tests/benchmarks/programs_table.py` with",
            f"TensorFlow {version('tensorflow')} and Keras {version('keras')} on CPU; the same is asserted by",
            "`tests/monitors/test_programs.py`. With op determinism on, XLA does not compile Keras's step; see",
            "[jit-rounding.md](jit-rounding.md).",
            "",
            "A step: how long one takes bare and with GANMonitor where it is not probed (the difference of trainings",
            f"of {LENGTHS[0]} and {LENGTHS[1]} steps, the fastest of {ROUNDS} each, op determinism off, 2 cores).",
            "Hand-written loops, whose length the monitor does not know, are probed a few times more in the longer",
            "one. Networks so small are all TensorFlow's calls: what counts is the difference, which large networks",
            "have too. The same program twice differs by up to a millisecond (see those called *trained before*). What",
            "tracing and probes add is in [overhead.md](overhead.md).",
            "",
            "| program | recorded | players, loss, polarity | bit-identical | a step |",
            "|---|---|---|---|---|",
            *(
                f"| {case} | {cell(captured(o))} | {cell(inferred(o))} | {identical(o)} | {costs[case]} |"
                for case, o in outcomes.items()
            ),
        ]
    )
    (ROOT / "reports" / "programs.md").write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
