"""Following a run directory, with a clock that only moves when told to."""

import shutil
import threading

import numpy as np
import pytest

from gandoctor.errors import GandoctorError
from gandoctor.recording.probe.images import data_card
from gandoctor.store import Manifest, RunWriter
from gandoctor.watch import judging as module
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.follow import BUSY_SHARE, LOOK_AT_LEAST_EVERY_S, LOOK_EVERY_S, Follower, follow
from gandoctor.watch.frame import draw_frame
from gandoctor.watch.judging import JUDGE_EVERY_S


class Clock:
    def __init__(self):
        self.now = 1e9

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("gandoctor.store.writer.time.time", clock)
    return clock


@pytest.fixture
def writer(tmp_path, clock):
    writer = RunWriter(tmp_path / "run", Manifest(planned_steps=100, loss_family="non_saturating", seed=3))
    yield writer
    if writer.path.exists():
        writer.close("completed")


def train(writer, clock, steps, seconds_per_step=0.5, **values):
    for _ in range(steps):
        clock.now += seconds_per_step
        writer.record(writer.last_step + 1, values or {"d_loss": 0.6, "g_loss": 0.7})
    writer.flush()


def test_nothing_recorded_yet(tmp_path, clock):
    assert Follower(tmp_path, clock).look() is None


def test_rate_and_time_left_come_from_the_records(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 20)
    shot = follower.look()
    assert (shot.step, shot.planned_steps, shot.seed, shot.state) == (20, 100, 3, "running")
    assert shot.steps_per_second == pytest.approx(2.0)
    assert shot.seconds_left == pytest.approx(40.0)
    train(writer, clock, 40, seconds_per_step=1.0)
    assert follower.look().steps_per_second == pytest.approx(1.0), "only the last 30 seconds count"


def test_a_rate_is_told_after_five_steps_and_leaves_out_those_that_trace(writer, clock):
    train(writer, clock, 2, seconds_per_step=60.0)
    train(writer, clock, 2)
    follower = Follower(writer.path, clock)
    shot = follower.look()
    assert (shot.steps_per_second, shot.seconds_left) == (None, None)
    train(writer, clock, 1)
    assert follower.look().steps_per_second == pytest.approx(2.0)


def test_elapsed_time_counts_from_the_beginning_and_stops_with_the_run(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 10)
    clock.now += 7
    assert follower.look().elapsed_s == pytest.approx(12)
    writer.close("completed")
    clock.now += 1000
    assert follower.look().elapsed_s == pytest.approx(5)


def test_a_signal_in_which_something_was_found_is_among_the_curves(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 30, d_loss=0.6, g_loss=0.7, d_update_in_g_step=0.1)
    assert "d_update_in_g_step" not in follower.look().curves
    shot = follower.look()
    assert [f.id for f in shot.diagnosis.detected] == ["GD004"]
    assert shot.steps["d_update_in_g_step"].tolist() == list(range(1, 31))


def test_losses_and_scores_have_their_equilibrium_as_target(writer, clock):
    train(writer, clock, 1)
    shot = Follower(writer.path, clock).look(last=True)
    assert shot.targets["d_loss"] == shot.targets["g_loss"] == pytest.approx(np.log(2))
    assert shot.targets["d_fake_score"] == 0.5


def test_the_run_says_whether_its_framework_traces(tmp_path, clock):
    for name, version in (("keras", True), ("torch", False)):
        writer = RunWriter(tmp_path / name, Manifest(versions={name: "1"}))
        assert Follower(writer.path, clock).look().traces is version
        writer.close("completed")


def test_silence_is_measured_while_running_only(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 2)
    clock.now += 45
    assert follower.look().silent_s == pytest.approx(45)
    writer.close("completed")
    assert follower.look().silent_s == 0


def test_only_new_rows_change_the_curves(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 3, d_loss=0.5)
    before = follower.look().curves
    assert follower.look().curves is before
    train(writer, clock, 1, d_loss=float("nan"))
    after = follower.look().curves
    np.testing.assert_array_equal(after["d_loss"], [0.5, 0.5, 0.5, np.nan])
    assert set(after) == {"d_loss"}


def test_a_look_reads_what_is_new_and_nothing_else(writer, clock):
    """Two watchers of one run: bytes of the old batches are overwritten, so that reading them again would show."""
    train(writer, clock, 50)
    watchers = [Follower(writer.path, clock), Follower(writer.path, clock)]
    for follower in watchers:
        assert len(follower.look().curves["d_loss"]) == 50
    (segment,) = writer.path.glob("signals/*.arrows")
    with segment.open("r+b") as file:
        file.write(b"x" * segment.stat().st_size)
    train(writer, clock, 2)
    for follower in watchers:
        assert len(follower.look().curves["d_loss"]) == 52


