"""What a change did: by the findings and by the quality of the samples."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor import diagnose
from gandoctor.comparison.outcome import compared
from gandoctor.diagnosis import Diagnosis
from gandoctor.store import Run
from support.recorded_runs import every_step, healthy, probes

MakeRun = Callable[..., Run]
MOVING = {f"{p}_{what}": probes(0.05) for p in "dg" for what in (f"update_in_{p}_step", "movement")}
STANDS_STILL = {"g_update_in_g_step": probes(0.0), "g_movement": probes(0.0)}
NAN = {"d_loss": every_step(float("nan"))}


@pytest.fixture
def judged(make_run: MakeRun) -> Callable[..., Diagnosis]:
    seen = healthy() | MOVING | {"d_auc": probes(0.8)}
    return lambda *more: diagnose(make_run({k: v for signals in (seen, *more) for k, v in signals.items()}))


def ids(diagnosis: Diagnosis) -> set[str]:
    return {f.rule.id for f in diagnosis.detected if f.severity.value != "info"}


def test_cured_where_nothing_is_left(judged: Callable[..., Diagnosis]) -> None:
    before, after = judged(STANDS_STILL), judged()
    assert ids(before) == {"GD003"}
    found = compared(before, after, ["GD003"])
    assert (found.outcome, found.gone, found.new) == ("cured", ("GD003",), ())


def test_improved_where_something_is_left(judged: Callable[..., Diagnosis]) -> None:
    both = judged(STANDS_STILL, {"d_update_in_d_step": probes(0.0), "d_movement": probes(0.0)})
    left = judged({"d_update_in_d_step": probes(0.0), "d_movement": probes(0.0)})
    assert "GD003" in ids(both) - ids(left)
    assert ids(left)
    assert compared(both, left, ["GD003"]).outcome == "improved"


def test_worse_where_something_as_severe_is_new(judged: Callable[..., Diagnosis]) -> None:
    found = compared(judged(STANDS_STILL), judged(STANDS_STILL, NAN), ["GD003"])
    assert (found.outcome, found.new) == ("worse", ("GD001",))


def test_no_change_where_it_is_as_it_was(judged: Callable[..., Diagnosis]) -> None:
    assert compared(judged(STANDS_STILL), judged(STANDS_STILL), ["GD003"]).outcome == "no change"


@pytest.mark.parametrize(
    ("after", "outcome"), [(0.2, "improved"), (0.31, "no change"), (0.44, "no change"), (0.8, "worse")]
)
def test_quality_counts_beyond_what_seeds_differ_by(
    judged: Callable[..., Diagnosis], after: float, outcome: str
) -> None:
    def of(level: float) -> Diagnosis:
        return judged(STANDS_STILL, {"sample_kid": probes(level), "sample_class_kid": probes(level)})

    found = compared(of(0.4), of(after), ["GD003"])
    assert (found.outcome, found.signal) == (outcome, "sample_class_kid")
    assert found.ratio == pytest.approx(after / 0.4)


def test_what_is_new_and_less_severe_does_not_hide_better_samples(judged: Callable[..., Diagnosis]) -> None:
    """The change was to answer another finding, which stands."""
    fallen = {"d_learning_rate": probes(lambda step: 2e-4 if step < 100 else 1e-8)}
    before = judged(STANDS_STILL, NAN, {"sample_kid": probes(0.4), "sample_class_kid": probes(0.4)})
    after = judged(STANDS_STILL, fallen, {"sample_kid": probes(0.1), "sample_class_kid": probes(0.1)})
    found = compared(before, after, ["GD003"])
    assert (found.outcome, found.gone, found.new) == ("improved", ("GD001",), ("GD117",))


def test_an_unseen_training_is_not_called_cured(make_run: MakeRun) -> None:
    few = diagnose(make_run({"d_loss": every_step(0.6), "g_loss": every_step(1.4)}))
    assert few.verdict == "inconclusive"
    before = diagnose(make_run({**healthy(), **STANDS_STILL}))
    assert compared(before, few, ["GD003"]).outcome == "improved"
