"""The duality gap of runs: at which look it was measured, and why it was not."""

from __future__ import annotations

import math

from gandoctor.comparison.gaps import at_looks, gaps_of, plain_gaps, why_no_gap
from gandoctor.message import Absence, Absent, Message
from gandoctor.store import Run


def test_it_is_read_where_it_was_measured() -> None:
    run = Run.from_signals({"d_loss": {1: 0.5, 600: 0.5}, "duality_gap": {500: 0.25, 600: math.nan}})
    assert gaps_of(run)[500] == 0.25
    assert math.isnan(gaps_of(run)[600])
    assert plain_gaps(run) == {"500": 0.25, "600": "nan"}
    assert gaps_of(Run.from_signals({"d_loss": {1: 0.5}})) == {}
    assert why_no_gap(run) is None


def test_a_look_has_the_first_gap_after_it_and_before_the_next() -> None:
    gaps = {504: 1.0, 1008: 2.0, 1500: 3.0}
    assert at_looks(gaps, (1000, 500)) == {500: 1.0, 1000: 2.0}
    assert at_looks(gaps, (100, 500)) == {500: 1.0}
    assert at_looks({}, (500,)) == {}


def test_why_there_is_none_is_told_where_somebody_asked() -> None:
    run = Run.from_signals({"d_loss": {1: 0.5}})
    why = Message("no real data are known")
    run.manifest.missing["duality_gap"] = Absence(Absent.CANNOT_RUN, why)
    assert why_no_gap(run) == why
    run.manifest.missing["duality_gap"] = Absence(Absent.NOT_APPLICABLE, why)
    assert why_no_gap(run) is None, "nobody did"
    run.manifest.game = "a"
    assert why_no_gap(run) == why, "one of several games"
