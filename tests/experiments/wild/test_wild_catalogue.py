"""The corpus of real bugs: what its catalogue promises, and the rule that splits it."""

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from gandoctor.errors import GandoctorError
from gandoctor.experiments.wild.catalogue import FINE, Catalogue, Later, half_of
from gandoctor.rules import all_rules

CATALOGUE = Catalogue(Path(str(files("reference_models.wild") / "catalogue.toml")))
BROKEN = [case for case in CATALOGUE.cases if not case.is_fine]
LOOK_ALIKES = [case for case in CATALOGUE.cases if case.is_fine]


def known_ids():
    """Return the ids of every rule and of every hypothesis that one declares."""
    package = Path(str(files("gandoctor.rules")))
    texts = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    slugs = {slug for text in texts for slug in re.findall(r'Hypothesis\(\s*"([a-z0-9-]+)"', text)}
    return slugs | {rule.id for rule in all_rules()}


def test_every_case_has_a_program_and_every_program_a_case():
    programs = set(CATALOGUE.folder.glob("*/*.py"))
    assert programs == {CATALOGUE.program(case) for case in CATALOGUE.cases}


def test_programs_know_nothing_of_gandoctor_and_compile():
    for case in CATALOGUE.cases:
        text = CATALOGUE.program(case).read_text(encoding="utf-8")
        compile(text, case.name, "exec")
        assert "gandoctor" not in text, case.name
        assert len(text.splitlines()) <= 100, case.name


def test_answers_are_ids_of_rules_or_causes():
    known = known_ids()
    for case in CATALOGUE.cases:
        assert {*case.right, *case.symptoms, *case.must_not} <= known, case.name


def test_the_ratios_that_were_asked_for_hold():
    assert len(BROKEN) >= 40
    assert len(LOOK_ALIKES) >= 10
    assert sum(case.data != "image" for case in BROKEN) >= len(BROKEN) / 4
    assert sum(case.game != "gan" for case in BROKEN) >= len(BROKEN) / 4
    assert {case.style for case in BROKEN} == {"fit", "function", "eager", "compiled", "torch"}


@pytest.mark.parametrize(("cases", "apart"), [(BROKEN, 4), (LOOK_ALIKES, 2)], ids=["broken", "look-alikes"])
def test_the_halves_are_about_equal(cases, apart):
    count = Counter(case.half for case in cases)
    assert abs(count["building"] - count["judged"]) <= apart


def test_sources_are_addresses_and_none_serves_twice():
    sources = [case.source for case in CATALOGUE.cases]
    assert len(set(sources)) == len(sources)


def test_what_a_program_shows_was_measured():
    assert [case.name for case in CATALOGUE.cases if "?" in case.seen] == []


def test_the_half_is_a_matter_of_the_name_alone():
    assert half_of("fakes_called_real", is_fine=False, known=False) == "judged"
    assert half_of("sigmoid_twice", is_fine=False, known=False) == "building"
    assert half_of("two_log_two", is_fine=True, known=False) == "judged"
    assert half_of("fakes_called_real", is_fine=False, known=True) == "building", "a bug that was known"
    assert {half_of(f"name_{n}", is_fine=True, known=False) for n in range(20)} == {"building", "judged"}


def test_what_was_written_afterwards_is_a_part_of_its_own_whatever_its_name():
    assert half_of("sigmoid_twice", is_fine=False, known=False, later="second") == "second"
    assert half_of("two_log_two", is_fine=True, known=False, later="second") == "second"
    second = CATALOGUE.select(["second"])
    assert second
    assert all(case.later == "second" for case in second)
    assert not any(case.later for case in CATALOGUE.select(["building", "judged"]))
    assert [case.half for case in CATALOGUE.select()].count("second") == len(second), "all parts by default"
    assert half_of("sigmoid_twice", is_fine=False, known=False, later="third") == "third"


def test_half_of_the_newer_sets_is_pytorch():
    for later in get_args(Later)[1:]:
        programs = CATALOGUE.select([later])
        assert sum(case.style == "torch" for case in programs) >= len(programs) // 2 > 0
    assert all(
        (case.style == "torch") == bool(re.search(r"^import torch\b", CATALOGUE.program(case).read_text("utf-8"), re.M))
        for case in CATALOGUE.cases
    )


def test_modules_for_pytorch_leave_the_runs_of_other_programs_good(tmp_path):
    path = tmp_path / "catalogue.toml"
    path.write_text(GOOD, encoding="utf-8")
    catalogue = Catalogue(path)
    keras = catalogue.cases[0]
    torch = keras.model_copy(update={"style": "torch"})
    before = catalogue.digest_of(keras), catalogue.digest_of(torch)
    (tmp_path / "torch_networks.py").write_text("pass\n", encoding="utf-8")
    assert catalogue.digest_of(keras) == before[0]
    assert catalogue.digest_of(torch) != before[1]


GOOD = """
[one]
kind = "loss"
data = "image"
game = "gan"
style = "fit"
source = "https://example.org/1"
saw = "noise"
cause = "a sign"
seen = "noise"
right = ["GD008"]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('right = ["GD008"]', "", "no right answer"),
        ('right = ["GD008"]', 'right = ["GD008"]\nmust_not = ["GD008"]', "right and as wrong"),
        ('right = ["GD008"]', 'right = ["GD008"]\nknown = true\nlater = "second"', "either known before"),
        ('right = ["GD008"]', 'right = ["GD008"]\nlater = "hundredth"', r"one\.later"),
        ('"loss"', f'"{FINE}"', "look-alike"),
        ('"https://example.org/1"', '"somewhere"', r"one\.source"),
        ('"gan"', '"chess"', "game"),
        ('saw = "noise"', 'saw = "noise"\nheard = "a hum"', r"one\.heard"),
        ("[one]", "[one", "not TOML"),
    ],
)
def test_a_catalogue_that_is_not_valid_is_named(tmp_path, old, new, told):
    path = tmp_path / "catalogue.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert Catalogue(path).cases[0].right == ("GD008",)
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(GandoctorError, match=told):
        Catalogue(path)


def test_a_missing_catalogue_is_named(tmp_path):
    with pytest.raises(GandoctorError, match="cannot be read"):
        Catalogue(tmp_path / "none.toml")


def test_another_program_makes_another_run(tmp_path):
    (tmp_path / "catalogue.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "one.py").write_text("pass\n", encoding="utf-8")
    catalogue = Catalogue(tmp_path / "catalogue.toml")
    before = catalogue.digest_of(catalogue.cases[0]), catalogue.digest
    (tmp_path / "loss" / "one.py").write_text("pass  # mended\n", encoding="utf-8")
    assert catalogue.digest_of(catalogue.cases[0]) != before[0]
    assert catalogue.digest != before[1]
