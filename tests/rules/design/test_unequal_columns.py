"""GD110."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gandoctor.recording.probe.images import data_card
from gandoctor.rules import Severity, Status
from gandoctor.store import Manifest, Run, RunWriter, load_run
from support.design_cards import data, facts, judged


def of(stds: tuple[float, float] | None, kind: str = "vectors") -> Run:
    card = data(-94.0, 1e5, shape=(6,), kind=kind, column_stds=stds)
    return Run.from_signals({}, Manifest(data=card))


def test_an_income_beside_a_rate() -> None:
    finding = judged("GD110", of((0.0175, 18_100.0)))
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].observed == pytest.approx(18_100 / 0.0175)
    assert facts(finding)["low"] == 0.0175
    assert judged("GD110", of((0.01, 5.0), "series")).status is Status.DETECTED


@pytest.mark.parametrize("stds", [(1.0, 1.0), (0.05, 1.0), (1.0, 100.0)], ids=["standardised", "rare class", "limit"])
def test_look_alikes(stds: tuple[float, float]) -> None:
    assert judged("GD110", of(stds)).status is Status.NOT_DETECTED


def test_a_waveform_that_begins_in_silence_is_no_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    loudness = np.linspace(1e-4, 1, 200)
    waves = loudness * np.sin(np.arange(200) / 8 + rng.uniform(0, 6, (300, 1)))
    noise = loudness * rng.normal(size=(300, 200))
    for values, status in ((waves, Status.NOT_EVALUATED), (noise, Status.DETECTED)):
        reals = values.astype(np.float32)
        writer = RunWriter(tmp_path / status.value, Manifest(data=data_card(reals, None, reals)))
        writer.real_values(reals)
        writer.close("completed")
        assert judged("GD110", load_run(writer.path)).status is status


def test_not_evaluated(make_run: Callable[..., Run]) -> None:
    for run in (of(None), of(None, "images"), make_run({}, real_count=0)):
        assert judged("GD110", run).status is Status.NOT_EVALUATED
