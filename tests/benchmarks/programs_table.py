"""Tabulates what is recorded of every GAN program in the tests, and that training is the same with and without it.

    python tests/benchmarks/programs_table.py

About 3 minutes on 2 cores. Trains each program of `tests/monitors/programs/` twice with op determinism on; the table
goes to `reports/programs.md`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HARNESS = ROOT / "tests" / "monitors" / "programs" / "harness.py"
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
    if outcome["differing"]:
        return f"no: largest relative difference {outcome['largest_difference']:.1e}"
    return f"yes ({outcome['variables']} variables)"


def cell(text: str) -> str:
    """Keep a text inside its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Run the harness and write the table."""
    done = subprocess.run([sys.executable, str(HARNESS)], stdout=subprocess.PIPE, text=True, check=True)
    outcomes: dict[str, Any] = json.loads(done.stdout)
    table = "\n".join(
        [
            "# What is recorded of which GAN, and what it changes",
            "",
            "Every program in `tests/monitors/programs/` is trained twice in one process with op determinism on, once",
            "without and once with GANMonitor (6 steps, a probe a step where the length is known). Bit-identical",
            "means: all weights, optimizer slots, batch-norm statistics, loss scales, seeds; the random states of",
            "Python, NumPy, TensorFlow and Keras at the end. Made by `python tests/benchmarks/programs_table.py` with",
            f"TensorFlow {version('tensorflow')} and Keras {version('keras')} on CPU; the same is asserted by",
            "`tests/monitors/test_programs.py`. Overhead is measured elsewhere: networks this small say nothing of it.",
            "With op determinism on, XLA does not compile Keras's step; see [jit-rounding.md](jit-rounding.md).",
            "",
            "| program | recorded | players, loss, polarity | bit-identical |",
            "|---|---|---|---|",
            *(
                f"| {case} | {cell(captured(o))} | {cell(inferred(o))} | {identical(o)} |"
                for case, o in outcomes.items()
            ),
        ]
    )
    (ROOT / "reports" / "programs.md").write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
