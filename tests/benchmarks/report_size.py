"""How large a report is, how long it takes to make and to open, and what it costs to watch: short runs and long ones.

    PYTHONPATH=tests python tests/benchmarks/report_size.py [--steps N ...]

Each run is written by the store's own writer, as a training would: losses, gradient norms and inputs at every step, in
batches of 64 steps; every other signal and a contact sheet at each probe. One step's discriminator loss is a spike and
one step's generator loss is NaN; the page must show both. Runs stay in `runs/report-size/`, the tables go to
`reports/report-size.md`. Needs Chromium.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from gandoctor.signals import FAMILIES, SIGNALS, member_of
from gandoctor.store import RunWriter, load_run
from gandoctor.watch.follow import Follower
from support.report_runs import make_manifest, strokes

ROOT = Path(__file__).resolve().parents[2]
RUNS = Path("runs/report-size")
ROWS_A_BATCH = 64
PROBES_AT_MOST = 2_000
"""What the cadence makes of a budget of 2 % where a probe takes as long as 10 steps: one in 500."""
SHEETS = 50
SPIKE = 54_321.0
LAYERS = 12
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def probe_signals(layers: int = LAYERS) -> list[str]:
    """Every column that a probe fills of players with so many layers each; the reference model has 12."""
    own = [name for name, signal in SIGNALS.items() if signal.cadence == "probe"]
    return own + [member_of(family, f"layer_{i}") for family in FAMILIES for i in range(layers)]


def write_run(run_dir: Path, steps: int, end: bool = True, layers: int = LAYERS) -> RunWriter:
    """Write a run of that many steps with its spike and its NaN."""
    rng = np.random.default_rng(steps)
    writer = RunWriter(run_dir, make_manifest(planned_steps=steps))
    reals, fakes = strokes(64, 0.03), strokes(32, 0.1, seed=5)
    writer.reals(reals)
    every_step = [name for name, signal in SIGNALS.items() if signal.cadence == "step"]
    probed, every = probe_signals(layers), max(25, steps // PROBES_AT_MOST)
    spike, nan = moments(steps)
    for first in range(1, steps + 1, ROWS_A_BATCH):
        values = np.exp(0.2 * rng.standard_normal((ROWS_A_BATCH, len(every_step))))
        for step, row in zip(range(first, min(first + ROWS_A_BATCH, steps + 1)), values.tolist(), strict=False):
            record = dict(zip(every_step, row, strict=True))
            if step in (1, steps) or step % every == 0:
                record |= dict(zip(probed, rng.uniform(0.4, 0.6, len(probed)).tolist(), strict=True))
            if step == 1 or step % (steps // SHEETS) == 0:
                writer.samples(step, np.roll(fakes, step, axis=0), reals)
            if step == spike:
                record["d_loss"] = SPIKE
            if step == nan:
                record["g_loss"] = float("nan")
            writer.record(step, record)
        writer.flush()
    if end:
        writer.close("completed")
    return writer


def moments(steps: int) -> tuple[int, int]:
    """Steps of the spike and of the NaN."""
    return round(0.654321 * steps), round(0.765432 * steps)


def make_report(run_dir: Path) -> tuple[Path, float, float]:
    """Return the page, and the seconds and processor seconds that `gandoctor report` took, starting Python included."""
    page = run_dir / "report.html"
    begun, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "gandoctor", "report", str(run_dir)], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return page, time.perf_counter() - begun, used


def check_page(page: Path, steps: int) -> None:
    """Stop unless the spike is a point of its chart and the NaN is told where it was."""
    spike, nan = moments(steps)
    content = page.read_text(encoding="utf-8")
    found = re.search(r'id="report-data">(.*?)</script>', content, re.DOTALL)
    data = json.loads(found.group(1) if found else "{}")
    curve = data["charts"]["losses"]["data"][0]
    if SPIKE not in numbers(curve["y"])[numbers(curve["x"]) == spike]:
        raise SystemExit(f"{page}: the spike at step {spike} is not in the chart of the losses.")
    if f"step {nan}" not in content:
        raise SystemExit(f"{page}: the NaN at step {nan} is not told.")


def numbers(packed: dict[str, str]) -> np.ndarray:
    """Return the array behind one that plotly.py has packed."""
    return np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"])


def open_page(page: Path) -> dict[str, float]:
    """Return the seconds from opening a page at its curves until they are drawn, until one answers the mouse, and
    until a reader who scrolls through has seen all."""
    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(f"{page.resolve().as_uri()}#curves", wait_until="commit")
        first = tab.evaluate(
            """async () => {
              const seen = () => [...document.querySelectorAll("#curves .plot")].filter((plot) => {
                const { top, bottom } = plot.getBoundingClientRect();
                return bottom > 0 && top < innerHeight;
              });
              const frame = () => new Promise(requestAnimationFrame);
              while (document.readyState !== "complete") await frame();
              while (!seen().length || !seen().every((plot) => plot.querySelector(".main-svg"))) await frame();
              return performance.now() / 1000;
            }"""
        )
        box = tab.locator("#chart-losses .nsewdrag").bounding_box()
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        answered = tab.evaluate(
            """async () => {
              while (!document.querySelector("#chart-losses .hovertext, #chart-losses .legend"))
                await new Promise(requestAnimationFrame);
              return performance.now() / 1000;
            }"""
        )
        begun = time.perf_counter()
        tab.evaluate(
            """async () => {
              for (const plot of document.querySelectorAll("#curves .plot")) {
                plot.scrollIntoView({ behavior: "instant" });
                while (!plot.querySelector(".main-svg")) await new Promise(requestAnimationFrame);
              }
            }"""
        )
        all_drawn = time.perf_counter() - begun
        folded = browser.new_page(viewport={"width": 1440, "height": 900})
        folded.goto(page.resolve().as_uri())
        height = folded.evaluate("document.documentElement.scrollHeight")
        sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", folded.pdf(format="A4")))
        browser.close()
    return {"drawn": first, "answers": answered, "scrolled": all_drawn, "height": height, "sheets": sheets}


def watch(run_dir: Path, steps: int) -> dict[str, float]:
    """Return the seconds of a first look at a run that is being written, of later ones, and the memory they take."""
    shutil.rmtree(run_dir, ignore_errors=True)
    writer = write_run(run_dir, steps, end=False)
    process = psutil.Process()
    before = process.memory_info().rss
    follower = Follower(run_dir, time.time, judging=False)
    first = timed(follower.look)
    looks, read = [], []
    for look in range(5):
        for step in range(steps + 64 * look + 1, steps + 64 * (look + 1) + 1):
            writer.record(step, {"d_loss": 0.7, "g_loss": 0.7, "d_grad_norm": 1.0, "g_grad_norm": 1.0})
        writer.flush()
        start = process.io_counters().read_chars
        looks.append(timed(follower.look))
        read.append(process.io_counters().read_chars - start)
    idle = timed(follower.look)
    judged = timed(lambda: follower.look(last=True))
    memory = process.memory_info().rss - before
    writer.close("completed")
    return {
        "first": first,
        "look": sorted(looks)[2],
        "read": sorted(read)[2],
        "idle": idle,
        "judged": judged,
        "memory": memory,
    }


def timed(act: Callable[[], Any]) -> float:
    """Return the seconds it takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def main() -> None:
    """Write the runs that are missing, measure, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", nargs="*", type=int, default=[1_000, 1_000_000], help="lengths of the runs")
    parser.add_argument("--no-watch", action="store_true", help="measure the report only, write nothing")
    options = parser.parse_args()
    reports, watched = [], []
    for steps in options.steps:
        run_dir = RUNS / str(steps)
        if not (run_dir / "run.json").exists() or load_run(run_dir).state != "completed":
            shutil.rmtree(run_dir, ignore_errors=True)
            write_run(run_dir, steps)
        page, seconds, used = make_report(run_dir)
        check_page(page, steps)
        opened = [open_page(page) for _ in range(3)]
        times = {name: min(times[name] for times in opened) for name in opened[0]}
        size = page.stat().st_size
        stored = sum(file.stat().st_size for file in (run_dir / "signals").iterdir())
        reports.append(
            f"| {steps:,} | {stored / 1e6:.1f} MB | {size / 1e6:.2f} MB | {seconds:.1f} s | {used:.1f} s "
            f"| {times['drawn']:.2f} s | {times['answers']:.2f} s | {times['scrolled']:.1f} s "
            f"| {times['height']:,.0f} px | {times['sheets']:.0f} |"
        )
        print(reports[-1], flush=True)
        if not options.no_watch:
            cost = watch(RUNS / f"{steps}-growing", steps)
            watched.append(
                f"| {steps:,} | {cost['first']:.2f} s | {cost['look'] * 1e3:.0f} ms | {cost['read'] / 1e3:.0f} kB "
                f"| {cost['idle'] * 1e3:.0f} ms | {cost['judged']:.1f} s | {cost['memory'] / 1e6:.0f} MB |"
            )
            print(watched[-1], flush=True)
    if not options.no_watch:
        write_tables(reports, watched)


def write_tables(reports: list[str], watched: list[str]) -> None:
    """Write `reports/report-size.md`."""
    lines = [
        "# Size and speed of the views",
        "",
        "Made by `python tests/benchmarks/report_size.py` on 2 CPU cores. In both runs a spike of one step and a NaN",
        "of one step were seen in the page. Seconds of the page are headless Chromium's, from opening the file at",
        "its curves, the best of three: until the charts in sight are drawn, until one answers the mouse, and for",
        f"scrolling through them. The machine was shared: its load was {os.getloadavg()[2]:.0f} meanwhile.",
        "",
        "The height is that of the page at 1440 pixels, before anything is unfolded; printed is on A4.",
        "",
        "| steps | signals on disk | page | `gandoctor report` | of one core | drawn | answers | scrolled through "
        "| height | pages printed |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *reports,
        "",
        "Following a run of that length which is still being written, without the time to draw:",
        "",
        "| steps | first look | look after 64 new steps | read for it | look without news | judging | memory |",
        "|---|---|---|---|---|---|---|",
        *watched,
    ]
    (ROOT / "reports" / "report-size.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
