"""Why samples may have got worse again: ranked hypotheses for GD409, by what has changed since the best step."""

from __future__ import annotations

import math

from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.rule import Cause
from gandoctor.rules.samples.best_quality import Regression
from gandoctor.store import Run

FEWER = 0.6
"""Coverage, or distance to the nearest other sample, now over what it was: below it variety has been lost."""
MORE_COPIES = 4.0
LARGE_GAP = 8.0
"""Logits between reals and samples that are too many (by then healthy runs stay below 5)."""
GROWN = 10.0
"""Times by which updates or gradients must have grown to count as exploding."""
OVERFITTED_SHARE = 0.1
LEAST_GAP = 0.5


def ranked(run: Run, found: Regression) -> list[Cause]:
    """Return the hypotheses with what the run shows of each, then (best window) and now (since it got worse)."""
    return [
        _collapsed(run, found),
        _exploding(run, found),
        _overfitted(run, found),
        _discriminator_won(run, found),
        _circles(run, found),
        _learning_rate(run, found),
    ]


def _then_and_now(run: Run, found: Regression, name: str) -> tuple[float, float] | None:
    then = median_between(run, name, found.best_first, found.best_last)
    now = median_between(run, name, found.first_step, found.last_step)
    return None if then is None or now is None else (then, now)


def _collapsed(run: Run, found: Regression) -> Cause:
    coverage = _then_and_now(run, found, "sample_coverage")
    nearest = _then_and_now(run, found, "sample_nn_distance")
    pairs = _then_and_now(run, found, "sample_duplicate_pairs")
    fewer = any(pair is not None and pair[1] < FEWER * pair[0] for pair in (coverage, nearest))
    copies = pairs is not None and pairs[1] > MORE_COPIES * max(1.0, pairs[0])
    known = [
        f"{what} went from {pair[0]:.3g} to {pair[1]:.3g}"
        for what, pair in (
            ("coverage of the reals", coverage),
            ("the distance to the nearest other sample", nearest),
            ("pairs of copies", pairs),
        )
        if pair is not None
    ]
    return Cause(
        "collapsed-later",
        "The generator has since collapsed to fewer images",
        0.2 if not known else 0.85 if copies else 0.5 if fewer else 0.05,
        "Copies among the samples become more (GD403), or parts of the data go missing (GD404). This run: "
        f"{', '.join(known) or 'not recorded'}.",
    )


def _exploding(run: Run, found: Regression) -> Cause:
    grown, known = False, []
    for what, name in (
        ("the generator's updates", "g_update_ratio"),
        ("the discriminator's updates", "d_update_ratio"),
        ("the generator's gradient", "g_grad_norm"),
        ("the discriminator's gradient", "d_grad_norm"),
    ):
        if (pair := _then_and_now(run, found, name)) is not None and pair[0] > 0:
            grown = grown or pair[1] > GROWN * pair[0]
            known.append(f"{what} are {pair[1] / pair[0]:.2g} times as large")
    broken = not math.isfinite(found.late)
    shown = ", ".join(known) or "not recorded"
    return Cause(
        "exploding-updates",
        "The learning rate is too large: updates exploded",
        0.9 if broken else 0.8 if grown else 0.05 if known else 0.2,
        "With a quarter of the learning rates, or gradients clipped, the samples stay. This run, then and now: "
        f"{shown}{'; the samples are not finite any more' if broken else ''}.",
    )


def _overfitted(run: Run, found: Regression) -> Cause:
    shares = []
    for first, last in ((found.best_first, found.best_last), (found.first_step, found.last_step)):
        real, holdout, fake = (median_between(run, f"d_{w}_logit", first, last) for w in ("real", "holdout", "fake"))
        if real is not None and holdout is not None and fake is not None and abs(real - fake) > LEAST_GAP:
            shares.append((real - holdout) / (real - fake))
    both = len(shares) == 2
    grown = both and shares[1] > OVERFITTED_SHARE and shares[1] > 1.5 * shares[0]
    return Cause(
        "discriminator-overfits",
        "The discriminator knows its training images by heart",
        0.75 if grown else 0.05 if both else 0.25,
        "It then scores held-out reals ever more like generated images (GD304), and samples get worse from there on. "
        "This run: "
        + (
            f"held-out reals had gone {shares[0]:.0%} of the way to generated images then, {shares[1]:.0%} now."
            if both
            else "not recorded."
        ),
    )


def _discriminator_won(run: Run, found: Regression) -> Cause:
    gap = _then_and_now(run, found, "d_logit_gap")
    won = gap is not None and abs(gap[1]) > LARGE_GAP and abs(gap[1]) > 1.5 * abs(gap[0])
    return Cause(
        "discriminator-learns-faster",
        "The discriminator learns faster than the generator",
        0.25 if gap is None else 0.6 if won else 0.1,
        "Halve the discriminator's learning rate from the best step on: the samples stay. This run: "
        + (
            "not recorded."
            if gap is None
            else f"the logits of real and generated images lay {gap[0]:.1f} apart then and {gap[1]:.1f} now."
        ),
    )


def _circles(run: Run, found: Regression) -> Cause:
    back = median_between(run, "sample_return_distance", found.best_last, found.last_step)
    step = median_between(run, "sample_step_distance", found.best_last, found.last_step)
    known = back is not None and step is not None
    returns = back is not None and step is not None and back < step
    return Cause(
        "chasing-the-discriminator",
        "The generator chases the discriminator from mode to mode",
        0.55 if returns else 0.15 if known else 0.3,
        "The images of fixed latents come back to what they were long before (GD303), and averaged weights are better "
        "than those of any step. This run: "
        + (
            f"they moved by {step:.3g} from probe to probe and came back to within {back:.3g}."
            if known
            else "not recorded."
        ),
    )


def _learning_rate(run: Run, found: Regression) -> Cause:
    rates = [_then_and_now(run, found, f"{player}_learning_rate") for player in ("d", "g")]
    known = [pair for pair in rates if pair is not None and pair[0] > 0]
    fell = bool(known) and all(now < 0.5 * then for then, now in known)
    shown = ", ".join(
        f"the {player}'s went from {pair[0]:.1e} to {pair[1]:.1e}"
        for player, pair in zip(("discriminator", "generator"), rates, strict=True)
        if pair is not None
    )
    return Cause(
        "learning-rate-too-high-late",
        "The learning rates are still high late in the training",
        0.3 if not known else 0.05 if fell else 0.4,
        "Go on from the best step with a tenth of both rates: the samples stay or improve. This run: "
        f"{shown or 'not recorded'}.",
    )
