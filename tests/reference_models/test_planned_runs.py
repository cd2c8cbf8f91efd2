"""The reference model's plan: the file is what the module makes, and every run of it can be trained and judged."""

from collections import Counter

import pytest

from gandoctor.experiments.benchmark.plan import load_plan
from gandoctor.experiments.target import split_target
from reference_models import key_value
from reference_models.benchmark.plan import (
    CALIBRATED,
    CALIBRATED_MID_RUN,
    NEWER,
    ON_SHAPES,
    PATH,
    SCARY,
    build_plan,
    write,
)
from reference_models.benchmark.right_causes import RIGHT_CAUSES
from reference_models.faults import FAULTS, apply_faults
from reference_models.settings import change_settings, load_settings

PLAN = build_plan()
ARTICLE = (
    "reference_models.training:build",
    *(f"reference_models.controls:{n}" for n in ("as_published", "dcgan", "dcgan_smoothed")),
)


def test_the_file_is_what_the_module_writes(tmp_path):
    write(tmp_path / "plan.json")
    assert PATH.read_text(encoding="utf-8") == (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert load_plan(PATH) == PLAN


@pytest.mark.parametrize("run", [r for r in PLAN.runs if r.target in ARTICLE], ids=lambda run: f"{run.split}-{run.id}")
def test_options_of_the_article_s_model_are_accepted(run):
    settings = load_settings("quick", run.options["settings"])
    settings = change_settings(settings, {"training.steps": run.options["steps"]})
    settings, planned = apply_faults(settings, run.options.get("faults", ()))
    assert settings.training.freeze_discriminator  # whose default is newer than the plan; `as_published` takes it back
    assert [one.fault.name for one in planned] == ([run.fault] if run.fault else [])
    assert [max(one.start, 0) for one in planned if run.onset] == ([run.onset] if run.onset else [])


@pytest.mark.training
def test_options_of_the_other_controls_are_accepted():
    pytest.importorskip("keras")  # the controls' package loads it
    from reference_models.controls import settings as control_settings

    player = control_settings.Player(learning_rate=1e-3, width=1)
    tree = control_settings.ControlSettings(generator=player, discriminator=player)
    for run in PLAN.runs:
        if run.target not in ARTICLE:
            changes = key_value.parse_changes(run.options.get("settings", ()))
            key_value.with_changes(tree, {**changes, "training.steps": run.options["steps"]})
            assert set(run.options) <= {"settings", "steps", "seed", "data"}
    assert {split_target(run.target)[0] for run in PLAN.runs} == {
        "reference_models.training",
        "reference_models.controls",
    }


def test_every_fault_is_tested_and_the_truth_about_it_is_fixed():
    tested = {run.fault for run in PLAN.runs if run.split == "test"}
    assert tested - {None} == set(FAULTS) - set(NEWER)
    assert set(RIGHT_CAUSES) == set(FAULTS) - set(SCARY) - set(NEWER)
    for run in PLAN.runs:
        if run.is_faulty:
            assert run.expected == FAULTS[run.fault].expected != ()
        else:
            assert run.expected == ()
    assert {*CALIBRATED, *CALIBRATED_MID_RUN, *ON_SHAPES} <= set(FAULTS)


def test_right_causes_are_ids_that_the_rules_can_give():
    import re
    from pathlib import Path

    import gandoctor

    package = Path(gandoctor.__file__).parent
    said = "".join(path.read_text(encoding="utf-8") for path in (package / "rules").rglob("*.py"))
    known = set(re.findall(r'"([a-zA-Z0-9-]+)"', said)) | {"generator-frozen", "discriminator-frozen"}
    assert {cause for causes in RIGHT_CAUSES.values() for cause in causes} <= known


def test_there_are_enough_healthy_runs_to_test_with():
    healthy = [run for run in PLAN.runs if run.kind == "healthy" and run.split == "test"]
    assert len(healthy) >= 60
    calibrated = {run.family for run in PLAN.runs if run.split == "calibration"}
    assert sum(run.family not in calibrated for run in healthy) >= 30


def test_seeds_say_the_split():
    assert Counter((run.split, run.seed // 100) for run in PLAN.runs).keys() == {("calibration", 1), ("test", 2)}
    assert all(run.options["seed"] == run.seed for run in PLAN.runs)
