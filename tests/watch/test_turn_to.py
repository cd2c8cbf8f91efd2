"""Following a script that trains one GAN after another."""

from gandoctor.store import Manifest, RunWriter
from gandoctor.watch.follow import Follower
from gandoctor.watch.lines import LinesView


def record(run_dir, steps, loss):
    writer = RunWriter(run_dir, Manifest(planned_steps=steps, loss_family="non_saturating"))
    for step in range(1, steps + 1):
        writer.record(step, {"d_loss": loss, "g_loss": 0.7})
    writer.close("completed")


def test_the_next_run_is_followed_from_its_beginning(tmp_path):
    record(tmp_path / "a", 30, float("nan"))
    record(tmp_path / "b", 20, float("nan"))
    lines = []
    view = LinesView(lines.append, lambda: 0.0)
    follower = Follower(tmp_path / "a", lambda: 0.0)
    view.show(follower.look(), None)
    follower.turn_to(tmp_path / "a")
    view.show(follower.look(), None)
    first, lines[:] = list(lines), []
    follower.turn_to(tmp_path / "b")
    snapshot = follower.look()
    view.show(snapshot, None)
    assert (snapshot.run_dir, snapshot.step, len(snapshot.curves["d_loss"])) == (tmp_path / "b", 20, 20)
    assert snapshot.diagnosis.run.path == tmp_path / "b"
    assert sum("GD001" in line for line in first) == 1
    assert lines[0] == f"Now recording to {tmp_path / 'b'}"
    assert sum("GD001" in line for line in lines) == 1, "found in this run too"
    assert any(line.startswith("step 20/20") for line in lines)


def test_a_run_that_has_not_begun_is_waited_for(tmp_path):
    record(tmp_path / "a", 5, 0.5)
    follower = Follower(tmp_path / "a", lambda: 0.0)
    assert follower.look().step == 5
    follower.turn_to(tmp_path / "b")
    assert follower.look() is None
    record(tmp_path / "b", 3, 0.5)
    assert follower.look().step == 3
