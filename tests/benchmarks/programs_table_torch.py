"""Tabulates what is recorded of every PyTorch style in the tests, and that training is the same with it.

    PYTHONPATH=tests python tests/benchmarks/programs_table_torch.py

About 5 minutes on 2 cores. Each style is trained bare and recorded, and the weights are compared bit by bit: scripts of
`tests/experiments/torch_scripts/styles.py` under `gandoctor run` with no line added, and the loops of
`tests/support/torch_programs.py` with GANMonitor around them. The table goes to `reports/programs-torch.md`.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from experiments import test_torch_loops as scripts  # noqa: E402 - found by the path above
from gandoctor import load_run  # noqa: E402
from monitors import test_torch as loops  # noqa: E402

GROUPS = {
    "losses": ("d_loss", "g_loss"),
    "gradient norms": ("d_grad_norm", "g_grad_norm"),
    "weight movement": ("d_update_in_d_step", "g_update_in_g_step"),
    "real batches": ("real_mean", "real_spread"),
    "scores": ("d_real_score", "d_fake_score"),
    "samples": ("sample_std", "sample_kid"),
}


def row(name: str, how: str, same: bool, run: Any) -> str:
    """Write a row of the table."""
    there = [group for group, names in GROUPS.items() if all(one in run for one in names)]
    absent = [group for group in GROUPS if group not in there]
    missing = run.manifest.missing
    why = "; ".join(f"{group} ({missing.get(GROUPS[group][0], 'no reason')})" for group in absent)
    recorded = ", ".join(there) + (f"; absent: {why}" if absent else "")
    family = run.manifest.loss_family or "unknown"
    signals = len(list(run.names))
    return f"| {name} | {how} | {signals} signals: {recorded} | {family} | {'yes' if same else 'NO'} |"


def main() -> None:
    """Train all and write the table."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for style in scripts.STYLES:
            folder = Path(scratch) / f"script-{style}".replace(" ", "-")
            folder.mkdir()
            bare = scripts.weights(scripts.bare(folder, style))
            done, run = scripts.recorded(folder, style)
            rows.append(row(style, "`gandoctor run`, no line", scripts.weights(done.stdout) == bare, run))
            print(rows[-1], flush=True)
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(1)
        for case in loops.CASES:
            _, bare = loops.trained(case, None)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _, watched = loops.trained(case, Path(scratch) / f"loop-{case}".replace(" ", "-"))
            same = list(bare) == list(watched) and all(torch.equal(bare[name], watched[name]) for name in bare)
            run = load_run(Path(scratch) / f"loop-{case}".replace(" ", "-"))
            rows.append(row(case, "`GANMonitor` around the loop", same, run))
            print(rows[-1], flush=True)
    head = [
        "# What is recorded of which PyTorch GAN, and what it changes",
        "",
        f"Every style is trained bare and recorded, {scripts.STEPS} steps of a script and {loops.STEPS} of a loop. "
        "Bit-identical means: all weights of a script; of a loop all weights, buffers, optimizer states and modes, and "
        "the random states of Python, NumPy and PyTorch at the end. Made by "
        f"`python tests/benchmarks/programs_table_torch.py` with PyTorch {torch.__version__} on the CPU. The same is "
        "asserted by `tests/experiments/test_torch_loops.py` and `tests/monitors/test_torch.py`.",
        "",
        "| style | attached | recorded | loss | bit-identical |",
        "|---|---|---|---|---|",
    ]
    (ROOT / "reports" / "programs-torch.md").write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
