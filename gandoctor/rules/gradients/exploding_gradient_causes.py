"""Why a gradient may have grown: ranked hypotheses for GD202 and what decides each."""

from __future__ import annotations

import numpy as np

from gandoctor.rules.gradients.own_level import RECENT_STEPS, finite, recent
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_PLAYERS = {"d": "discriminator", "g": "generator"}
JUMP = 10.0
"""Growth from the 20 steps before a step to the 20 steps after it that counts as a jump."""
JUMP_SPAN = 20
LARGE_UPDATE = 0.1
"""As in update-size-out-of-range (GD203)."""
GAP_GROWTH = 4.0
"""Growth of the logit gap beyond warm-up; in healthy runs it falls."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    jumps = {name: jump for player, name in _PLAYERS.items() if (jump := _largest_jump(run, player)) is not None}
    return [_loss_too_large(run, jumps), _updates(run, jumps), _steep_discriminator(run, jumps), _data(run, jumps)]


def _largest_jump(run: Run, player: str) -> tuple[float, int] | None:
    """Return by how much the norm rose at the step where it rose most, and the step; None if too short."""
    norm = finite(run, f"{player}_grad_norm")
    values = norm.to_numpy()
    if len(values) < 2 * JUMP_SPAN:
        return None
    medians = norm.rolling(JUMP_SPAN).median().to_numpy()
    before, after = medians[JUMP_SPAN - 1 : -JUMP_SPAN], medians[2 * JUMP_SPAN - 1 :]
    ratios = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    most = int(np.argmax(ratios))
    return float(ratios[most]), int(norm.index[most + JUMP_SPAN])


def _loss_too_large(run: Run, jumps: dict[str, tuple[float, int]]) -> Cause:
    """Both losses, and both gradients, grow at one step by one factor if it is the loss that was scaled."""
    jumped = {name: jump for name, jump in jumps.items() if jump[0] > JUMP}
    steps = [step for _, step in jumped.values()]
    together = len(jumped) == len(_PLAYERS) and max(steps) - min(steps) <= JUMP_SPAN
    losses = {name: loss for name in ("d_loss", "g_loss") if (loss := recent(run, name)) is not None}
    large = bool(losses) and min(abs(loss) for loss in losses.values()) > 100
    shown = ", ".join(f"{name} is {loss:.3g}" for name, loss in losses.items()) or "no loss was recorded"
    shown += "".join(f"; the {n}'s gradient rose {r:.2g}-fold at step {s}" for n, (r, s) in jumped.items())
    return Cause(
        "loss-too-large",
        "A loss is summed where it should be averaged, or weighted by too much",
        0.9 if together and large else 0.8 if large else 0.6 if together else 0.1,
        "Print the losses of one batch and of half of it: a mean does not change. The gradients of both players rise "
        f"in one step and by one factor. This run: {shown}.",
    )


def _updates(run: Run, jumps: dict[str, tuple[float, int]]) -> Cause:
    ratios = {name: ratio for p, name in _PLAYERS.items() if (ratio := recent(run, f"{p}_update_ratio")) is not None}
    large = any(ratio > LARGE_UPDATE for ratio in ratios.values())
    jumped = any(ratio > JUMP for ratio, _ in jumps.values())
    shown = ", ".join(f"the {name}'s weights move by {ratio:.1e} of their size" for name, ratio in ratios.items())
    return Cause(
        "exploding-updates",
        "The learning rate is too large: updates exploded",
        0.85 if large else 0.15 if ratios and jumped else 0.25 if ratios else 0.4,
        "The norm grows over many steps and the updates with it, and a ten times smaller learning rate moves or "
        f"removes it. This run: {shown or 'updates were not recorded'}.",
    )


def _steep_discriminator(run: Run, jumps: dict[str, tuple[float, int]]) -> Cause:
    gap, start = recent(run, "d_logit_gap"), warm_up_end(run.manifest)
    before = median_between(run, "d_logit_gap", start // 2, start + RECENT_STEPS)
    growth = abs(gap) / abs(before) if gap is not None and before else None
    shown = "not recorded"
    if gap is not None:
        shown = f"the logits of real and generated images lie {gap:.2g} apart"
        shown += f", {growth:.2g} times as far as after warm-up" if growth is not None else ""
    steep, sudden = growth is not None and growth > GAP_GROWTH, any(ratio > JUMP for ratio, _ in jumps.values())
    return Cause(
        "steep-discriminator",
        "The discriminator gets ever steeper around the data, and with it the gradient it hands on",
        0.8 if steep and not sudden else 0.5 if steep else 0.1 if gap is not None else 0.3,
        "The gap of the logits grows along with the generator's gradient; spectral normalisation or R1 bounds both. "
        f"This run: {shown}.",
    )


def _data(run: Run, jumps: dict[str, tuple[float, int]]) -> Cause:
    """Real batches whose mean or spread changed at the step where the discriminator's gradient rose."""
    jump = jumps.get("discriminator")
    shown, changed = "the real batches were not recorded", False
    if "real_mean" in run and "real_spread" in run:
        shown = "the real batches stayed as they were"
        at = jump[1] if jump is not None else run.last_step
        for name in ("real_mean", "real_spread"):
            was, now = median_between(run, name, 0, at - 1), median_between(run, name, at, at + JUMP_SPAN)
            if was is not None and now is not None and abs(now - was) > max(abs(was), 1e-3):
                changed, shown = True, f"{name} went from {was:.3g} to {now:.3g} at step {at}"
    elif run.manifest.data is not None:
        shown = f"the probe data lie in {run.manifest.data.minimum:g} .. {run.manifest.data.maximum:g}"
    return Cause(
        "bad-data",
        "The data hold NaN or values far outside the range the networks expect",
        0.85 if changed else 0.03 if "real_mean" in run else 0.15,
        "`numpy.isfinite(x).all()` over the training data, and their minimum and maximum; a single bad image "
        f"strikes once an epoch. This run: {shown}.",
    )
