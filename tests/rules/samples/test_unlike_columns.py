"""GD411, on tables and series that are written to a run directory as a monitor writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gandoctor.measures.columns import Columns
from gandoctor.recording.probe.images import data_card
from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.rules.samples.unlike_columns import LIMITS
from gandoctor.store import Manifest, RunWriter, load_run

RULE = find_rule("GD411")
RNG = np.random.default_rng(0)
TABLE = RNG.normal((0.0, 50.0, -3.0), (1.0, 10.0, 0.1), (600, 3)).astype(np.float32)
TIME = np.arange(32)[None, :, None]
SERIES = np.sin(TIME / 2 + RNG.uniform(0, 6, (600, 1, 2))).astype(np.float32)


def judged(path: Path, reals: np.ndarray, fakes: np.ndarray, *, young: int = 0, without: str = "") -> Finding:
    """Judge a run of 1000 steps, probed every 20, whose samples are these but for the real ones of a young generator.

    Args:
        young: Step until which the samples are those of the data, shuffled.
        without: A signal that is left out.
    """
    reals, fakes = reals.astype(np.float32), fakes.astype(np.float32)
    writer = RunWriter(path, Manifest(data=data_card(reals[:300], None, reals[:300]), planned_steps=1000))
    writer.real_values(reals[:300])
    columns = Columns(reals[:300])
    for step in range(20, 1001, 20):
        values = columns.statistics(reals[300:428] if step <= young else fakes)
        writer.record(step, {name: value for name, value in values.items() if name != without})
    writer.sample_values(1000, fakes)
    writer.close("completed")
    return RULE.evaluate(load_run(path))


def test_a_column_that_hardly_varies_is_named(tmp_path: Path) -> None:
    finding = judged(tmp_path / "run", TABLE, (TABLE[428:556] - (0, 50, 0)) * (1, 0.05, 1) + (0, 50, 0), young=600)
    (evidence,) = finding.evidence
    assert (evidence.signal, finding.severity) == ("sample_column_spread", Severity.WARNING)
    assert evidence.observed == pytest.approx(0.05, abs=0.01)
    assert (evidence.first_step, evidence.last_step) == (620, 1000)
    told = evidence.statement.facts
    assert (told["step"], told["column"]) == (1000, 2)
    assert (told["fake_mean"], told["fake_std"], told["real_std"]) == pytest.approx((50, 0.5, 10), rel=0.1)


def test_a_column_that_lies_elsewhere_is_named_in_its_own_units(tmp_path: Path) -> None:
    finding = judged(tmp_path / "run", TABLE, TABLE[428:556] + np.array((0, 0, 0.3)))
    (evidence,) = finding.evidence
    assert evidence.signal == "sample_marginal_worst"
    assert evidence.observed == pytest.approx(3.0, abs=0.2)
    told = evidence.statement.facts
    assert told["column"] == 3
    assert (told["fake_mean"], told["real_mean"]) == pytest.approx((-2.7, -3.0), abs=0.05)


def test_series_of_other_rhythms_are_found(tmp_path: Path) -> None:
    slow = np.sin(TIME / 5 + RNG.uniform(0, 6, (128, 1, 2)))
    assert [e.signal for e in judged(tmp_path / "slow", SERIES, slow).evidence] == ["sample_spectrum_distance"]


def test_columns_that_fit_are_not_found(tmp_path: Path) -> None:
    assert judged(tmp_path / "table", TABLE, TABLE[428:556]).status is Status.NOT_DETECTED
    assert judged(tmp_path / "series", SERIES, SERIES[428:556]).status is Status.NOT_DETECTED
    # As far off as sound trainings are.
    narrow = (TABLE[428:556] - TABLE.mean(0)) * 0.5 + TABLE.mean(0) + 0.5 * TABLE.std(0)
    assert judged(tmp_path / "narrow", TABLE, narrow).status is Status.NOT_DETECTED
    # Heavy tails are far apart among real rows as well.
    tails = RNG.standard_cauchy((600, 2))
    assert judged(tmp_path / "tails", tails, tails[428:556]).status is Status.NOT_DETECTED


def test_what_a_young_generator_outgrows_is_a_remark(tmp_path: Path) -> None:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest(data=data_card(TABLE, None, TABLE), planned_steps=1000))
    writer.real_values(TABLE)
    for step in range(20, 1001, 20):
        writer.record(step, {"sample_marginal_worst": 9.0 if step <= 600 else 0.3, "sample_column_spread": 1.0})
    writer.close("completed")
    finding = RULE.evaluate(load_run(path))
    assert finding.severity is Severity.INFO
    assert "column" not in finding.evidence[0].statement.facts, "which column it was is not known any more"


def test_not_evaluated_without_columns_or_reals(tmp_path: Path) -> None:
    finding = judged(tmp_path / "run", TABLE, TABLE[428:556], without="sample_marginal_worst")
    assert finding.status is Status.NOT_EVALUATED
    assert judged(tmp_path / "few", TABLE[:10], TABLE[:10]).status is Status.NOT_EVALUATED


def test_a_constant_real_column_is_no_column_that_hardly_varies(tmp_path: Path) -> None:
    table = TABLE.copy()
    table[:, 0] = 7
    assert judged(tmp_path / "run", table, table[428:556]).status is Status.NOT_DETECTED
    assert LIMITS.spread > 0
