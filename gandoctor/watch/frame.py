"""One frame of the watch view: a snapshot laid out for a given width and height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.console import OverflowMethod
from rich.style import Style
from rich.text import Text

from gandoctor.diagnosis.headlines import BEFORE_TRAINING, NAMES, headline_of, is_in_the_model
from gandoctor.printable import printable
from gandoctor.rules import Status
from gandoctor.watch.columns import draw_columns
from gandoctor.watch.follow import Snapshot
from gandoctor.watch.lines import duration, number, steps_text, suggestion
from gandoctor.watch.preview import draw_images
from gandoctor.watch.spark import spark

PREVIEW_COLUMNS = 30
WIDE_PREVIEW_COLUMNS = 58
SILENT_AFTER_S = 30.0
FINDINGS_LINES = 4
"""What the lights leave to the findings in a low terminal: the worst one and what to try are worth more."""

STYLES = {
    "critical": Style(color="red", bold=True),
    "warning": Style(color="yellow", bold=True),
    "info": Style(color="cyan"),
    "running": Style(color="green"),
    "completed": Style(color="green"),
    "interrupted": Style(color="yellow", bold=True),
    "crashed": Style(color="red", bold=True),
    "quiet": Style(dim=True),
    "strong": Style(bold=True),
    "bar": Style(color="cyan"),
}

_LABELS = {
    "d_loss": "D loss",
    "g_loss": "G loss",
    "d_real_score": "D score  real",
    "d_holdout_score": "D score  held-out",
    "d_fake_score": "D score  fake",
    "d_real_accuracy": "accuracy real",
    "d_holdout_accuracy": "accuracy held-out",
    "d_fake_accuracy": "accuracy fake",
    "d_grad_norm": "gradient norm D",
    "g_grad_norm": "gradient norm G",
}
VERDICT_STYLES = {
    "healthy": STYLES["completed"],
    "attention": STYLES["warning"],
    "failing": STYLES["critical"],
    "inconclusive": STYLES["info"],
}
_NOTHING_YET = {
    True: "No step has been recorded yet; the first takes a while, TensorFlow is tracing it.",
    False: "No losses or scores were recorded.",
}
_LABEL_WIDTH = 18
_VALUE_WIDTH = 8


@dataclass(frozen=True)
class Canvas:
    """What the terminal can show: size in characters, colours, characters beyond ASCII."""

    width: int
    height: int
    colour: bool = True
    ascii_only: bool = False


def draw_frame(snapshot: Snapshot, notice: str | None, canvas: Canvas) -> Text:
    """Return exactly `canvas.height` lines of at most `canvas.width` cells."""
    head = [_title(snapshot, canvas), _progress(snapshot, canvas), Text()]
    foot = [_fit(Text(printable(notice or ""), STYLES["quiet"]), canvas.width)]
    room = canvas.height - len(head) - len(foot)
    if snapshot.games:
        body = _games(snapshot, canvas, max(1, room - FINDINGS_LINES))
    else:
        body = _side_by_side(_signals(snapshot, canvas), snapshot, canvas, room)
    findings = _findings(snapshot, canvas, max(0, room - len(body)))
    lines = [*head, *body, *findings]
    lines += [Text()] * (canvas.height - len(foot) - len(lines))
    shown = [*lines[: canvas.height - len(foot)], *foot]
    return Text("\n").join(_fit(line, canvas.width) for line in shown)


def _title(snapshot: Snapshot, canvas: Canvas) -> Text:
    facts = [snapshot.loss_family.replace("_", " ") + " loss" if snapshot.loss_family else ""]
    facts += [f"seed {snapshot.seed}" if snapshot.seed is not None else ""]
    facts += [
        f"no new record for {duration(snapshot.silent_s)}"
        if snapshot.state == "running" and snapshot.silent_s > SILENT_AFTER_S
        else ""
    ]
    # A long path gives way from its left end: how the run stands must stay in sight.
    path = Text(printable(str(snapshot.run_dir)), STYLES["strong"])
    room = max(8, canvas.width - len(snapshot.state) - 2)
    if path.cell_len > room:
        cut = "..." if canvas.ascii_only else "…"
        while path.cell_len > room - len(cut):
            path = path[1:]
        path = Text(cut, STYLES["strong"]).append_text(path)
    line = Text().append_text(path).append("  ")
    line.append(snapshot.state, STYLES[snapshot.state])
    for fact in filter(None, facts):
        line.append(f"  {fact}", STYLES["quiet"])
    return _fit(line, canvas.width)


def _progress(snapshot: Snapshot, canvas: Canvas) -> Text:
    numbers = f"step {steps_text(snapshot)}"
    if snapshot.steps_per_second is not None:
        numbers += f"  {number(snapshot.steps_per_second)} steps/s"
    if snapshot.seconds_left is not None:
        numbers += f"  eta {duration(snapshot.seconds_left)}"
    line = Text()
    bar_width = canvas.width - len(numbers) - 2
    if snapshot.planned_steps and bar_width >= 8:
        done = round(bar_width * min(1.0, snapshot.step / snapshot.planned_steps))
        full, rest = ("#", ".") if canvas.ascii_only or not canvas.colour else ("━", "─")
        line.append(full * done, STYLES["bar"])
        line.append(rest * (bar_width - done), STYLES["quiet"])
        line.append("  ")
    return _fit(line.append(numbers), canvas.width)


def _signals(snapshot: Snapshot, canvas: Canvas) -> list[Text]:
    width = canvas.width - (_preview_columns(snapshot, canvas) + 2 if _has_preview(snapshot, canvas) else 0)
    return [_signal(name, snapshot.curves[name], width, canvas) for name in _LABELS if name in snapshot.curves] or [
        Text(_NOTHING_YET[snapshot.state == "running"], STYLES["quiet"])
    ]


def _games(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    """Return a line for each game with its verdict, and as many of its signals as there is room for."""
    lines: list[Text] = []
    each = room // len(snapshot.games)
    for name, game in snapshot.games.items():
        line = Text(printable(name), STYLES["strong"]).append(f"  step {steps_text(game)}  ", STYLES["quiet"])
        verdict = game.diagnosis.verdict if game.diagnosis is not None else None
        line.append(verdict or "not judged yet", VERDICT_STYLES.get(verdict or "", STYLES["quiet"]))
        block = [_fit(line, canvas.width), *_signals(game, canvas)]
        lines += [*block[: each - 1], Text()] if each > 2 else block[: max(1, each)]
    return lines[:room]


def _signal(name: str, values: np.ndarray, width: int, canvas: Canvas) -> Text:
    share = name.endswith("_accuracy")
    probability = name.endswith("_score") and bool(np.all((values >= 0) & (values <= 1)))
    latest = f"{100 * values[-1]:.0f} %" if share and np.isfinite(values[-1]) else number(values[-1])
    low, high = (0.0, 1.0) if share or probability else (None, None)
    line = Text.assemble((f"{_LABELS[name]:<{_LABEL_WIDTH}}", STYLES["quiet"]))
    bad = not np.isfinite(values[-1])
    line.append(f"{latest:>{_VALUE_WIDTH}}", STYLES["critical" if bad else "strong"])
    curve = spark(values, width - _LABEL_WIDTH - _VALUE_WIDTH - 2, low, high, canvas.ascii_only)
    line.append("  ").append(curve, STYLES["bar"])
    return _fit(line, width)


def _has_preview(snapshot: Snapshot, canvas: Canvas) -> bool:
    there = snapshot.preview is not None or snapshot.columns is not None
    return there and canvas.width >= 70 and canvas.height >= 16


def _preview_columns(snapshot: Snapshot, canvas: Canvas) -> int:
    return WIDE_PREVIEW_COLUMNS if canvas.width >= 110 and canvas.height >= 36 else PREVIEW_COLUMNS


def _side_by_side(signals: list[Text], snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    """Put the checks' lights under the signals and the samples to the right of both."""
    left = [*signals, Text(), *_lights(snapshot, canvas, max(1, room - len(signals) - 1 - FINDINGS_LINES))]
    if not _has_preview(snapshot, canvas):
        return left[:room]
    columns = _preview_columns(snapshot, canvas)
    right = _samples(snapshot, canvas, columns, min(room - 5, columns // 2) - 1)
    start = canvas.width - columns
    block = []
    for number_of_line in range(max(len(left), len(right))):
        line = Text()
        if number_of_line < len(left):
            line.append_text(_fit(left[number_of_line], start - 2))
        line.append(" " * (start - line.cell_len))
        block.append(line.append_text(right[number_of_line]) if number_of_line < len(right) else line)
    return block[:room]


def _samples(snapshot: Snapshot, canvas: Canvas, width: int, rows: int) -> list[Text]:
    """Return the newest samples under their step: images, or columns beside those of the real data."""
    if snapshot.preview is not None:
        step = snapshot.preview.step
        drawn = draw_images(snapshot.preview.images, width, rows, canvas.colour and not canvas.ascii_only)
    else:
        assert snapshot.columns is not None
        step = snapshot.columns.step
        drawn = draw_columns(snapshot.columns, width, rows, canvas.ascii_only)
    return [Text(f"samples, step {step}", STYLES["quiet"]), *drawn.split("\n")]


def _lights(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    """Return one mark for every rule: found (and since which step), clear, or not judged.

    In too few lines clear ones and those not judged are counted, and steps are left out.
    """
    if snapshot.diagnosis is None:
        return [Text("Nothing has been judged yet.", STYLES["quiet"])]
    marks = {"clear": "+", "open": "-"} if canvas.ascii_only else {"clear": "✓", "open": "·"}
    findings = sorted(snapshot.diagnosis.checks, key=lambda f: f.rule.id)
    width = canvas.width - (_preview_columns(snapshot, canvas) + 2 if _has_preview(snapshot, canvas) else 0)
    every: list[Text] = []
    found: list[Text] = []
    named: list[Text] = []
    clear: list[Text] = []
    unjudged: list[Text] = []
    for finding in findings:
        id_ = printable(finding.rule.id)
        if finding.status is Status.DETECTED:
            since = f"@{finding.first_step}" if finding.first_step is not None else ""
            group, light = found, Text(f"! {id_}{since}", STYLES[finding.severity.value])
            named.append(Text(f"! {id_}", STYLES[finding.severity.value]))
        elif finding.status is Status.NOT_DETECTED:
            group, light = clear, Text(f"{marks['clear']} {id_}", STYLES["running"])
        else:
            group, light = unjudged, Text(f"{marks['open']} {id_}", STYLES["quiet"])
        group.append(light)
        every.append(light)
    lines = _in_lines(every, width)
    if len(lines) <= room:
        return lines
    counts = [Text(f"{marks['clear']} {len(clear)} clear", STYLES["running"])]
    counts += [Text(f"{marks['open']} {len(unjudged)} not judged", STYLES["quiet"])]
    lines = _in_lines([*found, *counts], width)
    return lines if len(lines) <= room else _in_lines([*named, *counts], width)


def _in_lines(lights: list[Text], width: int) -> list[Text]:
    """Put lights side by side, in as many lines as they need."""
    lines, line = [], Text()
    for light in lights:
        if line and line.cell_len + light.cell_len + 2 > width:
            lines.append(line)
            line = Text()
        line.append_text(Text("  " if line else "")).append_text(light)
    return [*lines, line]


def _findings(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    if room < 1:
        return []
    diagnosis = snapshot.diagnosis
    lines: list[Text] = []
    groups = diagnosis.groups if diagnosis is not None else ()
    for place, (finding, after) in enumerate(groups):
        assert diagnosis is not None
        line = Text.assemble((f"{finding.severity.value:<9}", STYLES[finding.severity.value]))
        game = f"{finding.game}  " if finding.game is not None else ""
        line.append(printable(f"{game}{finding.rule.id} "))
        of_game = diagnosis.games.get(finding.game or "", diagnosis)
        line.append(printable(headline_of(finding, of_game.run)), STYLES["strong"])
        line.append(f"  {BEFORE_TRAINING}" if is_in_the_model(finding) else "", STYLES["quiet"])
        lines.append(_fit(line, canvas.width, "crop" if canvas.ascii_only else "ellipsis"))
        if place == 0 or room >= 2 * len(groups) + 1:
            advice = suggestion(finding, diagnosis)
            lines += [_fit(Text(printable(f"         try: {advice}")), canvas.width)] if advice else []
        if after:
            names = ", ".join(f"{NAMES.get(f.rule.id, f.rule.title)} ({f.rule.id})" for f in after)
            told = Text(printable(f"         explains: {names}"), STYLES["quiet"])
            lines.append(_fit(told, canvas.width, "crop" if canvas.ascii_only else "ellipsis"))
    if snapshot.in_warm_up:
        text = f"In warm-up until step {snapshot.warm_up_end}: a young generator's symptoms are not judged yet."
        lines.insert(0, _fit(Text(text, STYLES["info"]), canvas.width))
    if diagnosis is not None and diagnosis.headline is None and not snapshot.in_warm_up:
        lines.insert(0, _fit(Text(printable(diagnosis.sentence)), canvas.width))
    if len(lines) > room:
        left_out = sum(not line.plain.startswith("  ") for line in lines[room - 1 :])
        lines = [*lines[: room - 1], Text(f"and {left_out} more", STYLES["quiet"])]
    return lines


def _fit(line: Text, width: int, overflow: OverflowMethod = "crop") -> Text:
    fitted = line.copy()
    if cell_len(fitted.plain) > width:
        fitted.truncate(max(0, width), overflow=overflow)
    return fitted
