"""Every contract and design rule has its place among the causes; `tests/rules/test_hypotheses.py` checks the ids."""

from __future__ import annotations

from collections import Counter

import pytest

from gandoctor.rules import Rule, Severity, all_rules

FACTS = [rule for rule in all_rules() if rule.is_fact]


@pytest.mark.parametrize("rule", FACTS, ids=lambda rule: rule.id)
def test_a_fact_has_its_place_among_the_causes(rule: Rule) -> None:
    assert rule.explains is not None
    scores = [rule.explains.score(severity) for severity in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)]
    assert scores == sorted(scores)
    assert 0 < scores[0] <= scores[-1] < 1


def test_two_facts_say_the_same_only_where_either_proves_it() -> None:
    counts = Counter(slug for rule in FACTS if rule.explains is not None for slug in rule.explains.same_as)
    assert {slug for slug, count in counts.items() if count > 1} == {"phases-disagree", "too-few-images"}
