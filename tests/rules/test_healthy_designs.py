"""What the design rules say of real Keras networks: nothing above a remark of good ones, the fault of faulty ones."""

from __future__ import annotations

from typing import Any

import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.rules import Severity, Status
from reference_models.faults import FAULTS

pytestmark = pytest.mark.training
pytest.importorskip("tensorflow")

import keras  # noqa: E402 - after the check that it is there

from gandoctor import check  # noqa: E402
from reference_models import controls  # noqa: E402
from reference_models.training import build  # noqa: E402
from support.healthy_designs import DESIGNS  # noqa: E402 - needs Keras

FROM_THE_CARD = {"GD006", "GD101", "GD102", "GD103", "GD104", "GD107", "GD108"}
"""Rules that need no training step."""


@pytest.fixture(autouse=True)
def _new_session() -> None:
    keras.backend.clear_session()


def said(diagnosis: Diagnosis) -> dict[str, list[tuple[Any, ...]]]:
    return {
        finding.rule.id: [(e.severity or finding.rule.severity, str(e.statement)) for e in finding.evidence]
        for finding in diagnosis.detected
    }


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.filterwarnings("ignore:.build\\(\\). was called on layer")  # of every subclassed network
def test_good_designs_are_not_called_faulty(name: str) -> None:
    design = DESIGNS[name]()
    diagnosis = check(design.gan, probe_data=design.images, loss=design.family)
    assert {f.severity for f in diagnosis.detected} <= {Severity.INFO}, said(diagnosis)
    assert {f.rule.id for f in diagnosis.detected} == design.remarks, said(diagnosis)
    judged = {f.rule.id for f in diagnosis.checks if f.status in (Status.DETECTED, Status.NOT_DETECTED)}
    assert judged >= FROM_THE_CARD
    for card in (diagnosis.run.manifest.generator, diagnosis.run.manifest.discriminator):
        assert card is not None
        assert card.order == "called", card.order_note


@pytest.mark.parametrize("name", controls.__all__)
def test_the_healthy_controls_are_not_called_faulty(name: str) -> None:
    diagnosis = check(getattr(controls, name)(steps=10))
    assert {f.severity for f in diagnosis.detected} <= {Severity.INFO}, said(diagnosis)


FAULTY = [
    (name, id_)
    for name, fault in FAULTS.items()
    for id_ in fault.expected
    if id_ in FROM_THE_CARD and (fault.key is None or fault.start == 0)
]


def test_faults_of_the_card_are_among_those_tried() -> None:
    assert {id_ for _, id_ in FAULTY} == FROM_THE_CARD


@pytest.mark.parametrize(("fault", "expected"), FAULTY)
def test_faults_of_the_reference_model_are_found_before_training(fault: str, expected: str) -> None:
    diagnosis = check(build(faults=[fault], steps=10))
    found = {finding.rule.id: finding for finding in diagnosis.detected}
    assert expected in found
    assert found[expected].first_step == 0
    if expected not in ("GD104", "GD006"):
        assert all(evidence.layers for evidence in found[expected].evidence)
