"""Why samples may have got worse again: ranked hypotheses for GD409, by what has changed since the best step.

The scores are judgement: what has changed decides where it was recorded, and what was not recorded stays in between.
"""

from __future__ import annotations

import math

from gandoctor.message import Message, clauses
from gandoctor.player_names import NAMES, PLAYERS
from gandoctor.rules.hypotheses.players import DISCRIMINATOR_LEARNS_FASTER
from gandoctor.rules.hypotheses.training import (
    CHASING_THE_DISCRIMINATOR,
    DISCRIMINATOR_OVERFITS,
    EXPLODING_UPDATES,
)
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.samples.best_quality import Regression
from gandoctor.rules.samples.overfitted_share import OVERFITTED_SHARE, overfitted_share
from gandoctor.store import Run

FEWER = 0.6
"""Coverage, or distance to the nearest other sample, now over what it was: below it variety has been lost."""
MORE_COPIES = 4.0
LARGE_GAP = 8.0
"""Logits between reals and samples that are too many (by then healthy runs stay below 5)."""
GROWN = 10.0
"""Times by which updates or gradients must have grown to count as exploding."""

COLLAPSED_LATER = Hypothesis(
    "collapsed-later",
    Message("The generator has since collapsed to fewer images"),
    Message("There are more copies among the samples (GD403), or parts of the data go missing (GD404)."),
)
LATE_LEARNING_RATE = Hypothesis(
    "learning-rate-too-high-late",
    Message("The learning rates are still high late in the training"),
    Message("Go on from the best step with a tenth of both rates: the samples stay or improve."),
)

_Pair = tuple[float, float]
"""A signal then, in the best window, and now, since the samples got worse."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank what may have driven the samples away again, by what else has changed since the best step."""
    worse: Regression = found.details[0]
    return [
        _collapsed(run, worse),
        _exploding(run, worse),
        _overfitted(run, worse),
        _discriminator_won(run, worse),
        _circles(run, worse),
        _learning_rate(run, worse),
    ]


def _then_and_now(run: Run, worse: Regression, name: str) -> _Pair | None:
    then = median_between(run, name, worse.best_first, worse.best_last)
    now = median_between(run, name, worse.first_step, worse.last_step)
    return None if then is None or now is None else (then, now)


def _collapsed(run: Run, worse: Regression) -> Cause:
    coverage, nearest, pairs = (
        _then_and_now(run, worse, name) for name in ("sample_coverage", "sample_nn_distance", "sample_duplicate_pairs")
    )
    if coverage is None and nearest is None and pairs is None:
        return COLLAPSED_LATER.cause(0.2)
    fewer = any(pair is not None and pair[1] < FEWER * pair[0] for pair in (coverage, nearest))
    copies = pairs is not None and pairs[1] > MORE_COPIES * max(1.0, pairs[0])
    shown = clauses(
        coverage
        and Message("coverage of the reals went from {then:.3g} to {now:.3g}", then=coverage[0], now=coverage[1]),
        nearest
        and Message(
            "the distance to the nearest other sample went from {then:.3g} to {now:.3g}",
            then=nearest[0],
            now=nearest[1],
        ),
        pairs and Message("pairs of copies went from {then:.3g} to {now:.3g}", then=pairs[0], now=pairs[1]),
    )
    return COLLAPSED_LATER.cause(0.85 if copies else 0.5 if fewer else 0.05, shown)


def _exploding(run: Run, worse: Regression) -> Cause:
    grown, known = False, []
    for player in ("g", "d"):
        for name in ("update_ratio", "grad_norm"):
            pair = _then_and_now(run, worse, f"{player}_{name}")
            if pair is None or not pair[0] > 0:
                continue
            times = pair[1] / pair[0]
            grown = grown or pair[1] > GROWN * pair[0]
            if name == "update_ratio":
                known.append(
                    Message("the {player}'s updates are {times:.2g} times as large", player=NAMES[player], times=times)
                )
            else:
                known.append(
                    Message("the {player}'s gradient is {times:.2g} times as large", player=NAMES[player], times=times)
                )
    broken = not math.isfinite(worse.late)
    last = Message("the samples are no longer finite") if broken else None
    shown = clauses(*known, last) if known or broken else NOT_RECORDED
    test = Message("With a quarter of the learning rates, or with clipped gradients, the samples stay good.")
    return EXPLODING_UPDATES.cause(0.9 if broken else 0.8 if grown else 0.05 if known else 0.2, shown, test)


def _overfitted(run: Run, worse: Regression) -> Cause:
    then, now = (
        overfitted_share(*(median_between(run, f"d_{which}_logit", *steps) for which in ("real", "holdout", "fake")))
        for steps in ((worse.best_first, worse.best_last), (worse.first_step, worse.last_step))
    )
    test = Message(
        "It scores held-out reals more and more like generated images (GD304), and samples get worse from there on."
    )
    if then is None or now is None:
        return DISCRIMINATOR_OVERFITS.cause(0.25, NOT_RECORDED, test)
    shown = Message(
        "held-out reals had gone {then:.0%} of the way to generated images then, {now:.0%} now", then=then, now=now
    )
    return DISCRIMINATOR_OVERFITS.cause(0.75 if now > OVERFITTED_SHARE and now > 1.5 * then else 0.05, shown, test)


def _discriminator_won(run: Run, worse: Regression) -> Cause:
    gap = _then_and_now(run, worse, "d_logit_gap")
    test = Message("Halve the discriminator's learning rate from the best step on: the samples stay good.")
    if gap is None:
        return DISCRIMINATOR_LEARNS_FASTER.cause(0.25, NOT_RECORDED, test)
    won = abs(gap[1]) > LARGE_GAP and abs(gap[1]) > 1.5 * abs(gap[0])
    shown = Message(
        "the logits of real and generated images lay {then:.1f} apart then and {now:.1f} now", then=gap[0], now=gap[1]
    )
    return DISCRIMINATOR_LEARNS_FASTER.cause(0.6 if won else 0.1, shown, test)


def _circles(run: Run, worse: Regression) -> Cause:
    back = median_between(run, "sample_return_distance", worse.best_last, worse.last_step)
    step = median_between(run, "sample_step_distance", worse.best_last, worse.last_step)
    test = Message(
        "The images of fixed latents come back to what they were long before (GD303), and averaged weights are better "
        "than those of any step."
    )
    if back is None or step is None:
        return CHASING_THE_DISCRIMINATOR.cause(0.3, NOT_RECORDED, test)
    shown = Message(
        "they moved by {step:.3g} from probe to probe and came back to within {back:.3g}", step=step, back=back
    )
    return CHASING_THE_DISCRIMINATOR.cause(0.55 if back < step else 0.15, shown, test)


def _learning_rate(run: Run, worse: Regression) -> Cause:
    rates = {player: _then_and_now(run, worse, f"{player}_learning_rate") for player in PLAYERS}
    known = [pair for pair in rates.values() if pair is not None and pair[0] > 0]
    fell = bool(known) and all(now < 0.5 * then for then, now in known)
    told = [
        Message("the {player}'s went from {then:.1e} to {now:.1e}", player=NAMES[player], then=pair[0], now=pair[1])
        for player, pair in rates.items()
        if pair is not None
    ]
    score = 0.3 if not known else 0.05 if fell else 0.4
    return LATE_LEARNING_RATE.cause(score, clauses(*told) if told else NOT_RECORDED)
