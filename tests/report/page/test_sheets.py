"""The sheets of the first screen: which are shown, where their images lie, and which are framed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.report.languages.language import language
from gandoctor.report.page import facts
from gandoctor.report.page.section import Source
from gandoctor.report.page.sheets import Tiles, sheets
from gandoctor.store import RunWriter, load_run
from support.report_runs import make_manifest, sound_diagnosis, strokes, write_run


def test_a_failing_run_shows_reals_the_last_good_step_and_now(failing: Diagnosis) -> None:
    source = Source(failing, language("en"))
    found = sheets(failing, source.strip, source.course)
    assert [(view.role, view.frame.step) for view in found] == [("real", 0), ("good", 500), ("now", 1000)]
    assert found[-1].tiles == Tiles((242, 156), (28, 28), 36)


def test_samples_that_are_the_same_image_are_framed(tmp_path: Path) -> None:
    writer, reals = RunWriter(tmp_path / "run", make_manifest()), strokes(64, 0.03)
    writer.reals(reals)
    fakes = strokes(32, 0.03, seed=5)
    writer.samples(100, fakes, reals)
    fakes = fakes.copy()
    fakes[[1, 9, 10]] = fakes[1]
    writer.samples(200, fakes, reals)
    writer.close("completed")
    diagnosis = sound_diagnosis(load_run(tmp_path / "run"))
    source = Source(diagnosis, language("en"))
    assert [frame.repeats for frame in source.strip.frames] == [(), (1, 9, 10)]
    now = sheets(diagnosis, source.strip, source.course)[-1]
    assert len(now.places) == 3
    left, top = (float(part.split(":")[1].rstrip("%")) for part in now.places[0].split(";")[:2])
    assert (round(242 * left / 100), round(156 * top / 100)) == (2 + 30, 36)


def test_settings_that_differ_come_first_and_numbers_are_as_typed(tmp_path: Path) -> None:
    changed = {"generator.learning_rate": 1e-07}
    config = {"changed": changed, "settings": {"generator": {"learning_rate": 1e-07, "decay": 3e-8}}, "faults": ["x"]}
    RunWriter(tmp_path / "run", make_manifest(config=config)).close("completed")
    run = load_run(tmp_path / "run")
    differing, others = facts.settings(run, language("en"))
    assert differing == [("generator.learning_rate", "1e-7")]
    assert ("settings.generator.decay", "3e-8") in others
    assert facts.faults(run) == ["x"]


@pytest.mark.parametrize("shape", [(4, 28, 28, 1), (32, 8, 8, 3)])
def test_a_sheet_of_another_layout_is_shown_whole(tmp_path: Path, shape: tuple[int, ...]) -> None:
    diagnosis = sound_diagnosis(write_run(tmp_path / "run", steps=100))
    np.savez_compressed(diagnosis.run.sheets[-1].npz_path, fakes=np.zeros(shape, np.uint8))
    source = Source(diagnosis, language("en"))
    found = sheets(diagnosis, source.strip, source.course)
    assert found[-1].tiles is None
