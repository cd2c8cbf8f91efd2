"""GD017: gradients are not cleared before a loss is differentiated (PyTorch).

What it is
    `backward()` adds to the gradients that are there. Before a player's loss was differentiated, its parameters still
    held a gradient: of the other player's loss, which reaches the discriminator too, or of updates that were made long
    ago.

Why it hurts
    The player is moved by a sum of what it wants and of something else. With the other player's gradient left over,
    both may cancel; without any clearing, every step counts all steps before it, and the weights run away.

How it is recognised
    By the parameters' `.grad` around each of the first calls of `backward()`: a gradient that is not 0 before a
    player's own loss is differentiated, though the other player's loss or an update came last.

What it is not
    Two losses of one player before one update, and gradients accumulated over several batches on purpose, are one
    gradient. Frameworks that return gradients have nothing to clear. A loss of the discriminator that also reaches the
    generator, for want of `detach()`, is taken for the generator's.

What to do
    Call `zero_grad()` of a player's optimizer right before the `backward()` of its loss. Clearing after the update is
    not enough for the discriminator: the generator's loss comes between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        share: Of the updates looked at. Judgement: a first update, or a rare one, may have its own reasons.
        updates: Looked at, at least.
    """

    share: float = 0.75
    updates: int = 5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence for each player with gradients left over."""
    found: list[Evidence] = []
    unseen = None
    for player in PLAYERS:
        if (signal := f"{player}_grad_left_over") in run:
            found += _left_over(run, player, limits)
        else:
            unseen = signal
    if unseen is not None and not found:
        raise NotEvaluated(not_recorded(run, unseen), applies="torch" in run.manifest.versions)
    return found


def _left_over(run: Run, player: Player, limits: Limits) -> Iterator[Evidence]:
    signal = f"{player}_grad_left_over"
    norms = run[signal].dropna()
    found = norms[norms > 0]
    if len(norms) < limits.updates or len(found) < limits.share * len(norms):
        return
    statement = Message(
        "In {share:.0%} of the {count} updates looked at, the {player}'s gradient had not been cleared when its own "
        "loss was differentiated: a norm of {norm:.3g} was left over.",
        share=len(found) / len(norms),
        count=len(norms),
        player=NAMES[player],
        norm=float(found.median()),
    )
    yield Evidence(signal, float(found.median()), 0.0, int(found.index[0]), int(found.index[-1]), statement)


LIMITS = Limits()

RULE = Rule(
    id="GD017",
    name="gradients-not-cleared",
    title=Message("Gradients are not cleared before they are computed anew"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("clear-gradients",),
    references=("PyTorch documentation, Zeroing out gradients in PyTorch",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD001", "GD202", "GD203", "GD301", "GD302", "GD303", "GD401", "GD403", "GD405", "GD409", "GD411"),
        critical=0.93,
        warning=0.8,
        info=0.3,
    ),
)
