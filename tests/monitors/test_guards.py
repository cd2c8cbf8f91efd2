"""Guards on real tiny GANs: a doomed run is stopped, the best generator is kept, training is otherwise untouched."""

import sys

import numpy as np
import pytest

from gandoctor.errors import GandoctorError
from gandoctor.judgement import DetectedFinding, Judgement, Patience
from gandoctor.store import load_run
from support.rarely import rarely

pytestmark = pytest.mark.training


def judgement(step, *ids, severity="critical"):
    return Judgement(step=step, detected=[DetectedFinding(id=i, name=i, title=i, severity=severity) for i in ids])


def taken(patience, *judgements):
    found = [patience.take(j) for j in judgements]
    return [None if f is None else f.id for f in found]


def test_patience_counts_judgements_in_a_row_of_the_same_finding():
    assert taken(Patience("critical", 1), judgement(5, "A")) == ["A"]
    assert taken(Patience("critical", 2), judgement(5, "A"), judgement(6, "A")) == [None, "A"]
    assert taken(Patience("critical", 2), judgement(5, "A"), judgement(6, "B"), judgement(7, "A")) == [None] * 3
    assert taken(Patience("critical", 2), judgement(5, "A"), judgement(6), judgement(7, "A")) == [None] * 3
    assert taken(Patience("critical", 2), judgement(5, "A"), judgement(6, "B", "A")) == [None, "A"]


def test_a_judgement_of_the_same_steps_does_not_count_again():
    assert taken(Patience("critical", 2), *[judgement(5, "A")] * 5) == [None] * 5


def test_an_unreadable_run_starts_the_count_anew():
    damaged = Judgement(unreadable="run.json is damaged")
    assert taken(Patience("critical", 2), judgement(5, "A"), damaged, judgement(6, "A")) == [None] * 3


def test_less_severe_findings_do_not_count():
    assert taken(Patience("critical", 1), judgement(5, "A", severity="warning")) == [None]
    assert taken(Patience("warning", 1), judgement(5, "A", severity="warning")) == ["A"]


@pytest.fixture
def callbacks():
    """Hands out monitors and guards; TensorFlow is loaded only for the tests that need it."""
    pytest.importorskip("keras")
    import gandoctor.monitors as monitors

    return monitors


def events(run_dir, kind):
    return [event for event in load_run(run_dir).events if event.kind == kind]


def poison(gan):
    """Makes every weight of the generator NaN: a run that will never recover."""
    for variable in gan.generator.trainable_variables:
        variable.assign(np.full(variable.shape, np.nan))


@pytest.mark.parametrize("guard_first", [False, rarely(True)])
def test_a_doomed_fit_is_stopped(callbacks, make_gan, fit, reals, tmp_path, guard_first):
    gan = make_gan()
    poison(gan)
    monitor = callbacks.GANMonitor(tmp_path / "run", probe_data=reals, strict=True)
    guard = callbacks.StopOnFinding(monitor if guard_first else tmp_path / "run", patience=1)
    fit(gan, reals, [guard, monitor] if guard_first else [monitor, guard], steps=10_000_000)
    assert guard.stopped_by.id == "GD001"
    assert gan.stop_training
    (event,) = events(tmp_path / "run", "guard")
    assert event.model_extra["finding"] == "GD001"
    assert event.model_extra["guard"] == "StopOnFinding"
    (ended,) = events(tmp_path / "run", "ended")
    assert ended.model_extra["reason"] == "stopped"
    assert 0 <= event.model_extra["judged_step"] <= event.step <= ended.step


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:gandoctor:UserWarning")  # nothing is trained here, and the monitor says so
def test_a_hand_written_loop_asks_should_stop(callbacks, make_gan, tmp_path):
    gan = make_gan()
    players = {
        "generator": gan.generator,
        "discriminator": gan.discriminator,
        "latent_sampler": lambda n: np.ones((n, 4)),
    }
    with (
        callbacks.GANMonitor(tmp_path / "run", **players) as monitor,
        callbacks.StopOnFinding(monitor, patience=1) as guard,
    ):
        while not guard.should_stop:
            monitor.step(d_loss=float("nan"), g_loss=0.7)
    assert guard.should_stop is False, "closed: nothing is judged any more"
    assert guard.stopped_by.id == "GD001"
    assert len(events(tmp_path / "run", "guard")) == 1


