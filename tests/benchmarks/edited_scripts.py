"""What `gandoctor treat --edited` says of programs whose bug was mended in the code, as their reports say.

    python tests/benchmarks/edited_scripts.py    # trains what is not in runs/edited yet; some minutes

Programs of the corpus of real bugs, one edit each. A program is run as it is, then `treat` is given the edited one.
Judged by gandoctor's findings, and by the distance of `treatments_of_scripts.py`, which shares nothing with them. The
table goes to `reports/treatments-edited.md`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from treatments_of_scripts import ROOT, distances

from gandoctor.store import load_run

REPORT, RUNS = ROOT / "reports" / "treatments-edited.md", ROOT / "runs" / "edited"
EDITS = {
    "wiring/backward_and_no_more": (
        "loss_gen = self.backward_gen()\n",
        "loss_gen = self.backward_gen(); self.step_gen()\n",
    ),
    "wiring/no_clearing_before_the_discriminator": (
        "        logits_fake = discriminator(made.detach())\n",
        "        optimizer_d.zero_grad(); logits_fake = discriminator(made.detach())\n",
    ),
    "loss/both_batches_against_ones": ("logits_fake, target=torch.ones_like", "logits_fake, target=torch.zeros_like"),
    "data/pixels_as_loaded": ("high=255.0", "high=1.0"),
    "balance/critic_without_a_clip": (
        "# no clipping",
        "d.set_weights([np.clip(w, -0.05, 0.05) for w in d.get_weights()])",
    ),
}
"""Program -> what is replaced, and by what."""


def tried(program: str, folder: Path) -> dict[str, Any]:
    """Run a program, treat it with its edit, and return the trial as JSON has it."""
    old, new = EDITS[program]
    folder.mkdir(parents=True, exist_ok=True)
    source = (ROOT / "reference_models" / "wild" / f"{program}.py").read_text(encoding="utf-8")
    if source.count(old) != 1:
        raise SystemExit(f"{program}: {old!r} stands there {source.count(old)} times")
    (folder / "train.py").write_text(source, encoding="utf-8")
    (folder / "mended.py").write_text(source.replace(old, new), encoding="utf-8")
    if not (folder / "run" / "run.json").exists():
        _gandoctor(folder, "run", "--run-dir", "run", "train.py")
    kept = folder / "trial.json"
    if not kept.exists():
        done = _gandoctor(folder, "treat", "run", "--edited", "mended.py", "--json")
        kept.write_text(json.dumps(json.loads(done.stdout)), encoding="utf-8")
    trial: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return trial


def row(program: str, folder: Path) -> str:
    """Return a row of the table."""
    said = tried(program, folder)
    (trial,) = said["trials"] or [{}]
    (before, null), (after, _) = distances(load_run(folder / "run")), (None, None)
    if trial.get("run"):
        after, _ = distances(load_run(folder / trial["run"]))
    shown = ["-" if one is None else f"{one:.3f}" for one in (before, after, null)]
    gone, new = (", ".join(trial.get(key, ())) or "none" for key in ("gone", "new"))
    return f"| {program} | {trial.get('outcome', said['verdict'])} | {gone} | {new} | {' | '.join(shown)} |"


def _gandoctor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gandoctor", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def main() -> None:
    """Try everything and write the report."""
    rows = [row(program, RUNS / program) for program in EDITS]
    head = [
        "# What treat says of a mended program",
        "",
        "Made by `python tests/benchmarks/edited_scripts.py`: programs of the corpus of real bugs (`wild.md`), run as",
        "they are, and `gandoctor treat --edited` with the line mended that the report names. This shows whether a",
        "mended program is known for one; it says nothing of the plan. Distance: the mean energy distance of 64 random",
        "projections between the last samples and the real data, beside that of real data from real data. One training",
        "each.",
        "",
        "| program | treat says | gone | new | distance before | after | real data |",
        "|---|---|---|---|---|---|---|",
    ]
    REPORT.write_text("\n".join([*head, *rows, ""]), encoding="utf-8")
    print(REPORT)


if __name__ == "__main__":
    main()
