"""Why a gradient may have grown: ranked hypotheses for GD202 and what decides each.

The scores are judgement: 0.8 and more where the run shows the cause at work, a few tenths where little was recorded.
"""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message, clauses
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.rules.gradients.own_level import RECENT_STEPS, finite, recent
from gandoctor.rules.hypotheses.data import BAD_DATA
from gandoctor.rules.hypotheses.training import EXPLODING_UPDATES
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

JUMP = 10.0
"""Growth from the 20 steps before a step to the 20 steps after it that counts as a jump."""
JUMP_SPAN = 20
LARGE_LOSS = 100.0
"""Size of both losses from which they look summed or weighted. Judgement."""
GAP_GROWTH = 4.0
"""Growth of the logit gap beyond warm-up; in healthy runs it falls."""

LOSS_TOO_LARGE = Hypothesis(
    "loss-too-large",
    Message("A loss is summed where it should be averaged, or its weight is too large"),
    Message(
        "Print the losses of one batch and of half of it: a mean does not change. The gradients of both players rise "
        "in one step and by one factor."
    ),
)
STEEP_DISCRIMINATOR = Hypothesis(
    "steep-discriminator",
    Message("The discriminator gets ever steeper around the data, and so does the gradient it hands on"),
    Message(
        "The gap of the logits grows along with the generator's gradient; spectral normalisation or R1 bounds both."
    ),
)

Jumps = dict[Player, tuple[float, int]]
"""By how much each player's norm rose at the step where it rose most, and that step."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    jumps = {player: jump for player in PLAYERS if (jump := _largest_jump(run, player)) is not None}
    return [
        _loss_too_large(run, jumps),
        _exploding_updates(run, jumps, found.limits.large_update),
        _steep_discriminator(run, jumps),
        _bad_data(run, jumps),
    ]


def _largest_jump(run: Run, player: Player) -> tuple[float, int] | None:
    norm = finite(run, f"{player}_grad_norm")
    values = norm.to_numpy()
    if len(values) < 2 * JUMP_SPAN:
        return None
    medians = norm.rolling(JUMP_SPAN).median().to_numpy()
    before, after = medians[JUMP_SPAN - 1 : -JUMP_SPAN], medians[2 * JUMP_SPAN - 1 :]
    ratios = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    most = int(np.argmax(ratios))
    return float(ratios[most]), int(norm.index[most + JUMP_SPAN])


def _loss_too_large(run: Run, jumps: Jumps) -> Cause:
    """Score that a loss was scaled: both losses, and both gradients, then grow at one step by one factor."""
    jumped = {player: jump for player, jump in jumps.items() if jump[0] > JUMP}
    steps = [step for _, step in jumped.values()]
    together = len(jumped) == len(PLAYERS) and max(steps) - min(steps) <= JUMP_SPAN
    losses = {name: loss for name in ("d_loss", "g_loss") if (loss := recent(run, name)) is not None}
    large = bool(losses) and min(abs(loss) for loss in losses.values()) > LARGE_LOSS
    shown = [Message("{signal} is {loss:.3g}", signal=name, loss=loss) for name, loss in losses.items()]
    rose = (
        Message("the {player}'s gradient rose {times:.2g}-fold at step {step}", player=NAMES[p], times=times, step=step)
        for p, (times, step) in jumped.items()
    )
    score = 0.9 if together and large else 0.8 if large else 0.6 if together else 0.1
    return LOSS_TOO_LARGE.cause(score, clauses(*(shown or [Message("no loss was recorded")]), *rose))


def _exploding_updates(run: Run, jumps: Jumps, large_update: float) -> Cause:
    ratios = {p: ratio for p in PLAYERS if (ratio := recent(run, f"{p}_update_ratio")) is not None}
    large = any(ratio > large_update for ratio in ratios.values())
    jumped = any(ratio > JUMP for ratio, _ in jumps.values())
    moves = [
        Message("the {player}'s weights move by {ratio:.1e} of their size", player=NAMES[p], ratio=ratio)
        for p, ratio in ratios.items()
    ]
    return EXPLODING_UPDATES.cause(
        0.85 if large else 0.15 if ratios and jumped else 0.25 if ratios else 0.4,
        clauses(*moves) if moves else Message("updates were not recorded"),
        Message(
            "The norm grows over many steps and the updates with it. A ten times smaller learning rate moves or "
            "removes it."
        ),
    )


def _steep_discriminator(run: Run, jumps: Jumps) -> Cause:
    gap, start = recent(run, "d_logit_gap"), warm_up_end(run)
    if gap is None:
        return STEEP_DISCRIMINATOR.cause(0.3, NOT_RECORDED)
    apart = Message("the logits of real and generated images lie {gap:.2g} apart", gap=gap)
    before = median_between(run, "d_logit_gap", start // 2, start + RECENT_STEPS)
    if not before:
        return STEEP_DISCRIMINATOR.cause(0.1, apart)
    growth = abs(gap) / abs(before)
    sudden = any(ratio > JUMP for ratio, _ in jumps.values())
    shown = Message(
        "the logits of real and generated images lie {gap:.2g} apart, {growth:.2g} times as far as after warm-up",
        gap=gap,
        growth=growth,
    )
    return STEEP_DISCRIMINATOR.cause((0.5 if sudden else 0.8) if growth > GAP_GROWTH else 0.1, shown)


def _bad_data(run: Run, jumps: Jumps) -> Cause:
    """Score that the real batches changed their mean or spread where the discriminator's gradient rose."""
    if "real_mean" not in run or "real_spread" not in run:
        return BAD_DATA.cause(0.03 if "real_mean" in run else 0.15, _data_range(run))
    at = jumps["d"][1] if "d" in jumps else run.last_step
    changed = None
    for name in ("real_mean", "real_spread"):
        was, now = median_between(run, name, 0, at - 1), median_between(run, name, at, at + JUMP_SPAN)
        if was is not None and now is not None and abs(now - was) > max(abs(was), 1e-3):
            changed = Message(
                "{signal} went from {was:.3g} to {now:.3g} at step {step}", signal=name, was=was, now=now, step=at
            )
    if changed is None:
        return BAD_DATA.cause(0.03, Message("the real batches stayed as they were"))
    return BAD_DATA.cause(0.85, changed)


def _data_range(run: Run) -> Message:
    data = run.manifest.data
    if data is None:
        return Message("the real batches were not recorded")
    return Message("the probe data lie in {low:.3g} to {high:.3g}", low=data.minimum, high=data.maximum)
