"""Every treatment is complete, is named by a rule, and changes settings that the reference model has."""

from __future__ import annotations

import re

import pytest

from gandoctor.player_names import HANDLES
from gandoctor.rules import all_rules
from gandoctor.treatments import TREATMENTS, Treatment
from gandoctor.treatments.registry import THEMES
from reference_models.settings import setting_keys

each = pytest.mark.parametrize("treatment", TREATMENTS.values(), ids=lambda t: t.id)


def test_every_treatment_is_named_by_a_rule() -> None:
    assert set(TREATMENTS) == {t for rule in all_rules() for t in rule.treatments}


@each
def test_is_complete(treatment: Treatment) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", treatment.id)
    assert TREATMENTS[treatment.id] is treatment
    assert len(str(treatment.explanation).split()) >= 8
    assert treatment.reference
    assert treatment.evidence in ("strong", "moderate", "weak")


@each
def test_patch_is_a_setting_of_the_reference_model_or_of_any_training(treatment: Treatment) -> None:
    assert set(treatment.patch) <= {*setting_keys(), *HANDLES}


def test_no_id_is_given_twice() -> None:
    assert sum(len(theme.TREATMENTS) for theme in THEMES) == len(TREATMENTS)


def test_code_is_that_of_the_framework() -> None:
    def made(**snippets: str) -> Treatment:
        return Treatment("fix", "Fix it", "It helps.", "weak", "Nobody 2020", snippets=snippets)  # type: ignore[arg-type]

    both = made(keras="k", torch="t")
    assert (both.code_for("keras"), both.code_for("torch"), both.code) == ("k", "t", "k")
    numpy = made(numpy="n")
    assert (numpy.code_for("keras"), numpy.code_for("torch"), numpy.code) == ("n", "n", "n")
    keras = made(keras="k")
    assert keras.code_for("torch") is None
    assert made().code == ""
