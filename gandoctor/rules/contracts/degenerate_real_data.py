"""GD009: the real images the discriminator is shown do not vary.

What it is
    All real images of a batch are one and the same, or every step is shown the same batch, or the data as a whole
    hold a single value. A `take(1)` left over from a trial, `repeat` in the wrong place, an iterator made anew in
    every step and a broken image decoder are the usual ways there.

Why it hurts
    The discriminator learns those few images by heart, and the generator can at best reproduce them. The losses look
    like those of any strong discriminator; with more steps it only gets worse.

How it is recognised
    Exactly, from mean and spread of the real batch in each training step, also during warm-up. A spread of 0 within
    the batch, in two successive steps. Or both numbers the same as in the step before, for ten steps on end: the
    same images in another order change the last digits only. Where the steps cannot be seen, the real images that
    the monitor was given are looked at: all of one value, or all the same image.

What it is not
    Images with many equal pixels vary where it matters: four fifths of MNIST are exactly 0. Data of one kind only,
    such as a single digit, vary as well. A batch of a single image has no spread, nor have its latents. A data set
    so small that every batch holds the whole of it repeats by design; where the mean of the batch is that of the
    images the monitor was given, this is a warning, and two to four batches that take turns are only mentioned:
    whether the discriminator overfits to them is GD304's question.

What to do
    Look at what the pipeline yields, not at how it is written: take two batches and compare them. Shuffle over more
    than a batch, repeat the data set and not the batch, and make the iterator once, before the loop. If the data set
    is really that small, augment what the discriminator sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gandoctor.rules.reading.repetition import few_batches, longest_stretch, repeated_stretch, same_as_before
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds; what varies at all varies by far more, so they only allow for rounding and for chance.

    Attributes:
        rounding: Relative to the size of the data: a spread or a difference that float32 explains. Measured: the
            same 16 to 5000 digits in another order differ by up to 2e-7, fresh batches by 4e-4 at least.
        constant_steps: Successive steps without spread: the last batch of an epoch may be a single image.
        repeated_steps: Successive steps with the same batch. Judgement; even two do not happen by chance.
        whole_data: Relative difference up to which the mean of a repeated batch is that of all images given to the
            monitor (which are stored with more digits than that).
        window: Steps in which the different batches are counted.
        handful: Batches in them that are worth a word.
    """

    rounding: float = 1e-6
    constant_steps: int = 2
    repeated_steps: int = 10
    whole_data: float = 1e-4
    window: int = 200
    handful: int = 4


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence on the data as a whole, on the spread within batches and on what repeats from step to step."""
    seen = "real_spread" in run and "real_mean" in run
    evidence = _as_given(run, limits)
    if not seen:
        if evidence:
            return evidence
        why = run.manifest.missing.get("real_spread", "not recorded")
        raise NotEvaluated(f"The real batches of the training steps were not seen: {why}.")
    table = pd.DataFrame({"mean": run["real_mean"], "spread": run["real_spread"]}).dropna()
    if table.empty:
        raise NotEvaluated("No real batch with finite values was recorded.")
    mean, spread = table["mean"], table["spread"]
    return [*evidence, *_constant(run, mean, spread, limits), *_repeated(run, mean, spread, limits)]


def _as_given(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence in the real images that the monitor was given."""
    card, reals = run.manifest.data, run.reals
    if card is not None and card.maximum - card.minimum <= limits.rounding * max(abs(card.maximum), abs(card.minimum)):
        told = f"Every pixel of the {card.probe_count} real images given to the monitor is {card.minimum:g}"
    elif reals is not None and len(reals) > 1 and (reals == reals[0]).all():
        told = f"The {len(reals)} real images given to the monitor are one and the same image"
    else:
        return []
    return [Evidence("real_spread", 0.0, limits.rounding, 0, run.last_step, f"{told}.")]


