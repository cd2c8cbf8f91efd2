"""The fault benchmark, replayed in PyTorch with limits that were set on Keras runs alone; holds no tests.

    python tests/benchmarks/torch_replay.py runs/replay              # trains what is not trained yet, then writes
    python tests/benchmarks/torch_replay.py runs/replay --only -201  # the same, of some runs
    python tests/benchmarks/torch_replay.py runs/replay --judge-only

Trains the runs of `reference_models.benchmark.torch_plan`, each on one core, measures their samples with
the benchmark's oracle (which is a Keras network: it sees images only), and judges what this version has not. Writes
`reports/replayed-torch.md` and the judgements beside it, each run beside the Keras run of the same id in
`reports/benchmark/`. A run takes about two minutes of an idle core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gandoctor.experiments.benchmark.conduct import conduct, files_of, judge_all
from gandoctor.experiments.benchmark.judge import read_judgements, version, write_judgements
from gandoctor.experiments.benchmark.plan import Plan
from gandoctor.experiments.benchmark.scoring import Case, cause_ranking
from gandoctor.experiments.benchmark.truth import limits_of_bands, truth_of
from reference_models.benchmark.plan import build_plan
from reference_models.benchmark.torch_plan import build_torch_plan
from reference_models.torch_dcgan.faults import ABSENT

REPORTS = Path(__file__).resolve().parents[2] / "reports"
PAGE = REPORTS / "replayed-torch.md"
KEPT = REPORTS / "benchmark" / "torch.jsonl"


def cases(plan: Plan, judgements: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Case]:
    """Return the cases of some runs by id, without those that failed."""
    bands = limits_of_bands(plan, judgements)
    return {
        run.id: Case(run, judgements[run.id], truth_of(plan, run, judgements[run.id], bands))
        for run in plan.runs
        if run.id in ids and run.id in judgements and judgements[run.id]["outcome"] != "failed"
    }


def counts(some: Iterable[Case]) -> list[str]:
    """Return the cells of one framework's column."""
    every = list(some)
    ill = [c for c in every if c.is_ill]
    unhurt = [c for c in every if c.run.is_faulty and not c.is_ill]
    healthy = [c for c in every if c.run.kind == "healthy"]
    scary = [c for c in every if c.run.kind == "scary"]
    named = cause_ranking(every)
    return [
        share(ill, lambda c: bool(c.alarms_on_the_way | c.alarms)),
        share(ill, lambda c: bool({*c.run.expected} & (c.alarms_on_the_way | c.alarms))),
        share(unhurt, lambda c: bool(c.alarms_on_the_way | c.alarms)),
        share(healthy, lambda c: bool(c.alarms - c.right)),
        share(healthy, lambda c: bool((c.alarms_on_the_way | c.alarms) - c.right)),
        share(scary, lambda c: bool((c.alarms_on_the_way | c.alarms) - c.right)),
        f"{sum(rank == 1 for rank in named.ranks)}/{len(named.ranks)}",
        f"{sum(rank is not None and rank <= 3 for rank in named.ranks)}/{len(named.ranks)}",
    ]


ROWS = (
    "ill runs with an alarm",
    "ill runs with an alarm of a rule made for the fault",
    "faults without damage, with an alarm",
    "healthy runs with a false alarm at the end",
    "healthy runs with a false alarm at any look",
    "changes that are no fault, with a false alarm at any look",
    "first cause is right",
    "right cause among the first three",
)


def share(some: Sequence[Case], test: Any) -> str:
    """Write how many of some cases pass a test."""
    return f"{sum(test(c) for c in some)}/{len(some)}"


def said(case: Case | None) -> str:
    """Write what the oracle and the doctor say of a run."""
    if case is None:
        return "- | -"
    truth = "crashed" if case.crashed else case.truth.symptom or ("damaged" if case.truth.damaged else "unhurt")
    alarms = sorted(case.alarms | case.alarms_on_the_way)
    steps = {f["id"]: f"{f['first_step']}-{f['last_step']}" for f in case.judgement["findings"] if "first_step" in f}
    marked = [rule if rule in case.right else f"*{rule}*" for rule in alarms]
    if not case.run.is_faulty:
        marked = [f"{said} (steps {steps.get(rule, 'before')})" for said, rule in zip(marked, alarms, strict=True)]
    return f"{truth} | {', '.join(marked) or 'none'}"


