"""The rows of a watched run: a handful of signals over one axis of steps, each with its range and its target.

A row has colour where a rule has found something in its signal, at the steps where it was found, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style
from rich.text import Text

from gandoctor.message import Message
from gandoctor.printable import printable
from gandoctor.rules import Severity
from gandoctor.watch.canvas import STYLES, Canvas, fit, padded
from gandoctor.watch.lines import number
from gandoctor.watch.snapshot import Snapshot
from gandoctor.watch.spark import Axis, bars, over_steps, row_of, scale_of

_LABELS = {
    "d_loss": Message("D loss"),
    "g_loss": Message("G loss"),
    "d_real_score": Message("D on real"),
    "d_holdout_score": Message("D on held-out"),
    "d_fake_score": Message("D on fakes"),
    "d_grad_norm": Message("D gradient"),
    "g_grad_norm": Message("G gradient"),
    "sample_kid": Message("KID to real"),
    "sample_class_kid": Message("KID to real"),
    "d_logit_gap": Message("logit gap"),
    "d_auc": Message("AUC of D"),
    "d_update_ratio": Message("D update"),
    "g_update_ratio": Message("G update"),
    "d_update_in_g_step": Message("D in G's step"),
    "g_update_in_d_step": Message("G in D's step"),
    "d_dead_units": Message("dead units D"),
    "g_dead_units": Message("dead units G"),
    "sample_duplicate_pairs": Message("copies"),
    "sample_nn_distance": Message("nearest"),
    "sample_latent_std": Message("spread"),
    "sample_std": Message("contrast"),
    "sample_noise_sigma": Message("noise"),
    "sample_coverage": Message("coverage"),
    "sample_missing_share": Message("missing"),
    "sample_grid": Message("checkerboard"),
    "sample_autocorrelation": Message("correlation"),
    "latent_spread": Message("latent spread"),
    "latent_mean": Message("latent mean"),
    "real_spread": Message("real spread"),
    "real_mean": Message("real mean"),
}
"""Short names of signals; the others go by their own."""
_ALWAYS = ("d_loss", "g_loss", "d_real_score", "d_fake_score", "d_grad_norm", "g_grad_norm")
_QUALITY = ("sample_kid", "sample_class_kid")
_SHARES = ("_score", "_accuracy")
_TEXT_WIDTH = 24
_RANGE_WIDTH = 20
_MOST_FOUND = 2
"""Rows besides the usual ones, for signals in which something was found."""
_HIGHEST = 8


@dataclass(frozen=True)
class _Found:
    """The steps at which a rule has found something in a signal."""

    severity: Severity
    first_step: int
    last_step: int

    @property
    def style(self) -> Style:
        return STYLES[self.severity.value]


def row_names(snapshot: Snapshot) -> list[str]:
    """Return the signals that have a row, in reading order."""
    quality = [name for name in _QUALITY if name in snapshot.curves][:1]
    names = [*(name for name in _ALWAYS if name in snapshot.curves), *quality]
    found = [name for name in _found(snapshot) if name in snapshot.curves and name not in names]
    return [*names, *found[:_MOST_FOUND]]


def draw_rows(snapshot: Snapshot, canvas: Canvas, width: int, room: int) -> list[Text]:
    """Return the axis and a row for each signal, as high as there is room for.

    Args:
        snapshot: What is shown; its curves are not empty.
        canvas: What the terminal can show.
        width: Cells that a row may take.
        room: Lines that all may take. In too few, rows in which nothing was found are left out first.
    """
    found = _found(snapshot)
    names = row_names(snapshot)
    while len(names) > max(1, room - 1):
        names.remove(next((name for name in reversed(names) if name not in found), names[-1]))
    heights = _heights(names, found, room - 1)
    has_range = min(heights.values()) == 1 and width >= _TEXT_WIDTH + _RANGE_WIDTH + 24
    text_width = _TEXT_WIDTH + (_RANGE_WIDTH if has_range else 0)
    axis = _axis(snapshot, names, max(1, width - text_width))
    is_told = has_range or max(heights.values()) > 1
    lines = [_axis_line(axis, text_width, is_told, snapshot, canvas)] if room > 1 else []
    for name in names:
        lines += _row(name, snapshot, found.get(name), axis, heights[name], has_range, canvas)
    return [fit(line, width) for line in lines[:room]]


def _heights(names: Sequence[str], found: Container[str], room: int) -> dict[str, int]:
    """Return how many lines each row takes: all the same, and one more where something was found, then from the top."""
    height = max(1, min(_HIGHEST, room // len(names)))
    spare = room - height * len(names) if height < _HIGHEST else 0
    higher = sorted(names, key=lambda name: name not in found)[: max(0, spare)]
    return {name: height + (name in higher) for name in names}


def _found(snapshot: Snapshot) -> dict[str, _Found]:
    """Return what was found in which signal; of several the most severe."""
    found: dict[str, _Found] = {}
    for finding in snapshot.diagnosis.detected if snapshot.diagnosis is not None else ():
        for evidence in finding.evidence if finding.severity is not Severity.INFO else ():
            one = _Found(finding.severity, evidence.first_step, evidence.last_step)
            found.setdefault(evidence.signal, one)
    return found


def _axis(snapshot: Snapshot, names: Sequence[str], width: int) -> Axis:
    firsts = [int(_steps(snapshot, name)[0]) for name in names if len(snapshot.curves[name])]
    first = min(firsts, default=0)
    return Axis(first, max(first, snapshot.step), width)


def _steps(snapshot: Snapshot, name: str) -> np.ndarray:
    """Return the steps of a signal's values."""
    values = snapshot.curves[name]
    steps = snapshot.steps.get(name)
    return np.linspace(1, max(1, snapshot.step), len(values)).astype(int) if steps is None else steps