def test_judging_waits_for_news_and_for_its_turn(writer, clock, monkeypatch):
    calls = []
    real = module.diagnose
    monkeypatch.setattr(module, "diagnose", lambda run: calls.append(clock.now) or real(run))
    follower = Follower(writer.path, clock)
    train(writer, clock, 1)
    assert follower.look().diagnosis is None
    assert len(calls) == 0, "shown before it is judged"
    follower.look()
    assert len(calls) == 1
    clock.now += JUDGE_EVERY_S - 0.6
    train(writer, clock, 1)
    follower.look()
    assert len(calls) == 1, "too early"
    clock.now += 1
    follower.look()
    assert len(calls) == 2
    clock.now += 100
    follower.look()
    assert len(calls) == 2, "nothing new"


def test_expensive_judging_becomes_rare(writer, clock, monkeypatch):
    calls = []

    real = module.diagnose

    def slow(run):
        calls.append(clock.now)
        clock.now += 2.0
        return real(run)

    monkeypatch.setattr(module, "diagnose", slow)
    follower = Follower(writer.path, clock, cpu=clock)
    train(writer, clock, 1)
    follower.look()
    for _ in range(100):
        train(writer, clock, 1, seconds_per_step=1.0)
        follower.look()
    assert 2 <= len(calls) <= 1 + 300 / (2.0 / BUSY_SHARE)


@pytest.fixture
def at_leisure(monkeypatch):
    """Judging waits until it is let go on."""
    go_on = threading.Event()
    real = module.diagnose

    def patient(run):
        assert go_on.wait(60)
        return real(run)

    monkeypatch.setattr(module, "diagnose", patient)
    return go_on


def judged_in_background(follower):
    """Look until the thread has judged."""
    while follower._judging._work is not None:
        follower._judging._work.join(60)
        shot = follower.look()
    return shot


def test_a_screen_goes_on_while_a_thread_judges(writer, clock, at_leisure):
    follower = Follower(writer.path, clock, in_background=True)
    train(writer, clock, 1, d_loss=float("nan"), g_loss=1.0)
    assert follower.look().diagnosis is None
    assert follower.look().diagnosis is None
    train(writer, clock, 9, d_loss=float("nan"), g_loss=1.0)
    assert (follower.look().step, follower.look().diagnosis) == (10, None)
    at_leisure.set()
    shot = judged_in_background(follower)
    assert [f.id for f in shot.diagnosis.detected] == ["GD001"]
    assert shot.diagnosis.run.last_step == 1, "what it was given, and not what came since"
    clock.now += 1000
    follower.look()
    assert judged_in_background(follower).diagnosis.run.last_step == 10, "the news of meanwhile"


def test_the_end_does_not_wait_for_a_thread(writer, clock, at_leisure):
    follower = Follower(writer.path, clock, in_background=True)
    train(writer, clock, 1)
    follower.look()
    follower.look()
    at_leisure.set()
    train(writer, clock, 1)
    writer.close("completed")
    assert follower.look().diagnosis.run.last_step == 2


def test_a_thread_that_has_judged_another_run_is_not_listened_to(writer, clock, tmp_path, at_leisure):
    other = RunWriter(tmp_path / "other", Manifest())
    train(writer, clock, 1)
    train(other, clock, 1)
    follower = Follower(writer.path, clock, in_background=True)
    follower.look()
    follower.look()
    work = follower._judging._work
    follower.turn_to(other.path)
    at_leisure.set()
    work.join(60)
    assert follower.look().diagnosis is None
    other.close("completed")


def test_what_a_thread_cannot_judge_is_raised_where_it_is_looked_at(writer, clock, monkeypatch):
    def refuse(_run):
        raise GandoctorError("Gone.")

    monkeypatch.setattr(module, "diagnose", refuse)
    follower = Follower(writer.path, clock, in_background=True)
    train(writer, clock, 1)
    follower.look()
    follower.look()
    follower._judging._work.join(60)
    with pytest.raises(GandoctorError, match="Gone"):
        follower.look()


def test_the_second_judgement_does_not_wait_for_what_the_first_one_loaded(writer, clock, monkeypatch):
    calls = []
    real = module.diagnose

    def slow_at_first(run):
        calls.append(run.last_step)
        clock.now += 0.1 if len(calls) > 1 else 6.0
        return real(run)

    monkeypatch.setattr(module, "diagnose", slow_at_first)
    follower = Follower(writer.path, clock, cpu=clock)
    for _ in range(60):
        train(writer, clock, 1, seconds_per_step=1.0)
        follower.look()
    assert calls[0] == 2
    assert calls[1] - calls[0] < 10


def test_without_judging_only_the_last_look_diagnoses(writer, clock):
    follower = Follower(writer.path, clock, judging=False)
    train(writer, clock, 1)
    assert follower.look().diagnosis is None
    assert follower.look(last=True).diagnosis is not None


def test_the_end_is_judged_whatever_the_clock_says(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 1)
    follower.look()
    assert follower.look().diagnosis.run.last_step == 1
    train(writer, clock, 1, seconds_per_step=0.0, d_loss=float("nan"), g_loss=1.0)
    writer.close("completed")
    assert [f.rule.id for f in follower.look().diagnosis.detected] == ["GD001"]