def test_a_dead_judge_stops_nothing_and_says_so(callbacks, make_gan, fit, reals, tmp_path, monkeypatch):
    import keras

    gan = make_gan()
    poison(gan)
    monkeypatch.setattr("gandoctor.monitors.guards.stop_on_finding.JUDGE", (sys.executable, "-c", "pass"))
    guard = callbacks.StopOnFinding(tmp_path / "run", patience=1)
    monitor = callbacks.GANMonitor(tmp_path / "run", probe_data=reals, strict=True)

    class WaitForTheJudge(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            guard._judge._reader.join()

    with pytest.warns(callbacks.MonitorWarning, match="StopOnFinding stops nothing"):
        fit(gan, reals, [monitor, guard, WaitForTheJudge()], steps=5)
    assert load_run(tmp_path / "run").last_step == 5
    (event,) = events(tmp_path / "run", "monitor_warning")
    assert event.model_extra["monitor"] == "StopOnFinding"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [({"severity": "fatal"}, "info, warning, critical"), ({"patience": 0}, "at least 1")],
)
def test_stop_on_finding_refuses_what_it_does_not_know(callbacks, tmp_path, arguments, match):
    with pytest.raises(GandoctorError, match=match):
        callbacks.StopOnFinding(tmp_path, **arguments)


# BestGenerator. ------------------------------------------------------------------------------------------------


def weights_of(generator):
    return [v.numpy() for v in generator.variables]


