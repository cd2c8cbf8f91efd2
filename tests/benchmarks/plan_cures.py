"""How many faults the first step of the plan cures: each is trained, its plan's first command is run, both are judged.

    python tests/benchmarks/plan_cures.py            # trains what has not been trained, writes reports/plan.md
    python tests/benchmarks/plan_cures.py --again    # judges finished trainings only

The command is run as it is printed; only the directory to record into is added. The faults are those of the gallery,
and one more, as one of these does no harm.
Trainings stay in `runs/plan/` and are not repeated.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gandoctor import diagnose
from gandoctor.diagnosis import Diagnosis, Step
from gandoctor.rules import Severity
from gandoctor.store import load_run

RUNS = Path("runs/plan")
REPORT = Path(__file__).resolve().parents[2] / "reports" / "plan.md"
COMMON = (
    *("--set", "generator.width=0.125", "--set", "discriminator.width=0.125"),
    *("--set", "training.freeze_discriminator=true", "--steps", "600", "--seed", "1"),
)
FAULTS = (
    "output-noise",
    "generator-learning-rate-1e-7",
    "batch-norm-on-output",
    "dropout-0.9",
    "discriminator-learning-rate-x100",
    "half-latents-collapsed@300",
    "nan-at-step@300",
    "generator-frozen",
    "byte-data",
    "tanh-generator",
    "discriminator-frozen",
)


@dataclass(frozen=True)
class Outcome:
    """A fault, its plan's first step, and what was found after it was taken; None where it has no command."""

    fault: str
    before: Diagnosis
    step: Step
    after: Diagnosis | None

    @property
    def is_gone(self) -> bool:
        """Whether nothing that the step answers is found above a remark any more."""
        if self.after is None:
            return False
        left = {f.id for f in self.after.findings if f.severity is not Severity.INFO}
        return not left & {*self.step.findings}

    @property
    def is_healthy(self) -> bool:
        """Whether the run is healthy afterwards."""
        return self.after is not None and self.after.verdict == "healthy"


def train(name: str, words: list[str], again: bool) -> Path | None:
    """Return the directory of a finished training, run now unless it is there; None where it may not be run."""
    run_dir = RUNS / name
    if (run_dir / "run.json").exists() and load_run(run_dir).state in ("completed", "crashed"):
        return run_dir
    if again:
        return None
    print(f"{name}: {shlex.join(['gandoctor', *words])}", flush=True)
    command = [sys.executable, "-m", "gandoctor", *words, "--run-dir", str(run_dir), "--fail-on", "never"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return run_dir


def try_out(fault: str, again: bool) -> Outcome | None:
    """Train a fault, take the plan's first step, and judge both; None where it was not trained or does no harm."""
    sick = train(f"{fault}-sick", ["run", "--fault", fault, *COMMON], again)
    if sick is None:
        return None
    before = diagnose(sick)
    if not before.plan:
        return None
    step = before.plan[0]
    treated = None if step.command is None else train(f"{fault}-treated", shlex.split(step.command)[1:], again)
    return Outcome(fault, before, step, None if treated is None else diagnose(treated))


def table(outcomes: list[Outcome], harmless: list[str]) -> str:
    """Return the report."""
    sound = shlex.join(["gandoctor", "run", *COMMON])
    same = [one.fault for one in outcomes if one.step.command == sound]
    gone, healthy = sum(one.is_gone for one in outcomes), sum(one.is_healthy for one in outcomes)
    lines = [
        "# The plan's first step, tried",
        "",
        "Made by `python tests/benchmarks/plan_cures.py`: the quick preset at an eighth of the article's width, the",
        "discriminator frozen in the generator's step, 600 steps, seed 1; one seed only. The first command of the plan",
        "is run as it is printed, with a directory to record into. The reference model says of each of its faults",
        "which change takes it back (`Fault.undone_by`), as a user's editor would; a command that makes that change",
        "leaves the fault out. A step whose change is no setting of the model has no command and counts as not cured.",
        "",
        f"Of {len(outcomes)} faults, {gone} are cured: nothing that the step answers is found any more. "
        f"{healthy} runs are healthy",
        "afterwards.",
        "",
        f"For {len(same)} of them ({', '.join(same)})",
        "the command is that of the sound model, as the fault is a switch: there the table shows that the plan names",
        "the change that was needed, and no more. A NaN that is multiplied in, and a collapse that is simulated inside",
        "the generator, are nothing that a treatment could take back.",
        "",
        *(f"Not counted, as the run has no plan: {fault}.\n" for fault in harmless),
        "| fault | verdict | headline | first step | verdict afterwards | cured | left above a remark |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        left = [] if one.after is None else [f.id for f in one.after.findings if f.severity is not Severity.INFO]
        cells = (
            one.fault,
            one.before.verdict,
            str(one.before.name),
            str(one.step.title),
            "no command" if one.after is None else one.after.verdict,
            "yes" if one.is_gone else "no",
            ", ".join(left) or "nothing" if one.after is not None else "",
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "The commands:", "", "```sh"]
    lines += [f"# {one.fault}\n{one.step.command or '# none'}" for one in outcomes]
    return "\n".join([*lines, "```", ""])


def main() -> None:
    """Try every fault and write the report."""
    tried = {fault: try_out(fault, "--again" in sys.argv) for fault in FAULTS}
    outcomes = [one for one in tried.values() if one is not None]
    REPORT.write_text(table(outcomes, [fault for fault, one in tried.items() if one is None]))
    print(f"{sum(one.is_gone for one in outcomes)} of {len(outcomes)} cured; {REPORT}")


if __name__ == "__main__":
    main()
