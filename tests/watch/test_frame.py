"""One frame of the watch view, at every size a terminal may have."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from gandoctor.rules import Severity, Status
from gandoctor.watch.frame import Canvas, draw_frame
from support.watched_runs import detected, judged, snapshot

SICK = (
    detected("GD301", "The discriminator has won", Severity.CRITICAL, treatments=()),
    detected("GD004", "The generator step moves D", Severity.WARNING, first_step=1),
    judged("GD001", Status.NOT_DETECTED),
    judged("GD403", Status.NOT_EVALUATED, "In warm-up."),
)


def plain(shot, width=80, height=24, notice="Ctrl-C stops", **canvas):
    return draw_frame(shot, notice, Canvas(width, height, **canvas)).plain


@pytest.mark.parametrize("width", [1, 10, 40, 70, 80, 120, 250])
@pytest.mark.parametrize("height", [1, 3, 10, 24, 40])
@pytest.mark.parametrize("shot", [snapshot(), snapshot(*SICK), snapshot(preview=None, curves={}, step=0)])
def test_a_frame_fits_its_canvas(width, height, shot):
    lines = draw_frame(shot, "a notice " * 20, Canvas(width, height)).plain.split("\n")
    assert len(lines) == height
    assert max(cell_len(line) for line in lines) <= width


def test_many_lights_leave_room_for_what_was_found():
    clear = [judged(f"GD{n}", Status.NOT_DETECTED) for n in range(500, 530)]
    low = plain(snapshot(*SICK, *clear))
    assert "critical GD301 Discriminator loss" in low
    assert "! GD004" in low
    assert "31 clear" in low
    assert "1 not judged" in low
    high = plain(snapshot(*SICK, *clear), height=60)
    assert "GD529" in high
    assert "not judged" not in high


def test_everything_a_reader_wants_is_on_80_by_24():
    text = plain(snapshot(*SICK))
    for wanted in (
        "runs/20260102-030405-quick  running  non saturating loss  seed 0",
        "step 420/1000  13.40 steps/s  eta 00:43",
        "samples, step 400",
        "! GD004@1 ",
        "! GD301@320",
        "✓ GD001",
        "· GD403",
        "critical GD301 Discriminator loss at zero since step 320",
        "warning  GD004 The generator's step also trains the discriminator since step 1",
        "Ctrl-C stops",
    ):
        assert wanted in text
    for label in ("D loss", "G loss", "D score  held-out", "accuracy fake", "gradient norm G"):
        assert label in text
    assert "97 %" in text


def test_warm_up_is_said_until_it_is_over():
    assert "In warm-up until step 150" in plain(snapshot(*SICK, step=100))
    assert "judged from step" not in plain(snapshot(*SICK, step=150))
    assert "judged from step" not in plain(snapshot(*SICK, step=100, state="interrupted"))


def test_more_findings_than_lines_are_counted():
    many = [detected(f"GD{900 + i}", "Some failure", Severity.WARNING) for i in range(30)]
    text = plain(snapshot(*many))
    shown = text.count("Some failure")
    assert 1 <= shown < 30
    assert f"and {30 - shown} more" in text


def test_the_first_suggestion_stands_under_its_finding(monkeypatch):
    from gandoctor.treatments import TREATMENTS

    name, treatment = next(iter(TREATMENTS.items()))
    text = plain(snapshot(detected("GD301", "D has won", Severity.CRITICAL, treatments=(name,))), 120, 40)
    assert f"try: {treatment.title}"[:100] in text


def test_a_silent_run_says_so():
    assert "no new record for 01:05" in plain(snapshot(silent_s=65.0), 120, 40)
    assert "no new record" not in plain(snapshot(silent_s=5.0), 120, 40)


def test_nan_is_shown_as_nan():
    text = plain(snapshot(curves={"d_loss": np.array([0.5, np.nan]), "g_loss": np.array([1.0, np.inf])}))
    assert "nan" in text
    assert "inf" in text


def test_hostile_text_cannot_steer_the_terminal():
    evil = "\x1b]0;owned\x07[red]\u202e"
    shot = snapshot(detected("GD301", evil, Severity.CRITICAL))
    text = plain(shot, notice=evil)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "[red]" in text, "markup is text, not style"


def test_the_preview_takes_no_style_from_what_stands_left_of_it():
    frame = draw_frame(snapshot(*SICK), None, Canvas(80, 24))
    console = Console()
    blocks = [i for i, character in enumerate(frame.plain) if character == "▀"]
    assert len(blocks) == 28 * 14
    assert not any(frame.get_style_at_offset(console, i).dim for i in blocks)


def test_without_colour_nothing_needs_it():
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80, height=24)
    console.print(draw_frame(snapshot(*SICK), None, Canvas(80, 24, colour=False)))
    written = console.file.getvalue()
    assert "▀" not in written
    assert "38;" not in written
    assert "48;" not in written


def test_ascii_terminals_get_ascii():
    assert plain(snapshot(*SICK), ascii_only=True).isascii()


def test_a_long_path_never_hides_how_the_run_stands():
    shot = snapshot(run_dir=Path("/home/someone/" + "deep/" * 30 + "the-run"))
    for width in (40, 80):
        head = plain(shot, width).split("\n")[0]
        assert head.startswith("…")
        assert head.rstrip().split("  ")[:2][1] == "running"
        assert "the-run" in head
