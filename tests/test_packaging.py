"""What is installed: no framework with the base, each in its extra, and CI's pins are those of what is declared."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from gandoctor.frameworks import FRAMEWORKS

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
CONSTRAINTS = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8")


def requirements(texts):
    return [Requirement(text) for text in texts]


def test_the_base_install_has_no_framework():
    base = {requirement.name for requirement in requirements(PYPROJECT["project"]["dependencies"])}
    assert not base & {module for modules in FRAMEWORKS.values() for module in modules}


@pytest.mark.parametrize("extra", FRAMEWORKS)
def test_the_extra_that_an_error_names_installs_the_framework(extra):
    assert {requirement.name for requirement in requirements(EXTRAS[extra])} == set(FRAMEWORKS[extra])


def test_the_tests_run_with_the_framework():
    (own,) = (spec for spec in EXTRAS["dev"] if spec.startswith("gandoctor["))
    assert {*FRAMEWORKS} <= {*own.removeprefix("gandoctor[").rstrip("]").split(",")}


def test_ci_pins_every_declared_dependency_inside_its_bounds():
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", CONSTRAINTS, flags=re.MULTILINE))
    declared = requirements(
        [*PYPROJECT["project"]["dependencies"], *(one for extra in FRAMEWORKS for one in EXTRAS[extra]), *EXTRAS["dev"]]
    )
    for requirement in declared:
        if requirement.name != "gandoctor":
            pin = pins.get(canonicalize_name(requirement.name), "0")
            assert requirement.specifier.contains(Version(pin)), f"{requirement}: {pin}; .ci/constraints.txt says how"


def test_the_constraints_are_versions_and_nothing_else():
    lines = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+( +# via .*)?", line)] == []
