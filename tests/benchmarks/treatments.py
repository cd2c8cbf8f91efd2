"""What cures a damaged training: the plan's steps, random treatments, or lower rates; judged by the benchmark's oracle.

    python tests/benchmarks/treatments.py --seed 201   # trains the sick runs and each with each change
    python tests/benchmarks/treatments.py --controls   # the same for the controls with harmful settings
    python tests/benchmarks/treatments.py --report     # judges finished trainings only

Sick are the runs of the benchmark with a fault of the training that its oracle finds damaged. The oracle knows nothing
of gandoctor's rules: it draws 2,000 samples and judges them by a classifier of its own. Cured is a training that it
finds undamaged, by the same limits. Trainings stay in `runs/treatments/` and are not repeated; one that the benchmark
has made already, such as the healthy run of the same seed, is not made again.

Every answer is kept in `reports/treatments.json`, one row a change, from which the report is written: the recordings
may go, and another day may try other changes.
"""

from __future__ import annotations

import argparse
import json
import random
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
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

REPORTS = Path(__file__).resolve().parents[2] / "reports"
REPORT, ROWS = REPORTS / "treatments.md", REPORTS / "treatments.json"
JUDGED = [REPORTS / "benchmark" / f"{split}.jsonl" for split in ("calibration", "test")]
REFERENCE = "reference_models.training:build"
PLANNED, RANDOM = 3, 3
HALVED = "both rates halved"
ARMS = (*(f"plan {i}" for i in range(1, PLANNED + 1)), *(f"random {i}" for i in range(1, RANDOM + 1)), HALVED)
KINDS = {"plan": ARMS[:PLANNED], "random": ARMS[PLANNED:-1], "halved": ARMS[-1:]}
RATES = ("generator.learning_rate", "discriminator.learning_rate")
WAITING = "not yet"
CONTROLS = ("mlp", "keras_io", "dcgan_paper")
"""Families of other networks, losses and optimizers than the reference model's."""
HARM = {
    "generator-learning-rate-1e-7": ("generator.learning_rate=1e-7",),
    "discriminator-learning-rate-1e-7": ("discriminator.learning_rate=1e-7",),
    "discriminator-learning-rate-2e-2": ("discriminator.learning_rate=2e-2",),
    "momentum-0.99": ("generator.beta_1=0.99", "discriminator.beta_1=0.99"),
}
"""What is set in a control to make it ill; controls have no faults to be switched off."""


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


@dataclass(frozen=True)
class Row:
    """What became of one change: a row of `reports/treatments.json`.

    Attributes:
        run: The run that was changed.
        fault: Its fault; None for a healthy run.
        seed: Its seed.
        hopeless: Whether it is damaged without its fault, too.
        arm: One of `ARMS`.
        treatment: What was done.
        answer: "yes": the damage is gone. "no": it is not, or has come. "-": no command makes the change. "not yet".
        seconds: How long the changed run was trained; None where that was not kept.
    """

    run: str
    fault: str | None
    seed: int
    hopeless: bool
    arm: str
    treatment: str
    answer: str
    seconds: float | None = None