def test_the_newest_readable_samples_are_shown(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 1)
    assert follower.look().preview is None
    writer.samples(10, np.full((4, 8, 8, 1), 7, np.uint8))
    assert follower.look().preview.step == 10
    writer.samples(20, np.zeros((4, 8, 8, 1), np.uint8))
    (writer.path / "samples" / "000020.npz").write_bytes(b"torn")
    assert follower.look().preview.step == 10
    writer.samples(30, np.full((4, 8, 8, 1), 9, np.uint8))
    shot = follower.look()
    assert (shot.preview.step, int(shot.preview.images.max())) == (30, 9)
    assert shot.preview.reals is None


def test_real_images_stand_beside_the_samples(writer, clock):
    writer.reals(np.full((4, 8, 8, 1), 5, np.uint8))
    writer.samples(10, np.full((4, 8, 8, 1), 7, np.uint8))
    train(writer, clock, 1)
    assert int(Follower(writer.path, clock).look().preview.reals.max()) == 5


def test_samples_that_are_no_images_are_shown_beside_the_real_data(writer, clock):
    reals = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], np.float32)
    writer.manifest.data = data_card(reals, None, reals)
    writer.write_manifest()
    writer.real_values(reals)
    follower = Follower(writer.path, clock)
    train(writer, clock, 1)
    assert follower.look().columns is None
    writer.sample_values(10, np.zeros((4, 2), np.float32))
    train(writer, clock, 1)
    shot = follower.look()
    assert (shot.preview, shot.columns.step) == (None, 10)
    assert "    fake  0 +- 0" in draw_frame(shot, None, Canvas(90, 30)).plain


def test_a_vanished_directory_is_one_clear_error(writer, clock):
    follower = Follower(writer.path, clock)
    train(writer, clock, 1)
    follower.look()
    writer.close("completed")
    shutil.rmtree(writer.path)
    with pytest.raises(GandoctorError, match="not a run directory"):
        follower.look()


class Seen(list):
    def show(self, snapshot, notice):
        self.append((snapshot and snapshot.step, notice))


def test_following_ends_with_the_writer_and_misses_nothing(writer, clock):
    seen, waits, over = Seen(), [], []

    def wait(seconds):
        waits.append(seconds)
        train(writer, clock, 1)
        if len(waits) == 3:
            writer.close("completed")
            over.append(True)
        return False

    last = follow(
        Follower(writer.path, clock), seen, wait=wait, cpu=clock, ended=lambda _: bool(over), notice=lambda: "n"
    )
    assert seen == [(0, "n"), (1, "n"), (2, "n"), (3, "n")]
    assert (last.step, last.state) == (3, "completed")
    assert set(waits) == {LOOK_EVERY_S}


def test_the_reader_may_leave(writer, clock):
    seen = Seen()
    follow(Follower(writer.path, clock), seen, wait=lambda _: True, cpu=clock, ended=lambda _: False)
    assert len(seen) == 1


@pytest.mark.parametrize(("cost", "pause"), [(0.001, LOOK_EVERY_S), (0.05, 1.0), (30.0, LOOK_AT_LEAST_EVERY_S)])
def test_slow_looking_waits_longer_but_not_for_ever(writer, clock, cost, pause):
    waits = []

    class Slow(Seen):
        def show(self, snapshot, notice):
            clock.now += cost

    follow(
        Follower(writer.path, clock),
        Slow(),
        wait=lambda seconds: waits.append(seconds) or True,
        cpu=clock,
        ended=lambda _: False,
    )
    assert waits == [pytest.approx(pause, abs=1e-6)]


def test_every_snapshot_reaches_the_judge(writer, clock):
    looked = []
    follow(
        Follower(writer.path, clock),
        Seen(),
        wait=lambda _: len(looked) == 2,
        cpu=clock,
        ended=lambda _: False,
        on_look=looked.append,
    )
    assert len(looked) == 2


def test_a_directory_that_is_deleted_and_begun_anew_shows_the_new_run_only(writer, clock):
    train(writer, clock, 50, d_loss=0.5, g_loss=0.5)
    writer.samples(50, np.zeros((16, 8, 8, 1), np.uint8))
    writer.close("completed")
    follower = Follower(writer.path, clock)
    assert follower.look(last=True).preview.step == 50
    shutil.rmtree(writer.path)
    again = RunWriter(writer.path, Manifest(planned_steps=7))
    train(again, clock, 2, d_loss=77.0)
    shot = follower.look()
    assert (shot.step, shot.planned_steps, shot.state) == (2, 7, "running")
    assert shot.curves["d_loss"].tolist() == [77.0, 77.0]
    assert "g_loss" not in shot.curves
    assert shot.preview is None
    assert shot.lost == ()
    again.close("completed")
    assert follower.look(last=True).diagnosis.run.last_step == 2
