"""Facts, hypotheses and treatments speak of one another by id: every id is declared once, and every one used exists."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import gandoctor.rules
from gandoctor.diagnosis.explanations import MECHANISMS, SEEN_BY
from gandoctor.rules import Rule, Severity, all_rules
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.treatments import TREATMENTS

RULES = {rule.id: rule for rule in all_rules()}
FACTS = [rule for rule in RULES.values() if rule.is_fact]


def declared() -> dict[str, set[int]]:
    """Return every hypothesis id of the package, with the objects that have it."""
    found: dict[str, set[int]] = {}
    for module in pkgutil.walk_packages(gandoctor.rules.__path__, "gandoctor.rules."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Hypothesis):
                found.setdefault(value.id, set()).add(id(value))
    return found


DECLARED = declared()


def test_a_hypothesis_is_declared_once() -> None:
    assert not [slug for slug, objects in DECLARED.items() if len(objects) > 1]


def test_mechanisms_and_reasons_exist() -> None:
    used = {*MECHANISMS, *SEEN_BY, *(reason for reasons in MECHANISMS.values() for reason in reasons)}
    assert not used - set(DECLARED) - set(RULES)
    assert set(SEEN_BY.values()) <= set(RULES)


def test_treatments_cure_hypotheses_that_exist() -> None:
    assert not {slug for treatment in TREATMENTS.values() for slug in treatment.cures} - set(DECLARED)


@pytest.mark.parametrize("rule", FACTS, ids=lambda rule: rule.id)
def test_every_contract_and_design_rule_has_its_place_among_the_causes(rule: Rule) -> None:
    known = rule.explains
    assert known is not None
    assert not {*known.same_as, *known.refuted} - set(DECLARED)
    assert set(known.refuted) <= set(known.same_as)
    assert set(known.symptoms) <= set(RULES)
    scores = [known.score(severity) for severity in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)]
    assert scores == sorted(scores)


def test_two_facts_say_the_same_only_where_either_proves_it() -> None:
    slugs = [slug for rule in FACTS for slug in rule.explains.same_as] if all(r.explains for r in FACTS) else []
    assert {slug for slug in slugs if slugs.count(slug) > 1} == {"phases-disagree"}
