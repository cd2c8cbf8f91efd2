"""The rows: one axis of steps, range and target, and colour only where a rule has found something."""

import numpy as np
from rich.console import Console

from gandoctor.diagnosis import Diagnosis
from gandoctor.rules import Evidence, Finding, Severity, Status
from gandoctor.store import Run
from gandoctor.watch.canvas import STYLES, Canvas
from gandoctor.watch.rows import draw_rows, row_names
from support.watched_runs import rule, snapshot

CANVAS = Canvas(80, 24)


def found_in(signal, first, last, severity=Severity.CRITICAL):
    evidence = Evidence(signal, 0.0, None, first, last, "It fell.")
    finding = Finding(rule("GD301", "Fell", severity), Status.DETECTED, severity, evidence=(evidence,))
    return Diagnosis(Run.from_signals({}), (finding,))


def coloured(line):
    """Return the part of a line that has the colour of a critical finding."""
    console = Console()
    return "".join(
        sign
        for at, sign in enumerate(line.plain)
        if line.get_style_at_offset(console, at).color == STYLES["critical"].color
    )


def test_all_rows_share_one_axis_of_steps():
    shot = snapshot(
        step=100,
        curves={"d_loss": np.arange(100.0), "d_real_score": np.array([0.0, 1.0])},
        steps={"d_loss": np.arange(1, 101), "d_real_score": np.array([1, 51])},
    )
    axis, loss, score = draw_rows(shot, CANVAS, 64, 3)
    assert axis.plain.split() == ["step", "1", "100"]
    assert score.plain[24:] == "▁" * 20 + "█" * 20, "a value holds until the next one was measured"
    assert loss.plain[24:].startswith("▁")
    assert loss.plain.endswith("█")


def test_a_row_has_its_range_and_its_target():
    shot = snapshot(curves={"d_loss": np.array([0.1, 0.5])}, targets={"d_loss": np.log(2)})
    axis, *rows = [line.plain for line in draw_rows(shot, CANVAS, 64, 4)]
    assert axis.startswith("range, ▸ target")
    assert rows[0].startswith("D loss           0.500 ▸"), "the target is in the upper line"
    assert rows[1].startswith("0.100 .. 0.693")
    assert rows[2].startswith("▸ 0.693")


def test_colour_only_where_a_rule_says_so():
    shot = snapshot(step=100, curves={"d_loss": np.ones(100), "g_loss": np.ones(100)}, diagnosis=None)
    assert [coloured(line) for line in draw_rows(shot, CANVAS, 64, 3)] == ["", "", ""]
    told = snapshot(step=100, curves=shot.curves, diagnosis=found_in("d_loss", 51, 100))
    _, loss, other = draw_rows(told, CANVAS, 64, 3)
    assert coloured(loss).count("▄") == 20, "from the step at which it was found"
    assert coloured(loss).startswith("D loss")
    assert coloured(other) == ""


def test_a_remark_has_no_colour():
    shot = snapshot(step=9, curves={"d_loss": np.ones(9)}, diagnosis=found_in("d_loss", 1, 9, Severity.INFO))
    assert coloured(draw_rows(shot, CANVAS, 64, 2)[1]) == ""


def test_a_signal_in_which_something_was_found_gets_a_row():
    curves = {"d_loss": np.ones(9), "d_update_in_g_step": np.ones(9), "sample_kid": np.ones(9)}
    shot = snapshot(curves=curves, diagnosis=found_in("d_update_in_g_step", 1, 9))
    assert row_names(shot) == ["d_loss", "sample_kid", "d_update_in_g_step"]
    assert row_names(snapshot(curves=curves)) == ["d_loss", "sample_kid"]
    few = [line.plain for line in draw_rows(shot, CANVAS, 64, 2)]
    assert few[1].startswith("D in G's step"), "in too few lines it stays"


def test_decades_are_drawn_as_decades():
    shot = snapshot(step=4, curves={"d_grad_norm": np.array([1e-6, 1e-4, 1e-2, 1.0])})
    (_, row) = draw_rows(shot, CANVAS, 24 + 4, 2)
    assert row.plain[24:] == "▁▃▆█"


def test_not_finite_is_shown_and_has_no_range():
    shot = snapshot(step=4, curves={"d_loss": np.full(4, np.nan)})
    text = "\n".join(line.plain for line in draw_rows(shot, CANVAS, 64, 4))
    assert "nan" in text
    assert "!" * 40 in text
    assert ".." not in text
