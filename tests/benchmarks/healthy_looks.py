"""Alarms on the way in the benchmark's healthy runs, and the samples of that moment, to be looked at; holds no tests.

    gandoctor benchmark --split test --runs-dir RUNS --reports-dir ELSEWHERE    # trains them; may be broken off
    python tests/benchmarks/healthy_looks.py RUNS

Judges every healthy run of the test split that RUNS holds, at its end and after every 50 steps, with what its target
declares withheld, as the benchmark does. Keeps what was said in `reports/healthy-looks.json`, so that RUNS need not
hold all of them at once, and writes `reports/healthy-looks.md`. Below the contact sheets of first alarms that are in
`reports/healthy-looks.webp` it puts those of RUNS; remove the file to begin anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from PIL import Image, ImageDraw

from gandoctor.diagnosis import diagnose
from gandoctor.experiments.benchmark.judge import LOOKS_EVERY
from gandoctor.experiments.benchmark.plan import PlannedRun, load_plan
from gandoctor.experiments.benchmark.statistics import Share
from gandoctor.rules import Severity, Status
from gandoctor.store import load_run
from gandoctor.store.manifest import Declared
from reference_models.benchmark import plan as planned

REPORTS = Path(__file__).resolve().parents[2] / "reports"
KEPT = REPORTS / "healthy-looks.json"
PLAN = Path(planned.__file__).with_name("plan.json")
LABEL, SCALE = 14, 2


@dataclass
class Looked:
    """What was said of one healthy run.

    Attributes:
        run: Its id.
        family: Its family.
        steps: Its length.
        at_end: Rules with an alarm at the end.
        on_the_way: Rule -> looks with an alarm of it, in steps, before the end.
    """

    run: str
    family: str
    steps: int
    at_end: list[str] = field(default_factory=list)
    on_the_way: dict[str, list[int]] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The first look with an alarm."""
        return min((steps[0] for steps in self.on_the_way.values()), default=self.steps)


def look(runs_dir: Path, planned_run: PlannedRun) -> Looked | None:
    """Judge one run; None where it was not trained."""
    folder = runs_dir / planned_run.split / planned_run.id
    if not (folder / "trained.json").exists():
        return None
    run = load_run(folder / "run")
    run.manifest.declared = Declared()
    found = Looked(planned_run.id, planned_run.family, run.last_step)
    for step in (*range(LOOKS_EVERY, run.last_step, LOOKS_EVERY), run.last_step):
        judged = diagnose(run if step == run.last_step else run.until(step)).checks
        for one in judged:
            is_alarm = one.status is Status.DETECTED and one.severity.rank > Severity.INFO.rank
            if is_alarm and one.rule.id not in planned_run.allowed:
                if step == run.last_step:
                    found.at_end.append(one.rule.id)
                else:
                    found.on_the_way.setdefault(one.rule.id, []).append(step)
    return found


def sheets(runs_dir: Path, alarmed: Iterable[Looked]) -> Image.Image:
    """Return the contact sheets of the first alarms, each under its name, real images in its first row."""
    found = []
    for one in alarmed:
        run = load_run(runs_dir / "test" / one.run / "run")
        sheet = next(s for s in reversed(run.sheets) if s.step <= one.first)
        image = Image.open(sheet.png_path).convert("RGB")
        image = image.resize((image.width * SCALE, image.height * SCALE), Image.Resampling.NEAREST)
        labelled = Image.new("RGB", (image.width, image.height + LABEL), "white")
        labelled.paste(image, (0, LABEL))
        ImageDraw.Draw(labelled).text((2, 1), f"{one.run}, step {sheet.step}", fill="black")
        found.append(labelled)
    width = 2 * max(image.width for image in found)
    rows = [found[i : i + 2] for i in range(0, len(found), 2)]
    height = sum(max(image.height for image in row) for row in rows)
    whole, top = Image.new("RGB", (width, height), "white"), 0
    for row in rows:
        for place, image in enumerate(row):
            whole.paste(image, (place * width // 2, top))
        top += max(image.height for image in row)
    return whole


def page(looked: list[Looked], total: int) -> str:
    """Return the report."""
    alarmed = [one for one in looked if one.on_the_way or one.at_end]
    lines = [
        "# Healthy runs with an alarm on the way",
        "",
        "Made by `python tests/benchmarks/healthy_looks.py RUNS`: the healthy runs of the test split of the",
        f"benchmark, trained anew, judged after every {LOOKS_EVERY} steps and at the end, each by the rules of its",
        f"day. {len(looked)} of {total} were trained.",
        "",
        f"- With an alarm at the end: {Share(sum(bool(one.at_end) for one in looked), len(looked))}",
        f"- With an alarm at any look: {Share(len(alarmed), len(looked))}",
        "",
        "| family | runs | alarm at the end | alarm at any look |",
        "|---|---|---|---|",
    ]
    for family in dict.fromkeys(one.family for one in looked):
        own = [one for one in looked if one.family == family]
        ended, any_look = sum(bool(one.at_end) for one in own), sum(bool(one.at_end or one.on_the_way) for one in own)
        lines.append(f"| {family} | {len(own)} | {ended} | {any_look} |")
    lines += ["", "| run | steps | alarms on the way (looks) | at the end |", "|---|---|---|---|"]
    for one in alarmed:
        told = "; ".join(f"{rule} ({', '.join(map(str, steps))})" for rule, steps in one.on_the_way.items())
        lines.append(f"| {one.run} | {one.steps} | {told or 'none'} | {', '.join(one.at_end) or 'none'} |")
    if alarmed:
        lines += ["", "![The samples at the first alarm of each, real images in the first row](healthy-looks.webp)"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Judge what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    given = parser.parse_args()
    healthy = [run for run in load_plan(PLAN).runs if run.split == "test" and run.kind == "healthy"]
    with ProcessPoolExecutor(2) as pool:
        new = {one.run: one for one in pool.map(partial(look, given.runs), healthy) if one is not None}
    kept = {row["run"]: Looked(**row) for row in json.loads(KEPT.read_text())} if KEPT.exists() else {}
    known = kept | new
    looked = [known[run.id] for run in healthy if run.id in known]
    KEPT.write_text("[\n" + ",\n".join(json.dumps(asdict(one)) for one in looked) + "\n]\n", encoding="utf-8")
    (REPORTS / "healthy-looks.md").write_text(page(looked, len(healthy)), encoding="utf-8")
    alarmed = [one for one in new.values() if one.on_the_way or one.at_end]
    if alarmed:
        image = REPORTS / "healthy-looks.webp"
        parts = [Image.open(image).convert("RGB")] if image.exists() else []
        parts.append(sheets(given.runs, alarmed))
        whole = Image.new("RGB", (max(p.width for p in parts), sum(p.height for p in parts)), "white")
        for place, part in enumerate(parts):
            whole.paste(part, (0, sum(p.height for p in parts[:place])))
        whole.save(image, quality=80)


if __name__ == "__main__":
    main()
