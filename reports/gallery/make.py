"""Makes the gallery: trains each run once, then writes its report, a picture of the top of its page and the index.

    python reports/gallery/make.py [NAME ...]

Finished trainings stay in `runs/gallery/` and are not repeated, so that after a change to the page the same command
makes all reports anew in seconds; remove a run to train it again. Needs Chromium for the pictures.
"""

from __future__ import annotations

import argparse
import io
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console

from gandoctor import diagnose
from gandoctor.diagnosis import Diagnosis
from gandoctor.report import write_report
from gandoctor.report.languages.language import language
from gandoctor.report.page import filmstrip
from gandoctor.report.page.section import Source
from gandoctor.report.page.sections import verdict
from gandoctor.store import load_run
from gandoctor.watch.follow import Follower
from gandoctor.watch.frame import Canvas, draw_frame

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RUNS = Path("runs/gallery")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREEN = {"width": 1440, "height": 900}
THUMBNAIL_WIDTH = 420
WATCHED = "mode-collapse"
SHEETS_BYTES = 100_000
"""What the contact sheets may take in a page: less than a user's, as a repository keeps every version."""


@dataclass(frozen=True)
class Exhibit:
    """One run of the gallery.

    Attributes:
        name: Of its files and its run directory.
        shows: What was done to the training, in a few words.
        options: Of `gandoctor run`.
    """

    name: str
    shows: str
    options: tuple[str, ...] = ()

    @property
    def report(self) -> str:
        """The committed report."""
        return f"{self.name}.html"

    @property
    def command(self) -> tuple[str, ...]:
        """What made the run, from the repository's root."""
        return ("run", *self.options, "--seed", "1", "--run-dir", str(RUNS / self.name))


SHORT = ("--steps", "600")
EXHIBITS = (
    Exhibit(
        "healthy",
        "Nothing is broken: the reference DCGAN",
    ),
    Exhibit("problem-1-noisy", "Problem 1, noisy images: noise is added to them", ("--fault", "output-noise")),
    Exhibit(
        "problem-2-discriminator-wins",
        "Problem 2, the discriminator's loss goes to zero: the generator hardly learns",
        ("--fault", "generator-learning-rate-1e-7"),
    ),
    Exhibit(
        "problem-3-looks-like-noise",
        "Problem 3, the output still looks like noise: batch normalisation before the output",
        ("--fault", "batch-norm-on-output"),
    ),
    Exhibit("problem-4-parameters", "Problem 4, which parameters: dropout of 0.9", ("--fault", "dropout-0.9")),
    Exhibit(
        "exploding-rate",
        "The discriminator learns a hundred times as fast",
        ("--fault", "discriminator-learning-rate-x100"),
    ),
    Exhibit(
        "mode-collapse",
        "From step 300 on half of the latents make one image",
        ("--fault", "half-latents-collapsed@300"),
    ),
    Exhibit(
        "discriminator-not-frozen",
        "The article's loop as published: the discriminator is not frozen in the generator's step",
        ("--fault", "discriminator-not-frozen", *SHORT),
    ),
    Exhibit("nan", "NaN enters at step 300", ("--fault", "nan-at-step@300", *SHORT)),
    Exhibit("generator-frozen", "The generator never trains", ("--fault", "generator-frozen", *SHORT)),
    Exhibit("wrong-data-range", "Data in [0, 255], a sigmoid generator", ("--fault", "byte-data", *SHORT)),
    Exhibit("tanh-mismatch", "Data in [0, 1], a tanh generator", ("--fault", "tanh-generator", *SHORT)),
)


