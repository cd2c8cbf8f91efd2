"""One broken run has one first remedy, whichever view is read."""

from __future__ import annotations

import html
import io
import json

import numpy as np
import pytest
from rich.console import Console

from gandoctor.cli.text import diagnosis_lines, print_lines
from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.as_text import report_lines, summary_lines
from gandoctor.notebook.drawing import draw
from gandoctor.report import render_html, render_markdown
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.frame import draw_frame
from gandoctor.watch.lines import finding_line, in_order
from support.fault_signatures import FAULTS, diagnosis_of
from support.watched_runs import snapshot


@pytest.fixture(scope="module", params=FAULTS)
def broken(request: pytest.FixtureRequest) -> Diagnosis:
    signals, fields, _ = FAULTS[request.param]
    return diagnosis_of(signals, **fields)


def first_step(diagnosis: Diagnosis) -> str:
    return str(diagnosis.plan[0].title)


def plain(lines: object) -> list[str]:
    return ["".join(text for text, _ in spans) for _, spans in lines]  # type: ignore[attr-defined]


def test_text_and_summary(broken: Diagnosis) -> None:
    for lines in (plain(report_lines(broken)), plain(summary_lines(broken))):
        first = next(line for line in lines if line.startswith("1. "))
        assert first.startswith(f"1. {first_step(broken)}")
    assert str(broken) == "\n".join(" " * i + "".join(t for t, _ in spans) for i, spans in report_lines(broken))


def test_the_verdict_fits_twelve_rows_of_80_columns(broken: Diagnosis) -> None:
    out = io.StringIO()
    print_lines(Console(file=out, width=80, force_terminal=True, color_system=None), diagnosis_lines(broken))
    rows = out.getvalue().rstrip("\n").split("\n")
    assert len(rows) <= 11  # and one for where the report is
    assert "other check" in rows[-1]
    assert rows[-1].rstrip().endswith("(-v lists them)")


def test_json(broken: Diagnosis) -> None:
    plan = json.loads(broken.to_json())["plan"]
    assert plan[0]["title"] == first_step(broken)
    assert [step["change"] for step in plan] == [step.change for step in broken.plan]


def test_markdown(broken: Diagnosis) -> None:
    text = render_markdown(broken)
    first = next(line for line in text.splitlines() if line.startswith("1. **"))
    assert first.replace("\\", "").startswith(f"1. **{first_step(broken)}**")
    for line in broken.plan[0].diff:
        assert line in text


def test_page(broken: Diagnosis) -> None:
    page = html.unescape(render_html(broken))
    assert first_step(broken) in page


def test_notebook(broken: Diagnosis) -> None:
    shown = broken._repr_html_()
    assert html.escape(first_step(broken)) in shown.split("<li>")[1]


def test_watch(broken: Diagnosis) -> None:
    shot = snapshot(diagnosis=broken, curves={"d_loss": np.ones(9)})
    frame = draw_frame(shot, None, Canvas(200, 50)).plain.splitlines()
    assert next(line.strip() for line in frame if "try: " in line) == f"try: {first_step(broken)}"
    lines = [finding_line(finding, broken) for finding in in_order(broken)]
    assert next(line for line in lines if "; try: " in line).endswith(f"; try: {first_step(broken)}")
    live = draw(shot)["text/plain"].splitlines()
    assert next(line for line in live if "; try: " in line).endswith(f"; try: {first_step(broken)}")
