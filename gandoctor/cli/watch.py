"""`gandoctor watch`: follow a run from outside, live or finished, without touching it."""

from __future__ import annotations

from pathlib import Path

import click

from gandoctor.cli.options import RUN_DIR


@click.command("watch")
@click.argument("run_dir", type=RUN_DIR)
def command(run_dir: Path) -> int:
    """Follow the run in RUN_DIR until it ends; of a finished run, show how it stands.

    q or Ctrl-C leaves the view and does not touch the training.
    """
    import time

    from rich.console import Console

    from gandoctor.cli.text import diagnosis_lines, print_lines
    from gandoctor.store import load_run
    from gandoctor.watch.follow import Follower, View, follow
    from gandoctor.watch.frame import draw_frame
    from gandoctor.watch.keys import Keyboard
    from gandoctor.watch.lines import LinesView
    from gandoctor.watch.view import ScreenView, canvas_of

    running = load_run(run_dir).state == "running"
    console = Console(highlight=False)
    full_screen = console.is_terminal and not console.is_dumb_terminal
    view: View = LinesView(click.echo, time.time)
    if full_screen and running:
        view = ScreenView(console, hint="q leaves this view; the training goes on")
    follower = Follower(run_dir, time.time)
    if running or not full_screen:
        with view, Keyboard() as keyboard:
            snapshot = follow(
                follower,
                view,
                wait=lambda seconds: "q" in keyboard.wait(seconds).lower(),
                ended=lambda last: not running or (last is not None and last.state != "running"),
            )
    else:
        snapshot = follower.look(last=True)
        if snapshot is not None:
            frame = draw_frame(snapshot, None, canvas_of(console))
            frame.rstrip()
            console.print(frame, end="\n\n")
    if snapshot is not None and snapshot.diagnosis is not None and snapshot.state != "running":
        print_lines(console, diagnosis_lines(snapshot.diagnosis))
    return 0