class Bench:
    """The runs of the benchmark, what is tried on them, and what the oracle says of both.

    Args:
        plan: The benchmark's plan.
        finished: Folder of its recordings; of those that are gone, the answers kept in the repository count.
        treated: Folder of the trainings with a change.
        kept: The rows of earlier days. A random treatment that was drawn then is not drawn anew.
    """

    def __init__(self, plan: Plan, finished: Path, treated: Path, kept: Iterable[Row] = ()) -> None:
        self.plan = plan
        self._drawn: dict[str, list[str]] = {}
        for row in kept:
            if row.arm in KINDS["random"]:
                self._drawn.setdefault(row.run, []).append(row.treatment)
        self.finished = finished
        self.treated = treated
        rows = [json.loads(line) for path in JUDGED for line in path.read_text().splitlines()]
        self._judged: dict[str, Any] = {row["id"]: row for row in rows}
        self.bands: Mapping[str, Limits] = {
            **_limits_of_controls(plan, self._judged),
            **limits_of_bands(plan, self._judged),
        }
        self._own: dict[str, PlannedRun] = {}
        self._known = {
            _key(run, run.options): run
            for run in plan.runs
            if (run.target == REFERENCE or run.family in CONTROLS) and self.is_damaged_in_benchmark(run) is not None
        }

    def is_damaged(self, run: PlannedRun, where: RunFiles) -> bool | None:
        """Return what the oracle says of a run; None while it is not trained. One that crashed is damaged."""
        mark = where.trained
        if mark is None or (mark["outcome"] == "completed" and where.oracle is None):
            return None
        if mark["outcome"] != "completed":
            return True
        return truth_of(self.plan, run, {"oracle": where.oracle}, self.bands).damaged

    def is_damaged_in_benchmark(self, run: PlannedRun) -> bool | None:
        """Return what the oracle says of a run of the benchmark, by its recording or else by the kept answer."""
        answer = self.is_damaged(run, self.of_benchmark(run))
        kept = self._judged.get(run.id)
        if answer is not None or kept is None:
            return answer
        return True if kept["outcome"] != "completed" else truth_of(self.plan, run, kept, self.bands).damaged

    def of_benchmark(self, run: PlannedRun) -> RunFiles:
        """Return the files of a run of the benchmark."""
        return files_of(self.plan, self.finished, run)

    def row(self, one: Try) -> Row:
        """Return what became of a change."""
        seconds = None
        if one.run is None:
            damaged: bool | None = None
        elif one.known:
            damaged = self.is_damaged_in_benchmark(one.run)
        else:
            where = files_of(self.plan, self.treated, one.run)
            damaged = self.is_damaged(one.run, where)
            seconds = None if where.trained is None else where.trained["seconds"]
        answer = "-" if one.run is None else WAITING if damaged is None else "no" if damaged else "yes"
        sick = one.sick
        return Row(sick.id, sick.fault, sick.seed, self._is_hopeless(sick), one.arm, one.treatment, answer, seconds)

    def sick(self, seeds: Sequence[int]) -> list[PlannedRun]:
        """Return the runs whose training has a fault and is damaged."""
        chosen = [
            r for r in self.plan.runs if r.target == REFERENCE and r.kind == "mechanistic" and r.band == "reference"
        ]
        chosen = [r for r in chosen if not seeds or r.seed in seeds]
        return [r for r in chosen if self.is_damaged_in_benchmark(r)]

    def controls(self) -> Iterator[PlannedRun]:
        """Yield the controls of the first seed, each with one harmful setting; whether it does harm shows later."""
        for family in CONTROLS:
            base = _base_of(self.plan, family)
            for name, settings in HARM.items():
                options = {**base.options, "settings": [*base.options.get("settings", ()), *settings]}
                sick = {"id": f"{family}-{name}-{base.seed}", "options": options, "fault": f"{family}: {name}"}
                yield base.model_copy(update={**sick, "kind": "mechanistic"})

    def healthy(self, count: int) -> list[PlannedRun]:
        """Return the first healthy runs of the reference model."""
        return [r for r in self.plan.runs if r.kind == "healthy" and r.family == "reference"][:count]

    def _is_hopeless(self, run: PlannedRun) -> bool:
        """Tell whether a run is damaged without its fault, too; where that was not trained, it may not be.

        Some seeds end damaged by themselves at this size. There nothing that takes the fault back is a cure.
        """
        healthy = {**run.options, "faults": []}
        if run.target != REFERENCE:
            harm = [setting for settings in HARM.values() for setting in settings]
            healthy = {**run.options, "settings": [s for s in run.options.get("settings", ()) if s not in harm]}
        twin = self._known.get(_key(run, healthy))
        return run.fault is not None and twin is not None and bool(self.is_damaged_in_benchmark(twin))

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
        options = {**sick.options, "settings": [*sick.options.get("settings", ()), *halved]}
        yield self._with(sick, HALVED, HALVED, options)

    def _random(self, sick: PlannedRun, before: Diagnosis) -> Iterator[Try]:
        """Yield treatments of the catalogue that change something in a run, drawn without regard to what was found."""
        case, own, left = case_of(before, (), ()), _key(sick, sick.options), RANDOM
        names = sorted(TREATMENTS)
        random.Random(sick.id).shuffle(names)
        names = self._drawn.get(sick.id, names)
        for name in names:
            fitted = tailored(TREATMENTS[name], case)
            command = None if fitted is None else command_for(before.run, name, fitted.patch, before_training=False)
            if command is None:
                continue
            one = self._try(sick, f"random {RANDOM + 1 - left}", name, command)
            if left and one.run is not None and _key(sick, one.run.options) != own:
                left -= 1
                yield one

    def _diagnosis(self, run: PlannedRun) -> Diagnosis:
        recorded = load_run(self.of_benchmark(run).run_dir)
        recorded.manifest.declared = Declared()
        recorded.manifest.command = ["gandoctor", *_words(run)]
        if run.target == REFERENCE:
            recorded.manifest.config["undone_by"] = _undone_by(run.options)  # as the reference model itself records it
        return diagnose(recorded)

    def _try(self, sick: PlannedRun, arm: str, treatment: str, command: str | None) -> Try:
        if command is None:
            return Try(sick, arm, treatment, None)
        job = job_of(shlex.split(command)[2:], Path("unused"))
        return self._with(sick, arm, treatment, job.options)

    def _with(self, sick: PlannedRun, arm: str, treatment: str, options: dict[str, Any]) -> Try:
        try:
            key = _key(sick, options)
        except GandoctorError:
            return Try(sick, arm, treatment, None)
        if key in self._known:
            return Try(sick, arm, treatment, self._known[key], known=True)
        if key not in self._own:  # what two faults have in common once cured is trained once
            digest = blake2b(key.encode(), digest_size=5).hexdigest()
            self._own[key] = sick.model_copy(update={"id": f"{sick.id}-{digest}", "options": options})
        return Try(sick, arm, treatment, self._own[key])


