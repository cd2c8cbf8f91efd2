"""Every command and every monitor in an environment that has PyTorch and no TensorFlow: reports/without-tensorflow.md.

    python tests/benchmarks/without_tensorflow.py [--python FILE]

Makes a virtual environment in a temporary directory, installs this checkout with its extra `torch` and Lightning in
CI's versions (some GB and minutes), and does what a user would with the scripts in `pytorch_scripts/`. `--python` takes
the interpreter of an environment that was made before. Exits with 1 where something is not as expected.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "pytorch_scripts"
REPORT = ROOT / "reports" / "without-tensorflow.md"
HIDDEN = ("tensorflow", "keras")
SECONDS_MAX = 900

SMALL = "--set generator.width=0.05 --set discriminator.width=0.05"


@dataclass(frozen=True)
class Deed:
    """A command as a user types it.

    Attributes:
        words: The command line.
        says: What it prints when it works.
        status: Its exit status then.
    """

    words: str
    says: str
    status: int = 0


DEEDS = (
    Deed("gandoctor --help", "Find out why your GAN failed"),
    Deed("gandoctor rules", "GD403"),
    Deed("gandoctor rules GD403", "How it is recognised"),
    Deed("gandoctor faults", "constant-latent"),
    Deed("gandoctor benchmark --help", "Train every run of a plan"),
    Deed("gandoctor check loop.py", "dry run of 2 steps"),
    Deed("gandoctor check --framework torch", "dry run of 2 steps"),
    Deed("gandoctor run --run-dir loop loop.py", "completed 96 steps"),
    Deed("gandoctor run --run-dir slow trainer.py", "GD003", status=1),
    Deed("gandoctor run --run-dir table wgan_gp_table.py", "completed 60 steps"),
    Deed(f"gandoctor run --run-dir digits --steps 60 {SMALL}", "completed 60 steps"),
    Deed(f"gandoctor run --run-dir fault --framework torch --fault constant-latent --steps 60 {SMALL}", "GD007", 1),
    Deed("gandoctor run --framework tensorflow", "needs TensorFlow, which is not installed", 2),
    Deed("gandoctor diagnose slow", "GD003", status=1),
    Deed("gandoctor diagnose table --json", '"schema": "gandoctor.diagnosis/1"'),
    Deed("gandoctor report loop", "report.html"),
    Deed("gandoctor report slow --lang zh --output zh.html", "zh.html"),
    Deed("gandoctor report table --format md", "table"),
    Deed("gandoctor watch slow", "GD003"),
    Deed("gandoctor runs .", "slow"),
    Deed("gandoctor compare loop slow", "GD003"),
    Deed("gandoctor treat slow --dry-run", "learning_rate"),
    Deed("gandoctor treat slow --first 1", "gone: GD003", 1),  # it trains with the change, which is no cure
    Deed(f"gandoctor study --vary discriminator.dropout=0.2,0.4 --seeds 1 --steps 30 {SMALL}", "discriminator.dropout"),
    Deed("python with_monitor.py", "steps recorded: 60"),
    Deed("python on_lightning.py", "steps recorded: 32"),
)


def environment(folder: Path) -> Path:
    """Make an environment and return its interpreter."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    words = [f"{ROOT}[torch]", "lightning", "-c", str(ROOT / ".ci" / "constraints.txt")]
    subprocess.run([python, "-m", "pip", "install", "-q", "-e", *words], check=True)
    return python


def without_frameworks(python: Path) -> dict[str, str]:
    """Return the versions in an environment.

    Raises:
        SystemExit: It has a framework that must not be there.
    """
    code = (
        "import json, torch, platform; from importlib.util import find_spec\n"
        f"print(json.dumps({{'there': [m for m in {HIDDEN!r} if find_spec(m)],"
        " 'Python': platform.python_version(), 'torch': torch.__version__}))"
    )
    found = json.loads(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout)
    if there := found.pop("there"):
        raise SystemExit(f"{python} has {', '.join(there)}")
    return dict(found)


def do(deed: Deed, python: Path, folder: Path) -> tuple[str, str]:
    """Do one thing; return how it went, "as expected" where it did, and what was printed."""
    began = time.monotonic()
    done = subprocess.run(
        deed.words.split(),
        cwd=folder,
        env={**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    printed = done.stdout + done.stderr
    wrong = [f"exit status {done.returncode}"] if done.returncode != deed.status else []
    wrong += ["a traceback"] if "Traceback (most recent call last)" in printed else []
    wrong += [] if deed.says in printed else [f"nothing said of {deed.says!r}"]
    print(f"{deed.words}: {', '.join(wrong) or 'as expected'}, {time.monotonic() - began:.0f} s", flush=True)
    return ", ".join(wrong) or "as expected", printed


def table(outcomes: list[str], versions: dict[str, str]) -> str:
    """Return the report."""
    good = sum(outcome == "as expected" for outcome in outcomes)
    rows = [
        f"| `{deed.words}` | {deed.status} | `{deed.says}` | {outcome} |"
        for deed, outcome in zip(DEEDS, outcomes, strict=True)
    ]
    today, versions_in_words = f"{datetime.now(UTC):%d %B %Y}", ", ".join(f"{n} {v}" for n, v in versions.items())
    head = (
        "# PyTorch without TensorFlow\n\n"
        "What a user does, in a fresh environment into which `pip install -e '.[torch]'` and Lightning were\n"
        "installed: TensorFlow and Keras are not there. Written by `python tests/benchmarks/without_tensorflow.py`,\n"
        f"which does it again, on {today} with {versions_in_words}.\n\n"
        f"{good} of {len(DEEDS)} went as expected: the exit status, what is said, and no traceback. The scripts are\n"
        "in `tests/benchmarks/pytorch_scripts/`. They are small, so this says that everything runs, not how well it\n"
        "judges. The watch view was not typed into: without a terminal it prints how the run stands.\n\n"
    )
    return head + "\n".join(["| command | status | says | went |", "|---|---|---|---|", *rows]) + "\n"


def main() -> None:
    """Do everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, help="interpreter of an environment without TensorFlow")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        python = given.python or environment(Path(name) / "environment")
        versions = without_frameworks(python)
        folder = Path(name) / "work"
        shutil.copytree(SCRIPTS, folder)
        outcomes = []
        for deed in DEEDS:
            outcome, printed = do(deed, python, folder)
            outcomes.append(outcome)
            if outcome != "as expected":
                print(printed[-3000:], file=sys.stderr)
    REPORT.write_text(table(outcomes, versions), encoding="utf-8")
    sys.exit(any(outcome != "as expected" for outcome in outcomes))


if __name__ == "__main__":
    main()
