"""Judging both players alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gandoctor.message import Message
from gandoctor.player_names import Player
from gandoctor.rules import Evidence, NotEvaluated
from gandoctor.rules.gradients.both_players import judge_players


def judging(unknown: set[Player]) -> list[Evidence]:
    def judge(player: Player) -> Iterator[Evidence]:
        if player in unknown:
            raise NotEvaluated(Message("{signal} was not recorded.", signal=f"{player}_loss"))
        yield Evidence(f"{player}_loss", 1.0, 0.5, 1, 9, Message("It is large."))

    return judge_players(judge)


def test_one_player_is_enough_to_find_something() -> None:
    assert [e.signal for e in judging(set())] == ["d_loss", "g_loss"]
    assert [e.signal for e in judging({"d"})] == ["g_loss"]
    assert [e.signal for e in judging({"g"})] == ["d_loss"]


@pytest.mark.parametrize("applies", [True, False])
def test_a_clean_player_beside_one_that_was_not_seen_is_no_result(applies: bool) -> None:
    def judge(player: Player) -> Iterator[Evidence]:
        if player == "d":
            raise NotEvaluated(Message("It was not seen."), applies)
        yield from ()

    if not applies:  # it has nothing to judge
        assert judge_players(judge) == []
        return
    with pytest.raises(NotEvaluated, match="For the discriminator: It was not seen"):
        judge_players(judge)


def test_neither_can_be_judged() -> None:
    with pytest.raises(NotEvaluated) as caught:
        judging({"d", "g"})
    assert str(caught.value.reason) == (
        "For the discriminator: d_loss was not recorded. For the generator: g_loss was not recorded."
    )
