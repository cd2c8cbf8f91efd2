"""GD113."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run
from gandoctor.store.manifest import Declared
from support.design_cards import data
from support.said import values_of

RULE = find_rule("GD113")
MakeRun = Callable[..., Run]


def judged(make_run: MakeRun, distinct: int | None, seen: int = 512, kind: str = "images", **fields: object) -> Finding:
    card = data(probe_count=seen, distinct_count=distinct, kind=kind)
    return RULE.evaluate(make_run({}, data=card, real_count=0, **fields))


def test_forty_pictures(make_run: MakeRun) -> None:
    finding = judged(make_run, 40)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert values_of(finding.evidence[0].statement) == {"seen": 512, "distinct": 40, "count": 40}


@pytest.mark.parametrize("size", [300, 3000])
def test_copies_that_come_from_drawing_at_random_are_reckoned_with(make_run: MakeRun, size: int) -> None:
    for seed in range(5):
        distinct = len(set(np.random.default_rng(seed).integers(0, size, 512).tolist()))
        finding = judged(make_run, distinct)
        assert (finding.status is Status.DETECTED) is (size == 300)
        if size == 300:
            assert finding.evidence[0].observed == pytest.approx(300, rel=0.15)


def test_what_is_declared_counts(make_run: MakeRun) -> None:
    few = judged(make_run, None, declared=Declared(training_images=100))
    assert few.status is Status.DETECTED
    assert judged(make_run, 40, declared=Declared(training_images=5000)).status is Status.NOT_DETECTED


def test_where_it_cannot_be_known_it_is_not_judged(make_run: MakeRun) -> None:
    assert judged(make_run, 512).status is Status.NOT_DETECTED
    assert judged(make_run, 64, seen=64).status is Status.NOT_EVALUATED, "they may be a part"
    assert judged(make_run, None).status is Status.NOT_EVALUATED
    assert judged(make_run, 20, kind="vectors").status is Status.NOT_EVALUATED, "rows may repeat by nature"
    sentences = data(probe_count=512, distinct_count=24, shape=(10, 12, 1))
    assert RULE.evaluate(make_run({}, data=sentences, real_count=0)).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({}, data=None, real_count=0)).status is Status.NOT_EVALUATED
