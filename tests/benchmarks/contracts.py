"""Shows that contract and design rules fire on real programs with the defect, and stay silent on healthy ones.

    python tests/benchmarks/contracts.py [--part faults|controls] [--only NAME ...] [--seeds N]

Part `faults`: every fault of the reference model that a contract (GD0xx) or design rule (GD1xx) was made for, in each
way of attaching where it can arise: `fit` of a model with two tapes, two compiled models and `train_on_batch`, a
hand-written `tf.function` loop. Part `controls`: every healthy control over several seeds. Finished runs stay in
`runs/contracts/` and are judged again, not repeated; remove one to repeat it. Tables and findings go to
`reports/contracts.md` and `reports/contracts.json`; what that file holds of runs this machine does not have is kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reference_models.faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs" / "contracts"
DEFECTS = Path(__file__).parent / "defects"
STYLES = {"fit": None, "train_on_batch": "compiled_models.py", "tf.function": "tape_loop.py"}
CONTROLS = (
    "as_published",
    "dcgan",
    "dcgan_smoothed",
    "lsgan",
    "wgan_gp",
    "mlp",
    "hinge_sn",
    "dcgan_paper",
    "keras_io",
)
SMALL = ("generator.width=0.125", "discriminator.width=0.125", "training.freeze_discriminator=true")
HEALTHY = "healthy"
SEED = 1

STEPS = 40
STATISTICAL_STEPS = 500
STATISTICAL = ("GD008", "GD010", "GD105", "GD106")
"""Rules that are read off many steps, mostly after warm-up, which in a loop of unknown length is 300 steps."""
CONTROL_STEPS = 150

ELSEWHERE = {
    ("train_on_batch", "discriminator-step-moves-generator"): "the generator is not in that model",
    ("train_on_batch", "batch-norm-in-frozen-discriminator"): "every phase sets the flag anyway",
    ("tf.function", "batch-norm-in-frozen-discriminator"): "its weights are left out, no flag is set",
}
"""Faults that cannot arise in a style, and why."""


def judged_by_contract(fault: Fault) -> tuple[str, ...]:
    """The contract and design rules a fault was made for."""
    return tuple(rule for rule in fault.expected if rule.startswith(("GD0", "GD1")))


def cases() -> Iterator[tuple[str, str]]:
    """Every (style, fault) of part `faults`, a healthy program first."""
    for style in STYLES:
        yield style, HEALTHY
        for name, fault in FAULTS.items():
            if judged_by_contract(fault) and (style, name) not in ELSEWHERE:
                yield style, name


def steps_of(name: str) -> int:
    """How long a program with this fault is trained."""
    slow = name == HEALTHY or set(judged_by_contract(FAULTS[name])) & set(STATISTICAL)
    return STATISTICAL_STEPS if slow else STEPS


def train_fault(style: str, name: str, run_dir: Path) -> None:
    """Train one program with one fault."""
    planned = f"{name}@{STEPS // 2}" if name == "nan-at-step" else name
    script = STYLES[style]
    if script is None:
        fault = [] if name == HEALTHY else ["--fault", planned]
        settings = [part for change in SMALL for part in ("--set", change)]
        steps, seed = ("--steps", str(steps_of(name))), ("--seed", str(SEED))
        command = ["-m", "gandoctor", "run", *steps, *seed, *fault, *settings, "--fail-on", "never"]
        _train([*command, "--run-dir", str(run_dir)], run_dir)
    else:
        fault = [] if name == HEALTHY else [planned]
        _train([str(DEFECTS / script), str(run_dir), str(steps_of(name)), str(SEED), *fault], run_dir)


def train_control(name: str, seed: int, run_dir: Path) -> None:
    """Train one healthy control."""
    target = f"reference_models.controls:{name}"
    options = ["--steps", str(CONTROL_STEPS), "--seed", str(seed), "--fail-on", "never"]
    _train(["-m", "gandoctor", "run", target, *options, "--run-dir", str(run_dir)], run_dir)


def _train(arguments: list[str], run_dir: Path) -> None:
    # A run that was cut short is repeated whole: a finished one has this mark.
    shutil.rmtree(run_dir, ignore_errors=True)
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{run_dir.name}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    (run_dir / "trained").write_text(f"{time.monotonic() - begun:.0f} s\n", encoding="utf-8")


def judged(run_dir: Path) -> dict[str, Any]:
    """Diagnose a finished run and keep what the tables show."""
    command = [sys.executable, "-m", "gandoctor", "diagnose", str(run_dir), "--json", "--fail-on", "never"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{run_dir} cannot be judged: exit {done.returncode}\n{done.stderr[-4000:]}")
    diagnosis: dict[str, Any] = json.loads(done.stdout)
    kept = ("id", "severity", "first_step", "last_step")
    return {
        "steps": diagnosis["run"]["steps"],
        "loss": diagnosis["run"]["loss"],
        "detected": [
            {key: f[key] for key in kept} | {"evidence": [e["statement"] for e in f["evidence"]]}
            for f in diagnosis["findings"]
            if f["status"] == "detected"
        ],
        "not_evaluated": {f["id"]: f["reason"] for f in diagnosis["findings"] if f["status"] == "not_evaluated"},
        "errored": [f["id"] for f in diagnosis["findings"] if f["status"] == "errored"],
        "rules": [f["id"] for f in diagnosis["findings"]],
    }


def fired(result: dict[str, Any], contracts: bool = True) -> list[dict[str, Any]]:
    """What was detected above info: of contracts and design, or of the rest."""
    above = [f for f in result["detected"] if f["severity"] != "info"]
    return [f for f in above if f["id"].startswith(("GD0", "GD1")) is contracts]


def words(findings: list[dict[str, Any]]) -> str:
    """One table cell."""
    return "<br>".join(f"{f['id']} {f['severity']} @{f['first_step']}" for f in findings) or "nothing"


def verdict(name: str, result: dict[str, Any]) -> str:
    """Whether the rules that a fault was made for have fired, and which else."""
    ids = {f["id"] for f in fired(result)}
    remarks = {f["id"] for f in result["detected"] if f["severity"] == "info"}
    if name == HEALTHY:
        return "as it should be" if not ids else "FALSE ALARM"
    parts = []
    for rule in judged_by_contract(FAULTS[name]):
        if rule in ids:
            parts.append(f"{rule} found")
        elif rule in remarks:
            parts.append(f"{rule} found, as a remark")
        elif rule not in result["rules"]:
            parts.append(f"{rule} is not in this version")
        elif rule in result["not_evaluated"]:
            parts.append(f"{rule} NOT EVALUATED: {result['not_evaluated'][rule]}")
        else:
            parts.append(f"{rule} MISSED")
    parts += [f"{rule} besides" for rule in sorted(ids - set(judged_by_contract(FAULTS[name])))]
    return "<br>".join(parts)


def wanted(name: str, only: list[str]) -> bool:
    """Whether a case was asked for."""
    return not only or any(part in name for part in only)


def part_faults(only: list[str], results: dict[str, Any]) -> None:
    """Train and judge what is missing of part `faults`."""
    for style, name in cases():
        run_dir = RUNS / style / name
        if wanted(f"{style}/{name}", only) and not (run_dir / "trained").exists():
            train_fault(style, name, run_dir)
        if (run_dir / "trained").exists():
            results.setdefault(style, {})[name] = judged(run_dir)
            print(f"{style:15} {name:40} {verdict(name, results[style][name])}", flush=True)


def part_controls(only: list[str], seeds: int, results: dict[str, Any]) -> None:
    """Train and judge what is missing of part `controls`."""
    for name in CONTROLS:
        for seed in range(1, seeds + 1):
            run_dir = RUNS / "controls" / f"{name}-{seed}"
            if wanted(name, only) and not (run_dir / "trained").exists():
                train_control(name, seed, run_dir)
            if (run_dir / "trained").exists():
                result = judged(run_dir)
                results.setdefault(name, {})[str(seed)] = result
                print(f"{name:15} seed {seed}  {words(fired(result))}", flush=True)


def tables(faults: dict[str, Any], controls: dict[str, Any]) -> str:
    """The report."""
    lines = [
        "# Contracts and design on real programs",
        "",
        "Made by `python tests/benchmarks/contracts.py`; all findings are in [contracts.json](contracts.json). A cell",
        "gives rule, severity and first step of its evidence, for contracts (GD0xx) and design (GD1xx) above info.",
        "",
        "## Programs with one fault",
        "",
        f"The reference model at 1/8 width, batch 32, the discriminator frozen in the adversarial step; {STEPS} steps,",
        f"or {STATISTICAL_STEPS} where {' or '.join(STATISTICAL)} is expected: they judge many steps. One seed.",
        "`fit`: two tapes in `train_step`. `train_on_batch`: two compiled models. `tf.function`: a hand-written loop.",
    ]
    for style, results in faults.items():
        lines += ["", f"### {style}", "", "| fault | expected | found above info | |", "|---|---|---|---|"]
        for name in (name for case, name in cases() if case == style and name in results):
            result = results[name]
            expected = "nothing" if name == HEALTHY else ", ".join(judged_by_contract(FAULTS[name]))
            lines.append(f"| {name} | {expected} | {words(fired(result))} | {verdict(name, result)} |")
    lines += ["", *(f"Not in `{style}`: {name}, because {why}." for (style, name), why in ELSEWHERE.items())]
    lines += [
        "",
        "## Healthy controls",
        "",
        f"`reference_models.controls`, {CONTROL_STEPS} steps a run. `as_published` has the article's leak (GD004).",
        "Symptoms (GD2xx to GD4xx) of so short a run are counted, not judged here.",
        "",
        "| control | runs | contracts and design above info | symptoms above info | loss told |",
        "|---|---|---|---|---|",
    ]
    for name, results in controls.items():
        alarms = [f"seed {seed}: {words(fired(r))}" for seed, r in results.items() if fired(r)]
        symptoms = sum(bool(fired(r, contracts=False)) for r in results.values())
        losses = sorted({str(r["loss"]) for r in results.values()})
        cell = "<br>".join(alarms) or "nothing"
        lines.append(f"| {name} | {len(results)} | {cell} | in {symptoms} of {len(results)} | {', '.join(losses)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Train what is missing, judge everything, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["faults", "controls"], help="train this part only; default both")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="train what has this in its name")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of every control")
    given = parser.parse_args()
    nothing = ["\0"]  # judges what has been trained and trains nothing
    path = ROOT / "reports" / "contracts.json"
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    faults: dict[str, Any] = earlier.get("faults", {})
    controls: dict[str, Any] = earlier.get("controls", {})
    part_faults(nothing if given.part == "controls" else given.only, faults)
    part_controls(nothing if given.part == "faults" else given.only, given.seeds, controls)
    (ROOT / "reports" / "contracts.md").write_text(tables(faults, controls), encoding="utf-8")
    path.write_text(json.dumps({"faults": faults, "controls": controls}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