def write(plan: Plan, torch_judged: Mapping[str, Any]) -> None:
    """Write the report."""
    keras_plan = build_plan()
    keras_judged = {
        name: one
        for split in ("calibration", "test")
        for name, one in read_judgements(REPORTS / "benchmark" / f"{split}.jsonl").items()
    }
    ids = [run.id for run in plan.runs if run.id in torch_judged]
    ours, theirs = cases(plan, torch_judged, ids), cases(keras_plan, keras_judged, ids)
    failed = [name for name in ids if torch_judged[name]["outcome"] == "failed"]
    now = version()
    stamp = f"{now['limits']}/{now['rules']}"
    other = sum(torch_judged[name].get("judged_by") != stamp for name in ids)
    lines = [
        "# The fault benchmark, replayed in PyTorch",
        "",
        f"{len(ids)} of {len(plan.runs)} planned runs of PyTorch's reference model (`gandoctor run --framework torch`) "
        "at 1/8 width, batch 32, 600 steps, with the options and the right answers of the Keras runs of the same id. "
        "**No limit was set on any PyTorch run**: limits and rules are those of the Keras benchmark "
        f"(limits {now['limits']}, rules {now['rules']}); {other} of the runs were judged by an earlier version of "
        "both. One seed a fault, so shares have wide intervals.",
        "",
        "The two are the same fault in two programs, not the same training: the PyTorch loop is that of the DCGAN "
        "tutorial (reals and fakes in batches of their own, G always in training mode, fakes reused), so whether a "
        "fault does damage may differ. Damage is the oracle's, against the healthy runs of the same framework. The "
        "Keras column is what `reports/benchmark/` holds for the same runs, judged by the version named in "
        "`benchmark.md`.",
        "",
        "| | PyTorch | Keras |",
        "|---|---|---|",
        *(
            f"| {row} | {one} | {other} |"
            for row, one, other in zip(ROWS, counts(ours.values()), counts(theirs.values()), strict=True)
        ),
        "",
        f"Failed, and not counted: {', '.join(failed) or 'none'}.",
        "",
        "Not replayed, as PyTorch's loop cannot have them: "
        + "; ".join(f"`{name}` ({why})" for name, why in ABSENT.items())
        + ".",
        "",
        "## Run by run",
        "",
        "Alarms at any look; those that the plan does not expect or allow are *slanted*, which is wrong where nothing "
        "is ill; for runs without a fault with the steps they are about. `-`: not there.",
        "",
        "| run | PyTorch: oracle | alarms | Keras: oracle | alarms |",
        "|---|---|---|---|---|",
        *(f"| {name} | {said(ours.get(name))} | {said(theirs.get(name))} |" for name in ids),
        "",
        "```sh",
        "python tests/benchmarks/torch_replay.py RUNS_DIR",
        "```",
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs_dir", type=Path)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--judge-only", action="store_true")
    parser.add_argument("--train-only", action="store_true")
    given = parser.parse_args()
    plan = build_torch_plan()
    runs = plan.select(["calibration", "test"], given.only)
    if not given.judge_only:
        conduct(
            plan,
            runs,
            given.runs_dir,
            given.workers,
            lambda run, files, done, of: print(f"{done}/{of} {run.id} {files.trained}", flush=True),
        )
    if given.train_only:
        return
    kept, now = read_judgements(KEPT), version()
    stamp = f"{now['limits']}/{now['rules']}"
    finished = [run for run in runs if files_of(plan, given.runs_dir, run).is_finished]
    for run in [run for run in finished if kept.get(run.id, {}).get("judged_by") != stamp]:
        (judged,) = judge_all(plan, [run], given.runs_dir, 1, lambda done, of: None)
        kept[run.id] = {**judged, "judged_by": stamp}
        write_judgements(KEPT, (kept[run.id] for run in plan.runs if run.id in kept))
        print(f"judged {run.id}", flush=True)
    write(plan, kept)
    print(f"Wrote {PAGE}")


if __name__ == "__main__":
    main()
