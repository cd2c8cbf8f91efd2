"""What keys do to the screen, and what is said before there is something to show."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.rules import Severity, Status
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.pages import draw_page
from gandoctor.watch.snapshot import Preview
from gandoctor.watch.view import ProgressView, ScreenView
from gandoctor.watch.waiting import doing, spinner
from support.watched_runs import detected, judged, snapshot

RAMP = np.tile(np.linspace(0, 255, 28).astype(np.uint8)[None, None, :, None], (16, 28, 1, 1))
SICK = (
    detected("GD301", "The discriminator has won", Severity.CRITICAL),
    *(judged(f"GD{n}", Status.NOT_DETECTED) for n in range(500, 540)),
    judged("GD403", Status.NOT_EVALUATED, "In warm-up."),
)


class Screen:
    """A view on a console that keeps what was drawn last."""

    def __init__(self, report=lambda _shot: Path("runs/a/report.html"), width=80, height=24):
        self.now = 100.0
        console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)
        self.view = ScreenView(console, Message("q quit"), report, clock=lambda: self.now)
        self.drawn = None
        self.view._live.update = lambda text, refresh: setattr(self, "drawn", text)

    def after(self, keys, shot, notice=None):
        assert self.view.press(keys) is False
        self.view.show(shot, notice)
        return self.drawn.plain


def test_each_key_opens_its_page_and_closes_it_again():
    screen, shot = Screen(), snapshot(*SICK)
    overview = screen.after("", shot)
    assert "D loss" in overview
    assert "GD301 Discriminator loss at zero since step 320" in screen.after("d", shot)
    assert "Possible causes" not in overview
    assert "GD520" in screen.after("c", shot)
    assert screen.after("s", shot).count("@") > overview.count("@") > 0
    assert screen.after("s", shot) == overview
    assert screen.after("c\x1b", shot) == overview, "several keys at once"


def test_a_long_page_is_scrolled_to_its_end_and_not_past_it():
    screen, shot = Screen(height=12), snapshot(*SICK)
    assert "GD500" in screen.after("c", shot)
    end = screen.after("    " * 20, shot)
    assert "GD403" in end
    assert "GD500" not in end
    assert screen.after("j", shot) == end
    assert screen.after("k", shot) != end
    assert "GD500" in screen.after("\x1b[A" * 60, shot)


def test_the_report_is_written_and_named():
    seen = []

    def report(shot):
        seen.append(shot)
        assert screen.drawn.plain.endswith("Writing the report.")
        return Path("runs/a/report.html")

    screen = Screen(report)
    shot = snapshot(*SICK)
    screen.after("", shot)
    assert screen.after("r", shot).split("\n")[-1] == "Report: runs/a/report.html"
    assert seen == [shot]
    assert "s samples" in screen.after("j", shot).split("\n")[-1], "the next key takes the notice away"


def test_a_report_that_cannot_be_written_says_why():
    def refuse(_shot):
        raise GandoctorError("No space left.")

    screen, shot = Screen(refuse), snapshot(*SICK)
    screen.after("", shot)
    assert screen.after("r", shot).endswith("No space left.")


def test_q_leaves():
    assert Screen().view.press("q")
    assert not Screen().view.press("x")


@pytest.mark.parametrize("page", ["samples", "details", "checks"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (40, 20), (80, 24), (160, 50)])
@pytest.mark.parametrize("shot", [snapshot(), snapshot(*SICK), snapshot(preview=None, curves={}, step=0)])
def test_a_page_fits_its_canvas(page, width, height, shot):
    frame, _ = draw_page(page, shot, "notice", Canvas(width, height), 3)
    lines = frame.split("\n", allow_blank=True)
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width


def test_the_samples_page_has_the_real_ones_on_top():
    frame, _ = draw_page("samples", snapshot(preview=Preview(400, RAMP, RAMP)), "", Canvas(80, 24), 0)
    assert 0 < frame.plain.index("real images") < frame.plain.index("samples, step 400")


def test_while_nothing_is_recorded_a_spinner_says_what_is_done_and_for_how_long():
    screen = Screen()
    first = screen.after("", None)
    screen.now += 4.6
    later = screen.after("", None)
    assert "loading TensorFlow and the data, 0 s" in first
    assert "loading TensorFlow and the data, 4 s" in later
    assert first[0] != later[0], "it turns"
    assert "q quit" in later.split("\n")[-1]


def test_before_the_first_step_it_says_that_it_is_compiled():
    nothing = {"step": 0, "curves": {}, "preview": None, "steps_per_second": None, "seconds_left": None}
    compiling = snapshot(**nothing, traces=True, elapsed_s=12.3)
    assert "compiling the first step, 12 s" in Screen().after("", compiling)
    waiting = snapshot(**nothing)
    assert doing(waiting).template == "waiting for the first step"
    early = snapshot(step=3, steps_per_second=None, seconds_left=None, elapsed_s=1.0)
    text = Screen().after("", early)
    assert "measuring the speed of the first steps" in text
    assert "eta 0" not in text
    assert doing(snapshot(step=0, curves={}, preview=Preview(22, RAMP), steps_per_second=None)) == doing(early)
    assert doing(snapshot()) is None
    assert doing(snapshot(state="crashed", steps_per_second=None)) is None


def test_a_spinner_needs_no_characters_beyond_ascii():
    assert spinner(Message("waiting"), 3.0, Canvas(80, 24, ascii_only=True)).isascii()
    assert spinner(Message("waiting"), None, Canvas(80, 24)) == "waiting"


def test_the_progress_line_waits_in_the_same_words():
    view = ProgressView(Console(file=io.StringIO(), force_terminal=True, width=80), clock=lambda: 0.0)
    drawn = []
    view._live.update = lambda text, refresh: drawn.append(text.plain)
    view.show(None, None)
    view.show(snapshot(step=0, curves={}, preview=None, traces=True, steps_per_second=None, elapsed_s=5.0), None)
    view.show(snapshot(), "Stopping.")
    assert "loading TensorFlow and the data, 0 s" in drawn[0]
    assert "compiling the first step, 5 s" in drawn[1]
    assert drawn[2].startswith("Stopping.  step 420/1000")
