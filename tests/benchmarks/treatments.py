"""What cures a damaged training: the plan's steps, random treatments, or lower rates; judged by the benchmark's oracle.

    gandoctor benchmark --split calibration          # trains the sick and the healthy runs, once
    python tests/benchmarks/treatments.py            # trains each with each change, writes reports/treatments.md
    python tests/benchmarks/treatments.py --report   # judges finished trainings only

Sick are the runs of the benchmark with a fault of the training that its oracle finds damaged. The oracle knows nothing
of gandoctor's rules: it draws 2,000 samples and judges them by a classifier of its own. Cured is a training that it
finds undamaged, by the same limits. Trainings stay in `runs/treatments/` and are not repeated; one that the benchmark
has made already, such as the healthy run of the same seed, is taken from there.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

from gandoctor.cli.run import job_of
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.diagnosis.commands import command_for
from gandoctor.diagnosis.plan import case_of
from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.conduct import conduct, files_of
from gandoctor.experiments.benchmark.plan import Plan, PlannedRun, load_plan
from gandoctor.experiments.benchmark.run_files import RunFiles
from gandoctor.experiments.benchmark.statistics import Share
from gandoctor.experiments.benchmark.truth import Limits, limits_of_bands, truth_of
from gandoctor.store import load_run
from gandoctor.store.manifest import Declared
from gandoctor.treatments import TREATMENTS
from gandoctor.treatments.changes import tailored
from reference_models.faults import apply_faults
from reference_models.settings import change_settings, load_settings

REPORT = Path(__file__).resolve().parents[2] / "reports" / "treatments.md"
REFERENCE = "reference_models.training:build"
PLANNED, RANDOM = 3, 3
HALVED = "both rates halved"
ARMS = (*(f"plan {i}" for i in range(1, PLANNED + 1)), *(f"random {i}" for i in range(1, RANDOM + 1)), HALVED)
RATES = ("generator.learning_rate", "discriminator.learning_rate")


@dataclass(frozen=True)
class Try:
    """One change of one run.

    Attributes:
        sick: The run as it was.
        arm: One of `ARMS`.
        treatment: What was done.
        run: The training with the change; None where no command makes it.
        known: Whether the benchmark itself has that training.
    """

    sick: PlannedRun
    arm: str
    treatment: str
    run: PlannedRun | None
    known: bool = False


class Bench:
    """The finished runs of the benchmark, what is tried on them, and what the oracle says of both."""

    def __init__(self, plan: Plan, finished: Path, treated: Path) -> None:
        self.plan = plan
        self.finished = finished
        self.treated = treated
        oracles = {run.id: {"oracle": files_of(plan, finished, run).oracle} for run in plan.runs}
        self.bands: Mapping[str, Limits] = limits_of_bands(plan, oracles)
        self._own: dict[str, PlannedRun] = {}
        self._known = {
            _key(run.options): run
            for run in plan.runs
            if run.target == REFERENCE and files_of(plan, finished, run).is_finished
        }

    def is_damaged(self, run: PlannedRun, where: RunFiles) -> bool | None:
        """Return what the oracle says of a run; None while it is not trained. One that crashed is damaged."""
        mark = where.trained
        if mark is None or (mark["outcome"] == "completed" and where.oracle is None):
            return None
        if mark["outcome"] != "completed":
            return True
        return truth_of(self.plan, run, {"oracle": where.oracle}, self.bands).damaged

    def of_benchmark(self, run: PlannedRun) -> RunFiles:
        """Return the files of a run of the benchmark."""
        return files_of(self.plan, self.finished, run)

    def files(self, one: Try) -> RunFiles | None:
        """Return the files of a training with a change; None where there is none."""
        if one.run is None:
            return None
        return files_of(self.plan, self.finished if one.known else self.treated, one.run)

    def cured(self, one: Try) -> bool | None:
        """Return whether the oracle finds no damage after a change; None while it is not trained."""
        where = self.files(one)
        if where is None or one.run is None:
            return False
        damaged = self.is_damaged(one.run, where)
        return None if damaged is None else not damaged

    def sick(self, seeds: Sequence[int]) -> list[PlannedRun]:
        """Return the runs whose training has a fault and is damaged."""
        chosen = [
            r for r in self.plan.runs if r.target == REFERENCE and r.kind == "mechanistic" and r.band == "reference"
        ]
        chosen = [r for r in chosen if not seeds or r.seed in seeds]
        return [r for r in chosen if self.is_damaged(r, self.of_benchmark(r))]

    def is_curable(self, sick: PlannedRun) -> bool:
        """Tell whether the same training without the fault is undamaged; where it was not trained, it may be.

        Some seeds end damaged by themselves at this size. There nothing that takes the fault back is a cure.
        """
        twin = self._known.get(_key({**sick.options, "faults": []}))
        return twin is None or not self.is_damaged(twin, self.of_benchmark(twin))

    def healthy(self, count: int) -> list[PlannedRun]:
        """Return the first healthy runs of the reference model."""
        chosen = [r for r in self.plan.runs if r.kind == "healthy" and r.family == "reference"]
        return [r for r in chosen if self.of_benchmark(r).is_finished][:count]

    def tries(self, sick: PlannedRun) -> Iterator[Try]:
        """Yield what is tried on a run."""
        before = self._diagnosis(sick)
        steps = before.plan[:PLANNED] if before.headline is not None else ()
        for number, step in enumerate(steps, start=1):
            yield self._try(sick, f"plan {number}", step.treatment, step.command)
        yield from self._random(sick, before)
        settings = before.run.manifest.config["settings"]
        halved = [f"{key}={settings[key.partition('.')[0]][key.partition('.')[2]] / 2}" for key in RATES]
        # Whatever the fault does to a rate, it still does: nothing is taken back.
        yield self._with(sick, HALVED, HALVED, {**sick.options, "settings": [*sick.options["settings"], *halved]})

    def _random(self, sick: PlannedRun, before: Diagnosis) -> Iterator[Try]:
        """Yield treatments of the catalogue that change something in a run, drawn without regard to what was found."""
        case, own, left = case_of(before, (), ()), _key(sick.options), RANDOM
        names = sorted(TREATMENTS)
        random.Random(sick.id).shuffle(names)
        for name in names:
            fitted = tailored(TREATMENTS[name], case)
            command = None if fitted is None else command_for(before.run, name, fitted.patch, before_training=False)
            if command is None:
                continue
            one = self._try(sick, f"random {RANDOM + 1 - left}", name, command)
            if left and one.run is not None and _key(one.run.options) != own:
                left -= 1
                yield one

    def _diagnosis(self, run: PlannedRun) -> Diagnosis:
        recorded = load_run(self.of_benchmark(run).run_dir)
        recorded.manifest.declared = Declared()
        recorded.manifest.command = ["gandoctor", *_words(run.options)]
        recorded.manifest.config["undone_by"] = _undone_by(run.options)  # as the reference model itself records it
        return diagnose(recorded)

    def _try(self, sick: PlannedRun, arm: str, treatment: str, command: str | None) -> Try:
        if command is None:
            return Try(sick, arm, treatment, None)
        job = job_of(shlex.split(command)[2:], Path("unused"))
        return self._with(sick, arm, treatment, job.options)

    def _with(self, sick: PlannedRun, arm: str, treatment: str, options: dict[str, Any]) -> Try:
        try:
            key = _key(options)
        except GandoctorError:
            return Try(sick, arm, treatment, None)
        if key in self._known:
            return Try(sick, arm, treatment, self._known[key], known=True)
        if key not in self._own:  # what two faults have in common once cured is trained once
            digest = blake2b(key.encode(), digest_size=5).hexdigest()
            self._own[key] = sick.model_copy(update={"id": f"{sick.id}-{digest}", "options": options})
        return Try(sick, arm, treatment, self._own[key])


def _words(options: Mapping[str, Any]) -> list[str]:
    words = ["run"]
    words += [word for setting in options.get("settings", ()) for word in ("--set", setting)]
    words += [word for fault in options.get("faults", ()) for word in ("--fault", fault)]
    return [*words, "--steps", str(options["steps"]), "--seed", str(options["seed"])]


def _undone_by(options: Mapping[str, Any]) -> dict[str, list[str]]:
    settings = load_settings(options.get("preset", "quick"), options.get("settings", ()))
    planned = apply_faults(settings, options.get("faults", ()))[1]
    return {one.fault.name: sorted({*one.fault.changes, *one.fault.undone_by}) for one in planned}


def _key(options: Mapping[str, Any]) -> str:
    """Return what two trainings share if, and only if, they are the same one: all settings, spelt out."""
    settings = load_settings(options.get("preset", "quick"), options.get("settings", ()))
    if "steps" in options:
        settings = change_settings(settings, {"training.steps": options["steps"]})
    faulty, _ = apply_faults(settings, options.get("faults", ()))
    return json.dumps([faulty.model_dump(mode="json"), options["seed"], options.get("data")], sort_keys=True)


def train(bench: Bench, tries: Iterable[Try], workers: int, oracle: Path) -> None:
    """Train what is not trained yet, in order."""
    runs = {one.run.id: one.run for one in tries if one.run is not None and not one.known}

    def progress(run: PlannedRun, _: RunFiles, done: int, of: int) -> None:
        print(f"{done}/{of} {run.id}", flush=True)

    conduct(bench.plan, runs.values(), bench.treated, workers, progress, oracle=oracle)


def report(bench: Bench, sick: Mapping[str, list[Try]], healthy: Mapping[str, list[Try]]) -> str:
    """Return the report. Of each kind of change, a run counts once all its changes of that kind are trained."""
    hopeless = [name for name, tries in sick.items() if tries and not bench.is_curable(tries[0].sick)]
    every = [one for tries in sick.values() for one in tries]
    done = [one for one in every if bench.cured(one) is not None]
    harmed = [
        one for tries in healthy.values() for one in tries if bench.cured(one) is not None and one.run is not None
    ]
    seeds = sorted({one.sick.seed for one in done})
    trained = {w.folder: w for one in (*done, *harmed) if (w := bench.files(one)) is not None}
    seconds = sum(where.trained["seconds"] for where in trained.values() if where.trained)
    faults = {one.sick.fault for one in done}

    def share(*arms: str) -> str:
        of_arms = {name: [bench.cured(t) for t in tries if t.arm in arms] for name, tries in sick.items()}
        whole = {name: answers for name, answers in of_arms.items() if None not in answers}
        curable = [answers for name, answers in whole.items() if name not in hopeless]
        waiting = len(of_arms) - len(whole)
        shares = (Share(sum(map(any, rows)), len(rows)) for rows in (curable, list(whole.values())))
        return " | ".join([*map(str, shares), f"{waiting} runs" if waiting else "none"])

    lines = [
        "# What cures",
        "",
        "Made by `python tests/benchmarks/treatments.py`. The reference model at an eighth of the article's width, 600",
        "steps, with each fault of the benchmark that its oracle finds damaging; one change at a time, trained again",
        "from the same seed. The oracle, which shares nothing with gandoctor's rules, says by the same limits whether",
        "the damage is gone. A step that no command makes counts as no cure. The reference model knows of its faults",
        "which setting takes each back, as an editor would: the command leaves that fault out. That holds for the",
        "random treatments, too.",
        "",
        f"**{len(sick)} sick runs of {len(faults)} faults, seeds {', '.join(map(str, seeds))} (the benchmark's own).",
        f"{len(done)} of {len(every)} changes are trained; a run counts in a row below once all its changes of",
        "that kind are.**",
        f"{len(hopeless)} of the runs are damaged without their fault, too, by the same oracle (seeds",
        f"{', '.join(sorted({name.rpartition('-')[2] for name in hopeless})) or 'none'}): at this size some seeds end",
        "so. Nothing that takes a fault back can cure them, so they are counted apart.",
        "The aims were: first step 60 %, first three 80 %, three random ones at most 30 %.",
        "",
        "| tried | cured (95 % interval) | of all, damaged ones without their fault included | not trained yet |",
        "|---|---|---|---|",
        f"| the plan's first step | {share('plan 1')} |",
        f"| one of the plan's first three | {share(*ARMS[:PLANNED])} |",
        f"| one of three random treatments that can be applied | {share(*ARMS[PLANNED:-1])} |",
        f"| {HALVED} | {share(HALVED)} |",
        "",
        *_harm(bench, healthy, harmed),
        f"Compute: {len(trained)} trainings, {seconds / 3600:.1f} hours of one core, those of the benchmark included.",
        "",
        "yes: cured; no: still damaged; -: no command makes the change; not yet: not trained. In brackets, what.",
        "",
        f"| run | {' | '.join(ARMS)} |",
        f"|---|{'---|' * len(ARMS)}",
    ]
    for name, tries in sick.items():
        by_arm = {one.arm: one for one in tries}
        lines.append(f"| {name} | " + " | ".join(_cell(bench, by_arm.get(arm)) for arm in ARMS) + " |")
    return "\n".join([*lines, ""])


def _harm(bench: Bench, healthy: Mapping[str, list[Try]], harmed: Sequence[Try]) -> Iterator[str]:
    if not harmed:
        yield from ("Harm on healthy runs: not trained yet.", "")
        return
    hurt = [one for one in harmed if not bench.cured(one)]
    planned = sum(one.arm.startswith("plan") for one in harmed)
    yield f"Harm on healthy runs ({', '.join(healthy)}): {Share(len(hurt), len(harmed))} changes did damage"
    yield f"({', '.join(f'{one.treatment} on {one.sick.id}' for one in hurt) or 'none'}); {planned} of these changes"
    yield "are steps of a plan: a healthy run has no plan."
    yield ""


def _cell(bench: Bench, one: Try | None) -> str:
    if one is None:
        return "no step"
    if one.run is None:
        return f"- ({one.treatment})"
    cured = bench.cured(one)
    answer = "not yet" if cured is None else "yes" if cured else "no"
    return answer if one.arm == HALVED else f"{answer} ({one.treatment})"


def main() -> None:
    """Try everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, default=Path("runs/benchmark"), help="finished runs of the benchmark")
    parser.add_argument("--runs", type=Path, default=Path("runs/treatments"), help="folder for the trainings")
    parser.add_argument("--seed", type=int, action="append", default=[], help="take sick runs of this seed only")
    parser.add_argument("--healthy", type=int, default=2, help="healthy runs that are changed as well")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="train nothing")
    parser.add_argument("--list", action="store_true", help="say what would be tried")
    given = parser.parse_args()
    plan = load_plan(Path(str(files("reference_models.benchmark") / "plan.json")))
    bench = Bench(plan, given.benchmark, given.runs)
    sick = {run.id: list(bench.tries(run)) for run in bench.sick(given.seed)}
    healthy = {run.id: list(bench.tries(run)) for run in bench.healthy(given.healthy)}
    every = [one for tries in (*sick.values(), *healthy.values()) for one in tries]
    if given.list:
        for one in every:
            state = "no command" if one.run is None else "known" if one.known else one.run.id
            print(f"{one.sick.id:45} {one.arm:20} {one.treatment:40} {state}")
        return
    if not given.report:
        # What is asked first is answered first: the plan's steps, harm, the others seed by seed.
        every.sort(key=lambda one: (not one.arm.startswith("plan"), one.sick.id not in healthy, one.sick.seed))
        train(bench, every, given.workers, given.benchmark / "oracle")
    REPORT.write_text(report(bench, sick, healthy))
    print(REPORT)


if __name__ == "__main__":
    main()