@pytest.mark.parametrize("guard_first", [False, rarely(True)])
def test_the_best_generator_is_the_one_of_the_best_probe(callbacks, make_gan, fit, reals, tmp_path, guard_first):
    import keras

    gan = make_gan()
    monitor = callbacks.GANMonitor(tmp_path / "run", probe_data=reals, strict=True)
    guard = callbacks.BestGenerator(tmp_path / "run", start_from_probe=2)
    kept = {}

    class Snapshots(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            kept[batch + 1] = weights_of(gan.generator)

    fit(gan, reals, [*([guard, monitor] if guard_first else [monitor, guard]), Snapshots()], steps=120)
    kid = load_run(tmp_path / "run")["sample_kid"]
    judged = kid[kid.index > 0].iloc[1:]
    assert len(judged) > 5
    assert guard.best_step == judged.idxmin()
    assert guard.best == judged.min()
    gan.generator.load_weights(tmp_path / "run" / "best_generator.weights.h5")
    for restored, then in zip(weights_of(gan.generator), kept[guard.best_step], strict=True):
        np.testing.assert_array_equal(restored, then)
    last = events(tmp_path / "run", "checkpoint")[-1]
    assert (last.step, last.model_extra["value"], last.model_extra["metric"]) == (
        guard.best_step,
        guard.best,
        "sample_kid",
    )
    assert not list((tmp_path / "run").glob(".best_generator*"))


@pytest.mark.slow
def test_training_is_bit_identical_with_a_best_generator(callbacks, make_gan, fit, reals, tmp_path):
    plain = make_gan()
    fit(plain, reals, [], steps=60)
    guarded = make_gan()
    monitor = callbacks.GANMonitor(tmp_path / "run", probe_data=reals, strict=True)
    fit(guarded, reals, [monitor, callbacks.BestGenerator(monitor, start_from_probe=1)], steps=60)
    assert events(tmp_path / "run", "checkpoint")
    pairs = zip(
        [*plain.variables, *plain.g_optimizer.variables],
        [*guarded.variables, *guarded.g_optimizer.variables],
        strict=True,
    )
    for one, other in pairs:
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.fixture
def joined(callbacks, make_gan, reals, tmp_path):
    """A recording whose probe values a test makes up: (monitor, guard, session)."""
    gan = make_gan()
    monitor = callbacks.GANMonitor(
        tmp_path / "run", generator=gan.generator, discriminator=gan.discriminator, probe_data=reals, strict=True,
        g_optimizer=gan.g_optimizer, d_optimizer=gan.d_optimizer,
        latent_sampler=lambda n: np.ones((n, 4), np.float32),
    )  # fmt: skip
    with monitor, callbacks.BestGenerator(monitor, start_from_probe=2) as guard:
        yield monitor, guard
        monitor.close()


def test_early_probes_ties_and_nan_are_never_best(joined):
    _, guard = joined
    for step, value in [(1, 0.0), (2, 0.5), (3, float("nan")), (4, 0.4), (5, 0.4), (6, -float("inf"))]:
        guard.take(guard.session, step, {"sample_kid": value})
    assert (guard.best, guard.best_step) == (0.4, 4)


def test_a_resumed_run_knows_its_best(callbacks, joined, reals, tmp_path):
    monitor, guard = joined
    generator = guard.session.players.generator
    for step, value in [(1, 0.9), (2, 0.3), (3, 0.6)]:
        guard.take(guard.session, step, {"sample_kid": value})
    best = weights_of(generator)
    monitor.close()
    monitor.__exit__(None, None, None)
    for variable in generator.trainable_variables:
        variable.assign(variable * 2)
    again = callbacks.GANMonitor(
        tmp_path / "run", generator=generator, discriminator=guard.session.players.discriminator, probe_data=reals,
        g_optimizer=guard.session.players.g_optimizer, d_optimizer=guard.session.players.d_optimizer,
        latent_sampler=lambda n: np.ones((n, 4), np.float32), resume=True, strict=True,
    )  # fmt: skip
    with again, callbacks.BestGenerator(again, start_from_probe=1) as resumed:
        assert (resumed.best, resumed.best_step) == (0.3, 2)
        resumed.take(resumed.session, 4, {"sample_kid": 0.5})
        assert (resumed.best, resumed.best_step) == (0.3, 2)
        generator.load_weights(resumed.path)
        for restored, then in zip(weights_of(generator), best, strict=True):
            np.testing.assert_array_equal(restored, then)
        resumed.take(resumed.session, 5, {"sample_kid": 0.1})
        assert (resumed.best, resumed.best_step) == (0.1, 5)
        again.close()


@pytest.mark.slow
def test_a_metric_that_is_not_recorded_is_said_once(callbacks, make_gan, fit, reals, tmp_path):
    monitor = callbacks.GANMonitor(tmp_path / "run")
    guard = callbacks.BestGenerator(monitor)
    with pytest.warns(callbacks.MonitorWarning, match="sample_kid is not recorded") as told:
        fit(make_gan(), reals, [monitor, guard], steps=60)
    assert len([w for w in told if "BestGenerator" in str(w.message)]) == 1
    assert not guard.path.exists()
    assert guard.best is None


def test_without_a_monitor_it_says_so_and_training_goes_on(callbacks, make_gan, fit, reals, tmp_path):
    with pytest.warns(callbacks.MonitorWarning, match="no monitor records"):
        fit(make_gan(), reals, [callbacks.BestGenerator(tmp_path / "run")], steps=2)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"metric": "fid"}, "sample_kid"),
        ({"metric": "d_loss"}, "not recorded at probes"),
        ({"metric": "sample_std"}, "pass mode"),
        ({"path": "weights.pkl"}, r"\.weights\.h5"),
    ],
)
def test_best_generator_refuses_what_it_does_not_know(callbacks, tmp_path, arguments, match):
    with pytest.raises(GandoctorError, match=match):
        callbacks.BestGenerator(tmp_path, **arguments)
