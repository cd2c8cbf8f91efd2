"""Resolving TARGET: every way it can be wrong is one clear error."""

import re
import sys
import textwrap

import pytest

from gandoctor.errors import GandoctorError, UnusableTarget
from gandoctor.experiments.target import (
    DEFAULT_TARGET,
    TargetCrashed,
    build_training,
    check_target,
    is_script,
    split_target,
)
from gandoctor.experiments.training import Training

MODULE = """
import numpy as np
from gandoctor.errors import GandoctorError
from gandoctor.experiments import Training

def build(steps=10, seed=0):
    return Training(model=None, dataset=None, steps=steps, probe_data=np.zeros((1, 2, 2, 1)), config={"seed": seed})

def anything(**options):
    return build(steps=options["steps"])

def refuses(): raise GandoctorError("the width must be even")
def breaks(): raise ValueError("shapes (3,) and (4,)\\nare not aligned")
def wrong(): return 42
def demands(width, data): return build()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_gan_for_target_test.py").write_text(textwrap.dedent(MODULE))
    (tmp_path / "my_broken_for_target_test.py").write_text("import module_nobody_has\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_gan_for_target_test", raising=False)
    return "my_gan_for_target_test"


def test_default_target_is_well_formed():
    assert split_target(DEFAULT_TARGET) == ("reference_models.training", "build")


@pytest.mark.parametrize("target", ["train.py", "./train.py", "scripts/train"])
def test_script_is_told_from_factory(target):
    assert is_script(target)
    assert not is_script(DEFAULT_TARGET)
    with pytest.raises(GandoctorError, match="There is no script"):
        check_target(target, {}, [])


def test_arguments_are_for_scripts():
    check_target(DEFAULT_TARGET, {"steps": 3}, [])
    with pytest.raises(UnusableTarget, match="is a function"):
        check_target(DEFAULT_TARGET, {}, ["--epochs", "3"])


@pytest.mark.parametrize("target", ["", "model", "model:", ":build", "a b:c", "model:build()"])
def test_malformed_target_is_refused(target):
    with pytest.raises(GandoctorError, match="module:factory"):
        split_target(target)


def test_only_given_options_reach_the_factory(module):
    training = build_training(f"{module}:build", {"steps": 7})
    assert isinstance(training, Training)
    assert (training.steps, training.config) == (7, {"seed": 0})


def test_factory_with_keyword_arguments_takes_everything(module):
    assert build_training(f"{module}:anything", {"steps": 3, "data": "x"}).steps == 3


def test_option_the_factory_does_not_take_is_named(module):
    with pytest.raises(GandoctorError, match=r"does not take --preset, --set\. It takes --steps, --seed\."):
        build_training(f"{module}:build", {"preset": "quick", "settings": ["a=b"], "steps": 1})


def test_missing_arguments_are_named(module):
    with pytest.raises(GandoctorError, match="needs the argument 'width', --data"):
        build_training(f"{module}:demands", {})


def test_unknown_module_and_function_are_named(module):
    with pytest.raises(GandoctorError, match="no module 'module_nobody_has'"):
        build_training("module_nobody_has:build", {})
    with pytest.raises(GandoctorError, match=re.escape(f"Did you mean {module}:build?")):
        build_training(f"{module}:biuld", {})


def test_the_targets_own_missing_import_is_its_crash(module):
    with pytest.raises(TargetCrashed, match="module_nobody_has"):
        build_training("my_broken_for_target_test:build", {})


def test_a_crash_becomes_one_line_and_keeps_its_cause(module):
    with pytest.raises(TargetCrashed, match=r"raised ValueError: shapes \(3,\) and \(4,\) are not aligned$") as error:
        build_training(f"{module}:breaks", {})
    assert isinstance(error.value.__cause__, ValueError)


def test_the_targets_own_clear_error_passes_through(module):
    with pytest.raises(GandoctorError, match=r"^the width must be even$"):
        build_training(f"{module}:refuses", {})


def test_something_else_than_a_training_is_refused(module):
    with pytest.raises(GandoctorError, match="returned a int"):
        build_training(f"{module}:wrong", {})