def _limits_of_controls(plan: Plan, judged: Mapping[str, Any]) -> Mapping[str, Limits]:
    """Return limits of families that the calibration split does not hold, by the same rule, of their other seeds."""
    bases = {_base_of(plan, family).id for family in CONTROLS}
    own = [r for r in plan.runs if r.family in CONTROLS and r.kind == "healthy" and r.id not in bases]
    runs = tuple(run.model_copy(update={"split": "calibration"}) for run in own)
    return limits_of_bands(plan.model_copy(update={"runs": runs}), judged)


def _base_of(plan: Plan, family: str) -> PlannedRun:
    """Return the healthy training of a control that is made ill."""
    return next(r for r in plan.runs if r.family == family and r.kind == "healthy" and r.split == "test")


def _words(run: PlannedRun) -> list[str]:
    words, options = ["run"] if run.target == REFERENCE else ["run", run.target], run.options
    words += [word for setting in options.get("settings", ()) for word in ("--set", setting)]
    words += [word for fault in options.get("faults", ()) for word in ("--fault", fault)]
    return [*words, "--steps", str(options["steps"]), "--seed", str(options["seed"])]


def _undone_by(options: Mapping[str, Any]) -> dict[str, list[str]]:
    settings = load_settings(options.get("preset", "quick"), options.get("settings", ()))
    planned = apply_faults(settings, options.get("faults", ()))[1]
    return {one.fault.name: sorted({*one.fault.changes, *one.fault.undone_by}) for one in planned}


def _key(run: PlannedRun, options: Mapping[str, Any]) -> str:
    """Return what two trainings share if, and only if, they are the same one: all settings, spelt out."""
    if run.target != REFERENCE:
        given = dict(setting.split("=", 1) for setting in options.get("settings", ()))
        rest = {name: value for name, value in options.items() if name != "settings"}
        return json.dumps([run.target, given, rest], sort_keys=True)
    settings = load_settings(options.get("preset", "quick"), options.get("settings", ()))
    if "steps" in options:
        settings = change_settings(settings, {"training.steps": options["steps"]})
    faulty, _ = apply_faults(settings, options.get("faults", ()))
    return json.dumps([faulty.model_dump(mode="json"), options["seed"], options.get("data")], sort_keys=True)


def train(bench: Bench, tries: Iterable[Try], workers: int, oracle: Path) -> None:
    """Train what is not trained yet, in order."""
    runs = {one.run.id: one.run for one in tries if one.run is not None and not one.known}
    conduct(bench.plan, runs.values(), bench.treated, workers, _progress, oracle=oracle)


