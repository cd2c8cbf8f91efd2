"""GD023."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run
from gandoctor.store.player_card import ModeCard

RULE = find_rule("GD023")
MakeRun = Callable[..., Run]
LOSS = {"d_loss": dict.fromkeys(range(1, 301), 1.0)}


def player(mode: ModeCard | None, kind: str = "BatchNormalization") -> PlayerCard:
    return PlayerCard(name="g", layers=[LayerCard(name="norm", type=kind)], mode=mode)


@pytest.mark.parametrize("kind", ["BatchNormalization", "Dropout"])
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (ModeCard(calls=100, inference_calls=200, inference_since=100), "Since step 100"),
        (ModeCard(calls=0, inference_calls=300, inference_since=0), "In all 300 calls"),
    ],
)
def test_a_mode_that_stays_is_found(make_run: MakeRun, kind: str, mode: ModeCard, words: str) -> None:
    finding = RULE.evaluate(make_run(LOSS, generator=player(mode, kind)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert words in str(finding.evidence[0].statement)


@pytest.mark.parametrize(
    "card",
    [
        player(ModeCard(calls=300)),
        player(ModeCard(calls=290, inference_calls=10, inference_since=290)),  # a picture has just been drawn
        player(ModeCard(inference_calls=300, inference_since=0), kind="Dense"),
    ],
)
def test_training_mode_or_networks_without_modes_are_none(make_run: MakeRun, card: PlayerCard) -> None:
    assert RULE.evaluate(make_run(LOSS, generator=card)).status is Status.NOT_DETECTED


def test_where_modes_were_not_seen_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(LOSS, generator=player(None))).status is Status.NOT_EVALUATED
