"""One frame of the watch view, at every size a terminal may have."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.headlines import headline_of
from gandoctor.rules import Severity, Status
from gandoctor.store import Run
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.frame import draw_frame
from gandoctor.watch.lines import suggestion
from gandoctor.watch.snapshot import Preview
from support.watched_runs import detected, judged, snapshot

RAMP = np.tile(np.linspace(0, 255, 28).astype(np.uint8)[None, None, :, None], (16, 28, 1, 1))
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


def test_everything_a_reader_wants_is_on_80_by_24():
    lines = plain(snapshot(*SICK, elapsed_s=31.3)).split("\n")
    assert lines[0].startswith("FAILING  runs/20260102-030405-quick  running  non-saturating loss  seed 0")
    assert "step 420/1000  00:31  eta 00:43  13.40 steps/s" in lines[1]
    assert lines[2].startswith("critical GD301 Discriminator loss at zero since step 320")
    assert lines[3].startswith("warning  GD004 The generator's step also trains the discriminator since step 1")
    text = "\n".join(lines)
    for label in ("D loss", "G loss", "D on real", "D on fakes", "D gradient", "G gradient", "samples, step 400"):
        assert label in text
    assert "1 check passed, 1 not checked" in text
    assert lines[-1] == "Ctrl-C stops"


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (160, 50)])
def test_a_frame_is_full(width, height):
    shot = snapshot(*SICK, preview=Preview(400, RAMP, RAMP))
    lines = plain(shot, width, height).split("\n")
    assert sum(not line.strip() for line in lines) <= 2, "lines that say nothing"
    text = "\n".join(lines)
    assert text.index("real images") < text.index("samples, step 400")
    rows = [line.rstrip() for line in lines[4:-2]]
    assert sum(len(line) > 0.9 * width for line in rows) > 0.7 * len(rows)


def test_a_narrow_terminal_has_the_rows_without_samples():
    text = plain(snapshot(*SICK), 40, 20)
    assert "▀" not in text
    for label in ("D loss", "G gradient", "critical GD301"):
        assert label in text


def test_findings_are_wrapped_and_never_cut():
    from support.fault_signatures import FAULTS, diagnosis_of

    for name, (signals, fields, _) in FAULTS.items():
        diagnosis = diagnosis_of(signals, **fields)
        shown = " ".join(plain(snapshot(diagnosis=diagnosis), 50, 40).split())
        first = diagnosis.groups[0][0]
        assert " ".join(str(headline_of(first, diagnosis.run)).split()) in shown, name
        assert f"try: {suggestion(first, diagnosis)}" in shown, name


def test_a_running_run_says_up_to_which_step_nothing_was_found():
    shot = snapshot(judged("GD001", Status.NOT_DETECTED))
    diagnosis = Diagnosis(Run.from_signals({"d_loss": {7: 0.6}}), shot.diagnosis.checks)
    assert "Nothing was found up to step 7." in plain(snapshot(diagnosis=diagnosis))
    assert "Nothing was found" not in plain(shot), "no step has been recorded"
    assert "The run completed 0 steps" in plain(snapshot(judged("GD001", Status.NOT_DETECTED), state="completed"))


def test_before_there_is_a_verdict_it_says_so():
    assert plain(snapshot(diagnosis=None)).startswith("not judged yet")
    young = snapshot(judged("GD001", Status.NOT_DETECTED), step=100)
    assert plain(young).startswith("WARM-UP")
    assert plain(snapshot(judged("GD001", Status.NOT_DETECTED), step=0, curves={})).startswith("WARM-UP")


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
    assert len(blocks) >= 28 * 14
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
    shot = snapshot(*SICK, run_dir=Path("/home/someone/" + "deep/" * 30 + "the-run"))
    for width in (40, 80):
        verdict, path, state, *_ = plain(shot, width).split("\n")[0].rstrip().split("  ")
        assert verdict == "FAILING"
        assert path.startswith("…")
        assert path.endswith("the-run")
        assert state == "running"


def test_what_follows_from_a_cause_is_wrapped_under_it_and_never_cut():
    from support.fault_signatures import FAULTS, diagnosis_of

    signals, fields, _ = FAULTS["dropout 0.9"]
    diagnosis = diagnosis_of(signals, **fields)
    lines = [line.strip() for line in plain(snapshot(diagnosis=diagnosis), height=40).splitlines()]
    cause = next(i for i, line in enumerate(lines) if line.startswith("critical GD103 Dropout too high"))
    below = " ".join(lines[cause:])
    assert "try: Lower dropout from 0.9 to 0.3" in below
    root, after = diagnosis.groups[0]
    assert root.id == "GD103"
    assert all(f"({finding.id})" in below for finding in after)
    assert "…" not in below
