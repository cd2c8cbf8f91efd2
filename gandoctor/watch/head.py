"""The head of a watched run: its verdict and name, and how far it is."""

from __future__ import annotations

from rich.text import Text

from gandoctor.diagnosis.as_text import VERDICTS
from gandoctor.loss_families import objective
from gandoctor.message import Message
from gandoctor.printable import printable
from gandoctor.watch.canvas import STYLES, VERDICT_STYLES, Canvas, fit
from gandoctor.watch.lines import duration, number, steps_text
from gandoctor.watch.snapshot import Snapshot
from gandoctor.watch.waiting import doing, spinner

SILENT_AFTER_S = 30.0
STATES = {
    "running": Message("running"),
    "completed": Message("completed"),
    "interrupted": Message("interrupted"),
    "crashed": Message("crashed"),
}
_NARROWEST_BAR = 8


def draw_head(snapshot: Snapshot, canvas: Canvas) -> list[Text]:
    """Return two lines: verdict, run and state; progress, time and rate."""
    return [_title(snapshot, canvas), _progress(snapshot, canvas)]


def verdict_word(snapshot: Snapshot, canvas: Canvas) -> Text:
    """Return the verdict in capitals; before there is one, why not."""
    diagnosis = snapshot.diagnosis
    if diagnosis is None:
        return Text(canvas.said(Message("not judged yet")), STYLES["quiet"])
    is_young = snapshot.state == "running" and snapshot.step < snapshot.warm_up_end
    if is_young and diagnosis.verdict == "inconclusive":
        return Text(canvas.said(Message("warm-up")).upper(), VERDICT_STYLES["inconclusive"])
    return Text(canvas.said(VERDICTS[diagnosis.verdict]).upper(), VERDICT_STYLES[diagnosis.verdict])


def _title(snapshot: Snapshot, canvas: Canvas) -> Text:
    word, state = verdict_word(snapshot, canvas), canvas.said(STATES[snapshot.state])
    family = objective(snapshot.loss_family)  # type: ignore[arg-type]
    facts = [canvas.said(Message("{family} loss", family=family.title)) if family is not None else ""]
    facts += [canvas.said(Message("seed {seed}", seed=snapshot.seed)) if snapshot.seed is not None else ""]
    if snapshot.state == "running" and snapshot.silent_s > SILENT_AFTER_S:
        facts.insert(0, canvas.said(Message("no new record for {time}", time=duration(snapshot.silent_s))))
    # A long path gives way from its left end: how the run stands must stay in sight.
    path = Text(printable(str(snapshot.run_dir)), STYLES["strong"])
    room = max(8, canvas.width - word.cell_len - Text(state).cell_len - 4)
    if path.cell_len > room:
        cut = "..." if canvas.ascii_only else "…"
        while path.cell_len > room - len(cut):
            path = path[1:]
        path = Text(cut, STYLES["strong"]).append_text(path)
    line = Text.assemble(word, "  ", path, "  ", (state, STYLES[snapshot.state]))
    for fact in filter(None, facts):
        line.append(f"  {fact}", STYLES["quiet"])
    return fit(line, canvas.width)


def _progress(snapshot: Snapshot, canvas: Canvas) -> Text:
    parts = [canvas.said(Message("step {step}", step=steps_text(snapshot)))]
    if snapshot.elapsed_s is not None:
        parts.append(duration(snapshot.elapsed_s))
    if snapshot.seconds_left is not None:
        parts.append(canvas.said(Message("eta {time}", time=duration(snapshot.seconds_left))))
    if snapshot.steps_per_second is not None and snapshot.state == "running":
        parts.append(canvas.said(Message("{rate} steps/s", rate=number(snapshot.steps_per_second))))
    what = doing(snapshot)
    if what is not None:
        parts = [parts[0], spinner(what, snapshot.elapsed_s, canvas)]
    line = Text()
    while len(parts) > 2 and _width(parts) > canvas.width:
        parts.pop()
    bar = canvas.width - _width(parts) - 2
    if snapshot.planned_steps and bar >= _NARROWEST_BAR:
        done = round(bar * min(1.0, snapshot.step / snapshot.planned_steps))
        full, rest = ("#", ".") if canvas.ascii_only or not canvas.colour else ("━", "─")
        line.append(full * done).append(rest * (bar - done), STYLES["quiet"]).append("  ")
    return fit(line.append("  ".join(parts)), canvas.width)


def _width(parts: list[str]) -> int:
    return Text("  ".join(parts)).cell_len
