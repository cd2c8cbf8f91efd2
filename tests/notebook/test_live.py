"""The live view of a cell: when it draws, what it shows, and that its failures stay with it."""

import base64
import gc
import io

import numpy as np
import pytest
from PIL import Image

from gandoctor.notebook.live import SHOW_EVERY_S, LiveRun
from gandoctor.recording.warning import MonitorWarning
from gandoctor.store import Manifest, RunWriter


class FakeSession:
    """What the view reads of a session."""

    first_step = 0
    is_closing = False

    def __init__(self, path):
        self.writer = RunWriter(path, Manifest(planned_steps=100))
        self.step = 0

    def take(self, step, **values):
        self.step = step
        self.writer.record(step, values)

    def write_out(self):
        if self.writer.is_open:
            self.writer.flush()


class Cells:
    """Takes the place of IPython's display."""

    def __init__(self):
        self.outputs = []

    def display(self, bundle, raw, display_id):
        assert raw
        assert display_id
        self.outputs.append([bundle])
        return self

    def update(self, bundle, raw):
        self.outputs[-1].append(bundle)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def session(tmp_path):
    session = FakeSession(tmp_path / "gandoctor-runs" / "run-1")
    yield session
    if session.writer.is_open:
        session.writer.close("completed")


def live(session, display, clock=None, cpu=lambda: 0.0):
    return LiveRun(session, display, clock or Clock(), cpu)


def test_the_first_two_steps_are_drawn_then_one_every_two_seconds(session):
    cells, clock = Cells(), Clock()
    view = live(session, cells.display, clock)
    drawn = []
    for step in range(1, 9):
        clock.now += SHOW_EVERY_S / 4
        session.take(step, d_loss=0.5)
        view.step_ended()
        drawn.append(len(cells.outputs[0]))
    assert drawn == [1, 2, 2, 2, 2, 3, 3, 3]


def test_a_costly_view_is_drawn_less_often(session):
    cells, clock, cpu = Cells(), Clock(), Clock()

    def costly():
        cpu.now += 1.0  # each reading is a second after the one before
        return cpu.now

    view = live(session, cells.display, clock, costly)
    session.take(2, d_loss=0.5)
    view.step_ended()
    clock.now += 2 * SHOW_EVERY_S
    session.take(3, d_loss=0.5)
    view.step_ended()
    assert len(cells.outputs[0]) == 1
    clock.now += 1000
    view.step_ended()
    assert len(cells.outputs[0]) == 2


def test_it_shows_the_losses_the_finding_and_one_picture(session):
    cells = Cells()
    view = live(session, cells.display)
    session.writer.samples(1, np.zeros((16, 8, 8, 1), np.uint8))
    session.take(1, d_loss=0.5, g_loss=float("nan"))
    session.take(2, d_loss=0.5, g_loss=float("nan"))
    view.step_ended()
    shown = cells.outputs[0][-1]
    assert set(shown) == {"text/html", "text/plain"}
    first, progress, *rest = shown["text/plain"].splitlines()
    assert first == "gandoctor-runs/run-1: running"
    assert progress.startswith("step 2/100  d_loss 0.500  g_loss nan")
    assert any(line.startswith("critical: GD001") for line in rest)
    assert "GD001" in shown["text/html"]
    assert shown["text/html"].count("<img") == 1
    data = shown["text/html"].partition("base64,")[2].partition('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(data))).format == "PNG"
    assert "<script" not in shown["text/html"]


def test_the_end_is_drawn_at_once_and_once(session):
    cells = Cells()
    view = live(session, cells.display)
    for step in (1, 2, 3):
        session.take(step, d_loss=0.5)
        view.step_ended()
    session.writer.close("completed")
    session.is_closing = True
    view.step_ended()
    count = len(cells.outputs[0])
    assert cells.outputs[0][-1]["text/plain"].startswith("gandoctor-runs/run-1: completed\nstep 3/100")
    view.cell_ended()
    assert len(cells.outputs[0]) == count


def test_the_next_cell_has_an_output_of_its_own_and_the_last_shows_its_last_step(session):
    cells = Cells()
    view = live(session, cells.display)
    for step in (1, 2, 3):
        session.take(step, d_loss=0.5)
        view.step_ended()
    view.cell_ended()
    assert "step 3/100" in cells.outputs[0][-1]["text/plain"]
    view.cell_ended()  # a cell that trains nothing
    session.is_closing = True
    view.step_ended()
    assert len(cells.outputs) == 2


def test_a_cell_that_trains_a_few_steps_shows_them_at_its_end(session):
    cells = Cells()
    view = live(session, cells.display)
    for step in (1, 2, 3, 4):
        session.take(step, d_loss=0.5)
        view.step_ended()
        if step == 3:
            view.cell_ended()
    view.cell_ended()
    assert len(cells.outputs) == 2, "the clock has not moved: no view was due before the end"
    assert "step 4/100" in cells.outputs[1][-1]["text/plain"]


def test_a_failure_turns_the_view_off_with_one_warning(session):
    def failing(*_args, **_options):
        raise OSError("the front end is gone")

    view = live(session, failing)
    session.take(1, d_loss=0.5)
    with pytest.warns(MonitorWarning, match="the front end is gone") as caught:
        view.step_ended()
    assert len(caught) == 1
    session.take(2, d_loss=0.5)
    view.step_ended()
    view.cell_ended()


def test_what_is_stopped_shows_nothing_more(session):
    cells = Cells()
    view = live(session, cells.display)
    session.take(1, d_loss=0.5)
    view.stop()
    session.is_closing = True
    view.step_ended()
    view.cell_ended()
    assert cells.outputs == []


@pytest.mark.slow
def test_the_view_does_not_keep_a_recording_alive(session, tmp_path):
    own = FakeSession(tmp_path / "other")
    view = live(own, Cells().display)
    own.writer.close("completed")
    del own
    gc.collect()
    assert view.session() is None
    view.step_ended()
    view.cell_ended()