def _axis_line(axis: Axis, text_width: int, has_range: bool, snapshot: Snapshot, canvas: Canvas) -> Text:
    mark = _mark(canvas)
    legend = canvas.said(Message("range, {mark} target", mark=mark)) if has_range and snapshot.targets else ""
    first, last = canvas.said(Message("step {step}", step=axis.first)), str(axis.last)
    line = Text(padded(legend, text_width), STYLES["quiet"])
    if axis.width > len(first) + len(last):
        line.append(first + last.rjust(axis.width - Text(first).cell_len), STYLES["quiet"])
    return line


def _row(
    name: str, snapshot: Snapshot, found: _Found | None, axis: Axis, height: int, has_range: bool, canvas: Canvas
) -> Iterator[Text]:
    values = snapshot.curves[name]
    target = snapshot.targets.get(name)
    levels = over_steps(_steps(snapshot, name), values, axis)
    scale = scale_of(levels, target, _fixed(name, values))
    drawn = bars(levels, scale, height, target, canvas.ascii_only)
    label = printable(canvas.said(_LABELS[name]) if name in _LABELS else name)
    bad = not np.isfinite(values[-1])
    style = STYLES["critical"] if bad else found.style if found is not None else ""
    latest = _latest(name, values[-1])
    text = Text().append(padded(label, _TEXT_WIDTH - len(latest) - 3) + " ", style)
    text.append(f"{latest}  ", style or STYLES["strong"])
    beside = [text]
    aim = "" if target is None else f"{_mark(canvas)} {number(target)}"
    ranged = f"{number(scale.low)} .. {number(scale.high)}" if np.isfinite(levels).any() else ""
    if has_range:
        text.append(padded(ranged, _RANGE_WIDTH), STYLES["quiet"])
    if height == 2 and len(ranged) + len(aim) + 4 <= _TEXT_WIDTH:
        ranged = f"{ranged}  {aim}"
    width = _TEXT_WIDTH + (_RANGE_WIDTH if has_range else 0)
    below = [ranged, aim, *[""] * height]
    beside += [Text().append(padded(said, width), STYLES["quiet"]) for said in below]
    marked = row_of(target, scale, height) if target is not None and height > 1 else None
    for row, (line, curve) in enumerate(zip(beside[:height], drawn, strict=True)):
        if row == marked:
            line = line[:-1].append(_mark(canvas), STYLES["quiet"])
        yield line.append_text(_coloured(curve, axis, found))


def _mark(canvas: Canvas) -> str:
    """Return the sign of a target."""
    return ">" if canvas.ascii_only else "▸"


def _coloured(curve: str, axis: Axis, found: _Found | None) -> Text:
    """Return a line of a curve, in colour from the first step at which something was found to the last."""
    if found is None:
        return Text().append(curve, STYLES["quiet"])
    first, end = int(axis.column(found.first_step)), int(axis.column(found.last_step)) + 1
    parts = (curve[:first], STYLES["quiet"]), (curve[first:end], found.style), (curve[end:], STYLES["quiet"])
    return Text.assemble(*parts)


def _fixed(name: str, values: np.ndarray) -> tuple[float, float] | None:
    is_share = name.endswith(_SHARES) and bool(np.all((values >= 0) & (values <= 1)))
    return (0.0, 1.0) if is_share else None


def _latest(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name.endswith("_accuracy") and np.isfinite(value) else number(value)
