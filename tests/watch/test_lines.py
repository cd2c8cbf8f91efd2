"""Plain lines: what is written, when, and how numbers look."""

import numpy as np
import pytest

from gandoctor.printable import printable
from gandoctor.rules import Severity
from gandoctor.watch.lines import LinesView, duration, finding_line, number, progress_line
from support.watched_runs import detected, snapshot


class Written:
    def __init__(self):
        self.lines, self.now = [], 1000.0
        self.view = LinesView(self.lines.append, lambda: self.now, every_s=5.0)

    def show(self, shot, after=0.0, notice=None):
        self.now += after
        before = len(self.lines)
        self.view.show(shot, notice)
        return self.lines[before:]


def test_a_line_holds_the_numbers():
    assert progress_line(snapshot()) == (
        "step 420/1000  d_loss 0.654  g_loss 2.248  D(real) 0.610  D(holdout) 0.600  D(fake) 0.300  "
        "|g_D| 1.170  |g_G| 0.800  eta 00:43"
    )


def test_signals_that_were_not_recorded_are_left_out():
    bare = snapshot(curves={"d_loss": np.array([np.nan])}, planned_steps=None, seconds_left=None, step=3)
    assert progress_line(bare) == "step 3  d_loss nan  warm-up"


def test_progress_comes_every_few_seconds_and_only_when_there_is_some():
    written = Written()
    assert written.show(None) == []
    assert len(written.show(snapshot(step=200))) == 1
    assert written.show(snapshot(step=210), after=4.9) == []
    assert len(written.show(snapshot(step=220), after=0.2)) == 1
    assert written.show(snapshot(step=220), after=60) == []


def test_the_end_is_written_at_once():
    written = Written()
    written.show(snapshot(step=200))
    assert len(written.show(snapshot(step=201, state="completed"), after=0.1)) == 1


def test_a_finding_is_told_once_and_again_when_it_gets_worse():
    written = Written()
    written.show(snapshot(step=200))
    mild = detected("GD301", "D has won", Severity.WARNING)
    assert written.show(snapshot(mild, step=200)) == ["warning: GD301 Discriminator loss at zero since step 320"]
    assert written.show(snapshot(mild, step=200)) == []
    grave = detected("GD301", "D has won", Severity.CRITICAL)
    assert written.show(snapshot(grave, step=200)) == ["critical: GD301 Discriminator loss at zero since step 320"]


def test_a_notice_is_told_once():
    written = Written()
    assert written.show(None, notice="Stopping") == ["Stopping"]
    assert written.show(None, notice="Stopping") == []


def test_a_finding_names_the_best_treatment():
    from gandoctor.treatments import TREATMENTS

    name, treatment = next(iter(TREATMENTS.items()))
    finding = detected("GD301", "D has won", Severity.CRITICAL, treatments=(name,))
    line = finding_line(finding, snapshot(finding).diagnosis)
    assert line == f"critical: GD301 Discriminator loss at zero since step 320; try: {treatment.title}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.5, "0.500"),
        (-1.25, "-1.250"),
        (12.345, "12.35"),
        (1234.5, "1234"),
        (1e-7, "1.0e-7"),
        (3.2e9, "3.2e9"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_numbers_are_short(value, text):
    assert number(value) == text
    assert len(text) <= 8


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (70.4, "01:10"), (3599.6, "1:00:00"), (36001, "10:00:01")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_printable_keeps_letters_and_takes_control():
    assert printable("a\tb\n漢字 é") == "a\tb\n漢字 é"
    assert printable("\x1b[2J\x9b\r\u202e\u2028") == "�[2J����"
