"""Every hypothesis is declared once, and whoever names one by its id names one that exists."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module

import pytest

import gandoctor.rules
from gandoctor.diagnosis import explanations
from gandoctor.message import Message, places_of
from gandoctor.rules import Rule, all_rules
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.treatments import TREATMENTS, Treatment


def declared() -> Iterator[tuple[str, Hypothesis]]:
    """Yield where each hypothesis is declared, and the hypothesis; the same object imported elsewhere counts once."""
    seen: set[int] = set()
    for module in pkgutil.walk_packages(gandoctor.rules.__path__, "gandoctor.rules."):
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, Hypothesis) and id(value) not in seen:
                seen.add(id(value))
                yield f"{module.name}.{name}", value


HYPOTHESES = dict(declared())
IDS = {hypothesis.id for hypothesis in HYPOTHESES.values()}
RULES = {rule.id: rule for rule in all_rules()}


def test_each_id_is_declared_exactly_once() -> None:
    counts = Counter(hypothesis.id for hypothesis in HYPOTHESES.values())
    twice = {i: [at for at, h in HYPOTHESES.items() if h.id == i] for i, count in counts.items() if count > 1}
    assert twice == {}


@pytest.mark.parametrize("where", HYPOTHESES)
def test_a_hypothesis_is_in_its_form(where: str) -> None:
    hypothesis = HYPOTHESES[where]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", hypothesis.id)
    assert where.rpartition(".")[2].isupper(), "a constant of its module"
    assert isinstance(hypothesis.title, Message)
    assert isinstance(hypothesis.test, Message)
    assert not str(hypothesis.title).endswith("."), "a title is no sentence"
    assert str(hypothesis.test).endswith(".")
    assert not places_of(hypothesis.title.template), "a title is the same in every run"


def test_two_hypotheses_never_share_a_title() -> None:
    titles = Counter(str(hypothesis.title) for hypothesis in HYPOTHESES.values())
    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_a_rule_explains_exists(rule: Rule) -> None:
    if rule.explains is None:
        return
    assert [i for i in rule.explains.same_as if i not in IDS] == []
    assert set(rule.explains.refuted) <= set(rule.explains.same_as)
    assert [i for i in rule.explains.symptoms if i not in RULES] == []


def test_what_the_diagnosis_says_of_hypotheses_exists() -> None:
    named = {*explanations.MECHANISMS, *explanations.SEEN_BY}
    behind = {i for ids in explanations.MECHANISMS.values() for i in ids} | set(explanations.SEEN_BY.values())
    assert named - IDS == set()
    assert behind - IDS - RULES.keys() == set()


@pytest.mark.parametrize("treatment", TREATMENTS.values(), ids=TREATMENTS)
def test_what_a_treatment_cures_exists(treatment: Treatment) -> None:
    assert [i for i in treatment.cures if i not in IDS] == []
