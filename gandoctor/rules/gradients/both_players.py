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
        NotEvaluated: Nothing speaks against the players that can be judged, and one cannot be though the rule applies
            to it, or neither can. The reason says why of each.
    """
    evidence: list[Evidence] = []
    reasons: list[Message] = []
    unseen = False
    for player in PLAYERS:
        try:
            evidence += judge(player)
        except NotEvaluated as unknown:
            unseen |= unknown.applies
            reasons.append(Message("For the {player}: {reason}", player=NAMES[player], reason=unknown.reason))
    if len(reasons) == len(PLAYERS) or (unseen and not evidence):
        raise NotEvaluated(sentences(*reasons))
    return evidence