def _constant(run: Run, mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Evidence where the images of a batch are all the same."""
    limit = limits.rounding * _size(run, mean)
    found = longest_stretch(spread <= limit, limits.constant_steps)
    if found is None:
        return []
    within = slice(found.first_step, found.last_step)
    severity = Severity.CRITICAL if found.ongoing else Severity.WARNING
    statement = (
        f"All real images of a batch were the same in {found.count} successive steps, from step {found.first_step} to "
        f"{found.last_step}.{found.ending}"
    )
    if not same_as_before(mean.loc[within], spread.loc[within], limits.rounding).iloc[1:].all():
        # The one image changes from step to step. Batches of a single image do the same.
        latents = run["latent_spread"].loc[within] if "latent_spread" in run else None
        if latents is not None and (latents == 0).all():
            return []
        if latents is None:
            severity = Severity.WARNING
            statement += " That is as it should be if your batches hold a single image."
    observed = float(spread.loc[within].max())
    return [Evidence("real_spread", observed, limit, found.first_step, found.last_step, statement, severity)]


def _repeated(run: Run, mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Evidence where the same batch, or a few of them, comes back."""
    same = repeated_stretch(mean, spread, limits.rounding, limits.repeated_steps)
    if same is None:
        return _few(mean, spread, limits)
    observed = float(mean.loc[same.first_step])
    statement = (
        f"The discriminator was shown the same real batch in {same.count} successive steps, from step "
        f"{same.first_step} to {same.last_step}: its mean and spread do not change.{same.ending}"
    )
    whole = _is_whole_data(run, observed, float(spread.loc[same.first_step]), limits)
    severity = Severity.CRITICAL if same.ongoing and whole is False else Severity.WARNING
    if whole:
        statement += (
            " Its mean is that of all real images given to the monitor, so a batch seems to hold the whole data set. "
            "Then it repeats by design; the discriminator can learn so few images by heart."
        )
    elif whole is None:
        statement += " That is by design only if one batch holds your whole data set."
    else:
        assert run.manifest.data is not None
        statement += (
            f" Its mean is {observed:.4g}, that of the real images given to the monitor {run.manifest.data.mean:.4g}: "
            "there is more data than this batch."
        )
    return [Evidence("real_mean", observed, None, same.first_step, same.last_step, statement, severity)]


def _few(mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """A word on data that fill a few batches only."""
    few = few_batches(mean, spread, limits.rounding, limits.window, limits.handful)
    if few is None:
        return []
    stretch, count = few
    statement = (
        f"From step {stretch.first_step} to {stretch.last_step} the same {count} real batches take turns, in their "
        f"order and undivided: a data set that small is learnt by heart sooner, and shuffling it would help."
        f"{stretch.ending}"
    )
    observed = float(mean.loc[stretch.first_step])
    return [Evidence("real_mean", observed, None, stretch.first_step, stretch.last_step, statement, Severity.INFO)]


def _is_whole_data(run: Run, mean: float, spread: float, limits: Limits) -> bool | None:
    """Tell whether a batch is all of the data the monitor was given, by its mean; None if nothing was given."""
    card = run.manifest.data
    if card is None:
        return None
    return abs(mean - card.mean) <= limits.whole_data * (abs(card.mean) + spread)


def _size(run: Run, mean: pd.Series[float]) -> float:
    """How large the data are: their largest magnitude, that of the batches' means where it is not known."""
    card = run.manifest.data
    known = [abs(card.minimum), abs(card.maximum)] if card is not None else []
    return max([float(mean.abs().max()), *known])


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank a broken pipeline against a data set that is as small as a batch."""
    repeated = None
    if "real_mean" in run and "real_spread" in run:
        repeated = repeated_stretch(run["real_mean"], run["real_spread"], LIMITS.rounding, LIMITS.repeated_steps)
    whole = None
    if repeated is not None:
        at = repeated.first_step
        whole = _is_whole_data(run, float(run["real_mean"].loc[at]), float(run["real_spread"].loc[at]), LIMITS)
    shown = {
        True: "the repeated batch has the mean of all real images given to the monitor",
        False: "the repeated batch has another mean than the real images given to the monitor",
        None: "no batch to compare with the data set",
    }[whole]
    return [
        Cause(
            "loader-repeats",
            "The data pipeline yields the same images again and again",
            0.4 if whole else 0.9,
            "`numpy.array_equal` of two batches taken from the pipeline one after the other, and the number of "
            f"different images in an epoch. This run: {shown}.",
        ),
        Cause(
            "whole-data-set-at-once",
            "One batch is the whole data set",
            0.8 if whole else 0.05 if whole is False else 0.2,
            f"The number of training images equals the batch size. This run: {shown}.",
        ),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD009",
    name="degenerate-real-data",
    title="The real images the discriminator is shown do not vary",
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("feed-varied-batches", "check-data"),
    references=(
        "TensorFlow guide, tf.data: Build TensorFlow input pipelines (order of shuffle, batch and repeat)",
        "Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020",
    ),
    page=__doc__,
    after_warm_up=False,
    causes=causes,
    explains=Explanation(
        symptoms=("GD301", "GD303", "GD304", "GD403", "GD404", "GD408"),
        critical=0.9,
        warning=0.7,
        info=0.3,
        same_as=("loader-repeats", "whole-data-set-at-once", "too-few-images"),
        refutes=("loader-repeats", "whole-data-set-at-once"),
    ),
)
