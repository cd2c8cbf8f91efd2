"""Judging both players alike, each on its own signals."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gandoctor.message import Message, sentences
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.rules.rule import Evidence, NotEvaluated


def judge_players(judge: Callable[[Player], Iterable[Evidence]]) -> list[Evidence]:
    """Return the evidence about both players.

    Args:
        judge: Returns what speaks against one player, or raises NotEvaluated.

    Raises:
        NotEvaluated: Neither player can be judged; the reason says why of each.
    """
    evidence: list[Evidence] = []
    reasons: list[Message] = []
    for player in PLAYERS:
        try:
            evidence += judge(player)
        except NotEvaluated as unknown:
            reasons.append(Message("For the {player}: {reason}", player=NAMES[player], reason=unknown.reason))
    if len(reasons) == len(PLAYERS):
        raise NotEvaluated(sentences(*reasons))
    return evidence
