"""`gandoctor watch`: follow a run from outside, live or finished, without touching it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gandoctor.cli.options import RUN_DIR, language_option, say_in, verbose_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from gandoctor.message import Say
    from gandoctor.watch.snapshot import Snapshot

VERDICT_ROWS = 12
_LOWEST_FRAME = 14


@click.command("watch")
@click.argument("run_dir", type=RUN_DIR)
@verbose_option
@language_option
def command(run_dir: Path, verbose: bool, lang: str) -> int:
    """Follow the run in RUN_DIR until it ends; of a finished run, show how it stands.

    Keys: s samples, d details of what was found, c all checks, r writes the report, q leaves.
    Neither q nor Ctrl-C touches the training.
    """
    import time

    from rich.console import Console

    from gandoctor.cli.text import diagnosis_lines, print_lines
    from gandoctor.message import Message
    from gandoctor.store import load_run
    from gandoctor.watch.follow import Follower, View, follow
    from gandoctor.watch.keys import Keyboard
    from gandoctor.watch.lines import LinesView
    from gandoctor.watch.view import ScreenView

    running = load_run(run_dir).state == "running"
    console, say = Console(highlight=False), say_in(lang)
    full_screen = console.is_terminal and not console.is_dumb_terminal
    view: View = LinesView(click.echo, time.time, say=say)
    if full_screen and running:
        view = ScreenView(console, Message("q quit (training goes on)"), report_writer(lang), say)
    follower = Follower(run_dir, time.time, in_background=isinstance(view, ScreenView))
    if running or not full_screen:
        with view, Keyboard() as keyboard:
            press = view.press if isinstance(view, ScreenView) else lambda keys: "q" in keys.lower()
            snapshot = follow(
                follower,
                view,
                wait=lambda seconds: press(keyboard.wait(seconds)),
                ended=lambda last: not running or (last is not None and last.state != "running"),
            )
    else:
        snapshot = follower.look(last=True)
        if snapshot is not None:
            _print_frame(snapshot, console, say)
    if snapshot is not None and snapshot.diagnosis is not None and snapshot.state != "running":
        print_lines(console, diagnosis_lines(snapshot.diagnosis, verbose, say))
    return 0


def _print_frame(snapshot: Snapshot, console: Console, say: Say) -> None:
    """Print how a finished run stands, above its verdict: as high as both fit, or a little higher."""
    from dataclasses import replace

    from gandoctor.watch.frame import draw_frame
    from gandoctor.watch.view import canvas_of

    canvas = canvas_of(console, say)
    height = max(_LOWEST_FRAME, canvas.height - VERDICT_ROWS - 2)
    frame = draw_frame(snapshot, None, replace(canvas, height=height), has_findings=False)
    frame.rstrip()
    console.print(frame, end="\n\n")


def report_writer(lang: str) -> Callable[[Snapshot], Path]:
    """Return what writes the report of what is shown and returns its path."""

    def write(snapshot: Snapshot) -> Path:
        from gandoctor.cli.report import write_all
        from gandoctor.diagnosis import diagnose

        return write_all(snapshot.diagnosis or diagnose(snapshot.run_dir), None, lang=lang)

    return write
