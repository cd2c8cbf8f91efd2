"""Train the reference model on emoji and on crops of photographs, healthy and with faults, and table what is found.

    python tests/benchmarks/other_data.py data PACKAGES OUT       # OUT/emoji.npz, OUT/photos.npz
    python tests/benchmarks/other_data.py train OUT [--only TEXT]  # OUT/runs/...; what is finished is not repeated
    python tests/benchmarks/other_data.py table OUT > reports/other-data.md

PACKAGES holds two packages of the registries, unpacked: `emoji-datasource-twitter` of npm (its sheets of Twemoji,
CC BY 4.0) as PACKAGES/package, and the wheel of `scikit-image` (photographs, each free; see its data/README.txt) as
PACKAGES/skimage. Nothing of them is kept in this project. Holds no tests.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 32
CROPS = 4000
PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "ihc.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg")
STEPS, WIDTH = 1000, 0.25
HEALTHY_SEEDS = (1, 2, 3, 4, 5)
FAULTS = (
    "output-noise",
    "salt-and-pepper@500",
    "half-latents-collapsed",
    "constant-latent",
    "strided-upsampling",
    "few-real-images",
    "generator-learning-rate-1e-7",
)
"""What grain, collapse, checkerboard and copying look like on colour and texture; one seed each."""
GRID = "strided-upsampling"
"""Trained with a second seed: the statistic of grids was made anew after the first had been looked at."""


def emoji(packages: Path) -> np.ndarray:
    """Return every emoji of Twemoji on white, uint8 (n, 32, 32, 3)."""
    sheet = Image.open(packages / "package" / "img" / "twitter" / "sheets-clean" / "32.png").convert("RGBA")
    cells = np.asarray(sheet)
    step, found = SIDE + 2, []  # a border of one pixel around each
    for top in range(1, cells.shape[0] - SIDE, step):
        for left in range(1, cells.shape[1] - SIDE, step):
            cell = cells[top : top + SIDE, left : left + SIDE]
            if (cell[..., 3] > 0).any():
                opacity = cell[..., 3:] / 255.0
                found.append(np.round(cell[..., :3] * opacity + 255.0 * (1.0 - opacity)).astype(np.uint8))
    return np.stack(found)


def photos(packages: Path) -> np.ndarray:
    """Return crops of photographs at half their size, uint8 (4000, 32, 32, 3)."""
    rng, found = np.random.default_rng(0), []
    pictures = []
    for name in PHOTOS:
        picture = Image.open(packages / "skimage" / "data" / name).convert("RGB")
        pictures.append(np.asarray(picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)))
    for index in range(CROPS):
        picture = pictures[index % len(pictures)]
        top, left = (int(rng.integers(0, side - SIDE + 1)) for side in picture.shape[:2])
        found.append(picture[top : top + SIDE, left : left + SIDE])
    return rng.permutation(np.stack(found))


def planned() -> list[tuple[str, list[str]]]:
    """Return (name, options of `gandoctor run`) of every training."""
    healthy = [(f"healthy-{seed}", ["--seed", str(seed)]) for seed in HEALTHY_SEEDS]
    faulty = [(fault, ["--seed", "11", "--fault", fault]) for fault in FAULTS]
    again = [(f"{GRID}-12", ["--seed", "12", "--fault", GRID])]
    return [*healthy, *faulty, *again]


def train(out: Path, only: str) -> None:
    """Train what is not finished yet, one after another."""
    for name, options in planned():
        for data in ("emoji", "photos"):
            run_dir = out / "runs" / data / name.replace("@", "_at_")
            if only not in f"{data}/{name}" or (run_dir / "diagnosis.json").exists():
                continue
            command = [sys.executable, "-m", "gandoctor", "run", "--data", out / f"{data}.npz", "--run-dir", run_dir]
            command += ["--steps", str(STEPS), "--set", "training.freeze_discriminator=true"]
            command += ["--set", f"generator.width={WIDTH}", "--set", f"discriminator.width={WIDTH}", *options]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            print(data, name, done.returncode, done.stderr[-300:] if done.returncode > 1 else "", flush=True)


def table(out: Path) -> str:
    """Judge every finished training again and return the report."""
    from gandoctor import diagnose
    from gandoctor.rules import Severity
    from gandoctor.store import load_run

    lines: list[str] = []
    verdicts: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for data in ("emoji", "photos"):
        for name, _ in planned():
            run_dir = out / "runs" / data / name.replace("@", "_at_")
            if not (run_dir / "diagnosis.json").exists():
                lines.append(f"| {data} | {name} | not trained | |")
                continue
            diagnosis = diagnose(load_run(run_dir))
            alarms = [f for f in diagnosis.detected if f.severity is not Severity.INFO]
            verdicts[data, name.startswith("healthy")] += Counter({"trained": 1, "alarmed": bool(alarms)})
            verdicts[data, name.startswith("healthy")][diagnosis.verdict] += 1
            found = ", ".join(f"{f.rule.id} {f.severity.value}" for f in diagnosis.detected) or "none"
            lines.append(f"| {data} | {name} | {diagnosis.verdict} | {found} |")
    counts = []
    for (data, fine), c in sorted(verdicts.items()):
        numbers = [str(c[name]) for name in ("trained", "alarmed", "healthy", "inconclusive")]
        counts.append(f"| {data} | {'healthy' if fine else 'ill'} | {' | '.join(numbers)} |")
    return "\n".join(
        [
            "| data | trainings | trained | with an alarm | called healthy | inconclusive |",
            "|---|---|---|---|---|---|",
            *counts,
            "",
            "| data | training | verdict | findings |",
            "|---|---|---|---|",
            *lines,
        ]
    )


def main() -> None:
    """Do what the first argument says."""
    action, *rest = sys.argv[1:]
    if action == "data":
        packages, out = map(Path, rest)
        out.mkdir(parents=True, exist_ok=True)
        for name, images in (("emoji", emoji(packages)), ("photos", photos(packages))):
            np.savez_compressed(out / f"{name}.npz", images=images)
            print(name, images.shape)
    elif action == "train":
        train(Path(rest[0]).absolute(), rest[2] if rest[1:2] == ["--only"] else "")
    else:
        print(table(Path(rest[0])))


if __name__ == "__main__":
    main()