def train(exhibit: Exhibit) -> Path:
    """Return the directory of a finished run, trained now if there is none."""
    run_dir = RUNS / exhibit.name
    if (run_dir / "run.json").exists() and load_run(run_dir).state in ("completed", "crashed"):
        return run_dir
    shutil.rmtree(run_dir, ignore_errors=True)
    print(f"{exhibit.name}: training", flush=True)
    command = [sys.executable, "-m", "gandoctor", *exhibit.command, "--fail-on", "never"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # a training that crashes is an exhibit too
    return run_dir


@contextmanager
def camera() -> Iterator[Any]:
    """A page of a browser, as large as the screen a reader has."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit(f"No browser was found ({', '.join(BROWSERS)}).")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport=SCREEN, color_scheme="light", reduced_motion="reduce")
        browser.close()


def photograph(page: Any, report: Path, picture: Path) -> None:
    """Take what a reader sees first."""
    page.goto(report.as_uri())
    page.evaluate("() => new Promise(requestAnimationFrame)")
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.convert("RGB").save(picture, "WEBP", quality=70, method=6)


def photograph_watch(page: Any, run_dir: Path, picture: Path) -> None:
    """Take what `gandoctor watch` shows of a run in a terminal of 110 x 30."""
    snapshot = Follower(run_dir, time.time).look(last=True)
    if snapshot is None:
        return
    console = Console(record=True, file=io.StringIO(), width=110, height=30, color_system="truecolor")
    console.print(draw_frame(snapshot, None, Canvas(width=110, height=30)))
    page.set_content(console.export_svg(title=f"gandoctor watch {run_dir}"))
    shot = Image.open(io.BytesIO(page.locator("svg").first.screenshot()))
    shot.convert("RGB").save(picture, "WEBP", quality=70, method=6)


def entry(exhibit: Exhibit, diagnosis: Diagnosis) -> str:
    """The exhibit's row of the index."""
    name = exhibit.name
    command = shlex.join(("gandoctor", *exhibit.command))
    picture = (
        f'<a href="{exhibit.report}"><img src="{name}.webp" width="{THUMBNAIL_WIDTH}" alt="top of the report"></a>'
    )
    said = "<br>".join(ten_seconds(diagnosis))
    return f"| {picture} | {exhibit.shows}<br>`{command}`<br>[{exhibit.report}]({exhibit.report}) | {said} |"


def ten_seconds(diagnosis: Diagnosis) -> list[str]:
    """What a reader of the page knows after ten seconds, from what the first screen is made of."""
    words = language("en")
    top = verdict.show(Source(diagnosis, words)).values
    told = [f"**{words(f'verdict.{diagnosis.verdict}')}.** {top['name']}"]
    if top["root"] is not None:
        told.append(f"**Since:** {top['when']}")
    if top["cause"] is not None:
        cause, standing = top["cause"]
        told.append(f"**Cause:** {'that itself' if str(cause) == top['name'] else cause} ({standing})")
    if (step := top["step"]) is not None:
        line = step.change.splitlines()[0] if step.edits else ""
        told.append(f"**Change:** {step.title}{f': `{line}`' if line else ''}")
    if (course := top["course"]) is not None and top["root"] is None and course.best_step is not None:
        trend = words(f"trend.{course.trend}", step=f"{course.since:,}")
        told.append(f"**Best step:** {course.best_step:,}. **Since then:** {trend}")
    return [line.replace("|", "\\|") for line in told]


def write_index(rows: list[str]) -> None:
    """Write README.md."""
    head = [
        "# Gallery",
        "",
        "What gandoctor said of real trainings: the reference DCGAN on 5,000 MNIST digits, healthy and with one fault",
        "each, and among them the four problems of [docs/problems.md](../../docs/problems.md). A page is one file:",
        "download it and open it. *In ten seconds* is what the first screen of a page tells: the verdict, since when,",
        "why, and what to change first.",
        "",
        "`python reports/gallery/make.py` makes all of it. It keeps what is trained and makes the reports anew in a",
        "minute.",
        "",
        "| top of the report | what was done | in ten seconds |",
        "|---|---|---|",
    ]
    (HERE / "README.md").write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


def main() -> None:
    """Train what is missing, then make every file of the gallery."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [exhibit.name for exhibit in EXHIBITS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all of them by default")
    wanted = parser.parse_args().names or names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for exhibit in EXHIBITS:
        if exhibit.name in wanted:
            train(exhibit)
    rows = []
    filmstrip.BYTES_MAX = SHEETS_BYTES
    with camera() as page:
        for exhibit in EXHIBITS:
            if not (RUNS / exhibit.name / "run.json").exists():
                continue
            diagnosis = diagnose(RUNS / exhibit.name)
            report = write_report(diagnosis, HERE / f"{exhibit.name}.html")
            photograph(page, report, HERE / f"{exhibit.name}.webp")
            print(f"{exhibit.name}: {report.stat().st_size / 1e6:.2f} MB, {diagnosis.verdict}", flush=True)
            rows.append(entry(exhibit, diagnosis))
        photograph_watch(page, RUNS / WATCHED, HERE / "watch.webp")
    write_index(rows)


if __name__ == "__main__":
    main()