def merged(kept: Sequence[Row], new: Iterable[Row]) -> list[Row]:
    """Return the kept rows with the new ones in their place.

    A run's rows of a kind are replaced together, and only where something is known of the new ones. An answer that is
    kept stays where the same change is not trained again.
    """

    def by_group(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault((row.run, row.arm.partition(" ")[0]), []).append(row)
        return groups

    groups, later = by_group(kept), by_group(new)
    answered = {(r.run, r.arm, r.treatment): r for r in kept if r.answer != WAITING}
    for group, rows in later.items():
        later[group] = [answered.get((r.run, r.arm, r.treatment), r) if r.answer == WAITING else r for r in rows]
    for group, rows in later.items():
        if group not in groups or any(row.answer in ("yes", "no") for row in rows):
            groups[group] = rows
    return [row for rows in groups.values() for row in rows]


def report(rows: Sequence[Row]) -> str:
    """Return the report. Of each kind of change, a run counts once all its changes of that kind are trained."""
    controls = [row for row in rows if _is_control(row)]
    rows = [row for row in rows if row not in controls]
    sick = [row for row in rows if row.fault is not None]
    runs = {row.run: row for row in sick}
    done = [row for row in sick if row.answer != WAITING]
    hopeless = [row for row in runs.values() if row.hopeless]
    timed = [row.seconds for row in rows if row.seconds is not None]

    def share(*arms: str) -> str:
        return _share(sick, arms)

    lines = [
        "# What cures",
        "",
        "Made by `python tests/benchmarks/treatments.py`. The reference model at an eighth of the article's width, 600",
        "steps, with each fault of the benchmark that its oracle finds damaging; one change at a time, trained again",
        "from the same seed. The oracle, which shares nothing with gandoctor's rules, says by the same limits whether",
        "the damage is gone. A step that no command makes counts as no cure. The reference model knows of its faults",
        "which setting takes each back, as an editor would: the command leaves that fault out. That holds for the",
        "random treatments, too. Rows were trained on several days, and plans are those of the day.",
        "",
        f"**{len(runs)} sick runs of {len({row.fault for row in done})} faults, seeds",
        f"{', '.join(map(str, sorted({row.seed for row in done})))} (the benchmark's own).",
        f"{len(done)} of {len(sick)} changes are trained; a run counts in a row below once all its changes of",
        "that kind are.**",
        f"{len(hopeless)} of the runs are damaged without their fault, too, by the same oracle (seeds",
        f"{', '.join(sorted({str(row.seed) for row in hopeless})) or 'none'}): at this size some seeds end",
        "so. Nothing that takes a fault back can cure them, so they are counted apart.",
        "The aims were: first step 60 %, first three 80 %, three random ones at most 30 %.",
        "",
        *_HEAD,
        f"| the plan's first step | {share('plan 1')} |",
        f"| one of the plan's first three | {share(*KINDS['plan'])} |",
        f"| the first random treatment | {share('random 1')} |",
        f"| one of three random treatments that can be applied | {share(*KINDS['random'])} |",
        f"| {HALVED} | {share(HALVED)} |",
        "",
        *_of_controls(controls),
        *_harm([row for row in rows if row.fault is None]),
        f"Compute: {len(timed)} trainings whose time was kept, {sum(timed) / 3600:.1f} hours of one core.",
        "",
        "yes: cured; no: still damaged; -: no command makes the change; not yet: not trained. In brackets, what.",
        "",
        f"| run | {' | '.join(ARMS)} |",
        f"|---|{'---|' * len(ARMS)}",
    ]
    for name in [*runs, *dict.fromkeys(row.run for row in controls)]:
        by_arm = {row.arm: row for row in (*sick, *controls) if row.run == name}
        lines.append(f"| {name} | " + " | ".join(_cell(by_arm.get(arm)) for arm in ARMS) + " |")
    return "\n".join([*lines, ""])


_HEAD = (
    "| tried | cured (95 % interval) | of all, damaged ones without their fault included | not trained yet |",
    "|---|---|---|---|",
)


def _is_control(row: Row) -> bool:
    return row.fault is not None and row.fault.partition(":")[0] in CONTROLS


def _share(rows: Sequence[Row], arms: Sequence[str]) -> str:
    """Return how many of the curable runs, and of all, were cured by any of some changes; how many are not trained."""
    runs = {row.run: row for row in rows}
    of_arms: dict[str, list[str]] = {name: [] for name in runs}
    for row in rows:
        if row.arm in arms:
            of_arms[row.run].append(row.answer)
    whole = {name: answers for name, answers in of_arms.items() if WAITING not in answers}
    curable = [answers for name, answers in whole.items() if not runs[name].hopeless]
    shares = (Share(sum("yes" in answers for answers in some), len(some)) for some in (curable, whole.values()))
    waiting = len(of_arms) - len(whole)
    return " | ".join([*map(str, shares), f"{waiting} runs" if waiting else "none"])


def _of_controls(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    runs = len({row.run for row in rows})
    yield f"**Controls** ({', '.join(CONTROLS)}: other networks, losses and optimizers; one seed, rates and momentum"
    yield f"set to be harmful, {len(CONTROLS) * len(HARM)} ways in all, of which the oracle finds {runs} damaging)."
    yield "When they were first tried, no rule named the momentum, and the plan's first step cured 5 of 11. GD120 was"
    yield "made since, and those with it were tried again, so what follows is no blind figure:"
    yield ""
    yield from _HEAD
    yield f"| the plan's first step | {_share(rows, ARMS[:1])} |"
    yield f"| one of the plan's first three | {_share(rows, KINDS['plan'])} |"
    yield f"| one of three random treatments that can be applied | {_share(rows, KINDS['random'])} |"
    yield f"| {HALVED} | {_share(rows, KINDS['halved'])} |"
    yield ""


def _harm(rows: Sequence[Row]) -> Iterator[str]:
    harmed = [row for row in rows if row.answer in ("yes", "no")]
    if not harmed:
        yield from ("Harm on healthy runs: not trained yet.", "")
        return
    hurt = [row for row in harmed if row.answer == "no"]
    names = ", ".join(dict.fromkeys(row.run for row in harmed))
    yield f"Harm on healthy runs ({names}): {Share(len(hurt), len(harmed))} random changes or halved rates did damage"
    yield f"({', '.join(f'{row.treatment} on {row.run}' for row in hurt) or 'none'}). A healthy run has no plan."
    yield ""


def _cell(row: Row | None) -> str:
    if row is None:
        return "no step"
    return row.answer if row.arm == HALVED else f"{row.answer} ({row.treatment})"


def _progress(run: PlannedRun, _: RunFiles, done: int, of: int) -> None:
    print(f"{done}/{of} {run.id}", flush=True)


def main() -> None:
    """Try everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, default=Path("runs/benchmark"), help="recordings of the benchmark")
    parser.add_argument("--runs", type=Path, default=Path("runs/treatments"), help="folder for the trainings")
    parser.add_argument("--seed", type=int, action="append", default=[], help="take sick runs of this seed only")
    parser.add_argument("--only", choices=KINDS, action="append", default=[], help="train changes of this kind only")
    parser.add_argument("--waiting", action="store_true", help="train only what rows say is not trained and may cure")
    parser.add_argument("--controls", action="store_true", help="take the controls with harmful settings only")
    parser.add_argument("--named", help="take runs with this in their id only")
    parser.add_argument("--healthy", type=int, default=2, help="healthy runs that are changed as well")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="train nothing")
    parser.add_argument("--list", action="store_true", help="say what would be tried")
    given = parser.parse_args()
    plan = load_plan(Path(str(files("reference_models.benchmark") / "plan.json")))
    kept = [Row(**row) for row in json.loads(ROWS.read_text())] if ROWS.exists() else []
    bench = Bench(plan, given.benchmark, given.runs, kept)
    chosen = [*bench.controls()] if given.controls else [*bench.sick(given.seed), *bench.healthy(given.healthy)]
    chosen = [run for run in chosen if given.named is None or given.named in run.id]
    waiting = {(row.run, row.arm) for row in kept if row.answer == WAITING and not row.hopeless}
    if given.waiting:
        chosen = [run for run in chosen if any(run.id == name for name, _ in waiting)]
    if not (given.report or given.list):
        conduct(plan, chosen, given.benchmark, given.workers, _progress)
    recorded = [run for run in chosen if bench.of_benchmark(run).is_finished]
    tries = [
        one
        for run in recorded
        if run.kind == "healthy" or bench.is_damaged_in_benchmark(run)
        for one in bench.tries(run)
    ]
    if given.list:
        for one in tries:
            state = "no command" if one.run is None else "known" if one.known else one.run.id
            print(f"{one.sick.id:45} {one.arm:20} {one.treatment:40} {state}")
        return
    if not given.report:
        kinds = given.only or list(KINDS)
        wanted = [one for one in tries if any(one.arm in KINDS[kind] for kind in kinds)]
        if given.waiting:
            wanted = [one for one in wanted if (one.sick.id, one.arm) in waiting]
        train(bench, wanted, given.workers, given.benchmark / "oracle")
    rows = merged(kept, map(bench.row, tries))
    ROWS.write_text("[\n" + ",\n".join(json.dumps(asdict(row)) for row in rows) + "\n]\n")
    REPORT.write_text(report(rows))
    print(REPORT)


if __name__ == "__main__":
    main()
