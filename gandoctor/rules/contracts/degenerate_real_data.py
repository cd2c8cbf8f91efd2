"""GD009: the real images that the discriminator is given do not vary.

What it is
    All real images of a batch are the same, or every step is given the same batch, or the data as a whole hold a
    single value. The usual reasons are a `take(1)` left over from a trial, `repeat` in the wrong place, an iterator
    created anew in every step, and a broken image decoder.

Why it hurts
    The discriminator memorises those few images, and the generator can at best reproduce them. The losses look like
    those of any strong discriminator, and more steps only make it worse.

How it is recognised
    The check is exact: it uses mean and spread of the real batch in each training step, also during warm-up. It looks
    for a spread of 0 within the batch in two successive steps, and for both numbers the same as in the step before for
    ten steps in a row; the same images in another order change only the last digits. Where the steps cannot be seen,
    it checks the real images given to the monitor: all of one value, or all the same image.

What it is not
    Images with many equal pixels vary where it matters: four fifths of MNIST are exactly 0. Data of one kind only,
    such as a single digit, vary as well. A batch of a single image has no spread, and neither have its latents. A data
    set so small that every batch holds all of it repeats by design. Where the mean of the batch is that of the images
    given to the monitor, this is a warning, and two to four batches that take turns are only mentioned. Whether the
    discriminator overfits to them is GD304's question.

What to do
    Look at what the pipeline yields, not at how it is written: take two batches and compare them. Shuffle over more
    than a batch, repeat the data set and not the batch, and create the iterator once, before the loop. If the data set
    is really that small, augment what the discriminator sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.message import Message, sentences
from gandoctor.rules.hypotheses.data import LOADER_REPEATS
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.repetition import few_batches, longest_stretch, repeated_stretch, same_as_before
from gandoctor.rules.rule import Cause, Evidence, Explanation, Found, NotEvaluated, Rule, Severity, why_missing
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

WHOLE_DATA_SET_AT_ONCE = Hypothesis(
    "whole-data-set-at-once",
    Message("One batch is the whole data set"),
    Message("The number of training images equals the batch size."),
)


@dataclass(frozen=True)
class Limits:
    """Thresholds. Anything that varies varies by far more; they only allow for rounding and for chance.

    Attributes:
        rounding: Relative to the size of the data: a spread or a difference that float32 explains. Measured: the
            same 16 to 5000 digits in another order differ by up to 2e-7, fresh batches by 4e-4 at least.
        constant_steps: Successive steps without spread: the last batch of an epoch may be a single image.
        repeated_steps: Successive steps with the same batch. Judgement; even two do not happen by chance.
        whole_data: Relative difference up to which the mean of a repeated batch is that of all images given to the
            monitor (which are stored with more digits than that).
        window: Steps in which the different batches are counted.
        handful: Batches among them that are mentioned.
    """

    rounding: float = 1e-6
    constant_steps: int = 2
    repeated_steps: int = 10
    whole_data: float = 1e-4
    window: int = 200
    handful: int = 4


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return what shows in the data as a whole, in the spread within batches and in what repeats between steps."""
    import pandas as pd

    evidence = _as_given(run, limits)
    if "real_spread" not in run or "real_mean" not in run:
        if evidence:
            return evidence
        why = why_missing(run, "real_spread")
        raise NotEvaluated(Message("The real batches of the training steps were not seen: {why}.", why=why))
    table = pd.DataFrame({"mean": run["real_mean"], "spread": run["real_spread"]}).dropna()
    if table.empty:
        raise NotEvaluated(Message("No real batch with finite values was recorded."))
    mean, spread = table["mean"], table["spread"]
    return [*evidence, *_constant(run, mean, spread, limits), *_repeated(run, mean, spread, limits)]


def _as_given(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence in the real images that the monitor was given."""
    card, reals = run.manifest.data, run.reals
    if card is not None and card.maximum - card.minimum <= limits.rounding * max(abs(card.maximum), abs(card.minimum)):
        statement = Message(
            "Every pixel of the {images} real images given to the monitor is {value:g}.",
            images=card.probe_count,
            value=card.minimum,
        )
    elif reals is not None and len(reals) > 1 and (reals == reals[0]).all():
        statement = Message("The {images} real images given to the monitor are all the same image.", images=len(reals))
    else:
        return []
    return [Evidence("real_spread", 0.0, limits.rounding, 0, run.last_step, statement)]


def _constant(run: Run, mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Return evidence where the images of a batch are all the same."""
    limit = limits.rounding * _size(run, mean)
    found = longest_stretch(spread <= limit, limits.constant_steps)
    if found is None:
        return []
    first, last = found.first_step, found.last_step
    severity = Severity.CRITICAL if found.ongoing else Severity.WARNING
    excuse = None
    if not same_as_before(mean.loc[first:last], spread.loc[first:last], limits.rounding).iloc[1:].all():
        # The one image changes from step to step. So do batches of a single image.
        latents = run["latent_spread"].loc[first:last] if "latent_spread" in run else None
        if latents is not None and (latents == 0).all():
            return []
        if latents is None:
            severity = Severity.WARNING
            excuse = Message("This is correct if your batches hold a single image.")
    statement = Message(
        "All real images of a batch were the same in {steps} successive steps, from step {first} to {last}.",
        steps=found.count,
        first=first,
        last=last,
    )
    observed = float(spread.loc[first:last].max())
    return [Evidence("real_spread", observed, limit, first, last, sentences(statement, found.ending, excuse), severity)]


def _repeated(run: Run, mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Return evidence where the same batch, or a few of them, comes back."""
    found = repeated_stretch(mean, spread, limits.rounding, limits.repeated_steps)
    if found is None:
        return _few(mean, spread, limits)
    first, last = found.first_step, found.last_step
    observed = float(mean.loc[first])
    whole = _is_whole_data(run, observed, float(spread.loc[first]), limits)
    statement = Message(
        "The discriminator was given the same real batch in {steps} successive steps, from step {first} to {last}: its "
        "mean and spread do not change.",
        steps=found.count,
        first=first,
        last=last,
    )
    return [
        Evidence(
            "real_mean",
            observed,
            None,
            first,
            last,
            sentences(statement, found.ending, _compared(run, observed, whole)),
            Severity.CRITICAL if found.ongoing and whole is False else Severity.WARNING,
            detail=whole,
        )
    ]


def _compared(run: Run, observed: float, whole: bool | None) -> Message:
    """Return the sentence that compares the mean of a repeated batch with that of the data set."""
    data = run.manifest.data
    if whole is None or data is None:
        return Message("That is by design only if one batch holds your whole data set.")
    if whole:
        return Message(
            "Its mean is that of all real images given to the monitor, so a batch seems to hold the whole data set. It "
            "then repeats by design, but the discriminator can memorise so few images."
        )
    return Message(
        "Its mean is {batch:.4g}, that of the real images given to the monitor {data:.4g}: there are more data than "
        "this batch.",
        batch=observed,
        data=data.mean,
    )


def _few(mean: pd.Series[float], spread: pd.Series[float], limits: Limits) -> list[Evidence]:
    """Return a remark on data that fill only a few batches."""
    few = few_batches(mean, spread, limits.rounding, limits.window, limits.handful)
    if few is None:
        return []
    stretch, count = few
    first, last = stretch.first_step, stretch.last_step
    statement = Message(
        "From step {first} to {last} the same {batches} real batches take turns, always composed of the same images. "
        "So small a data set is soon memorised, and shuffling it would help.",
        first=first,
        last=last,
        batches=count,
    )
    told = sentences(statement, stretch.ending)
    return [Evidence("real_mean", float(mean.loc[first]), None, first, last, told, Severity.INFO)]


def _is_whole_data(run: Run, mean: float, spread: float, limits: Limits) -> bool | None:
    """Tell by its mean whether a batch is all of the data the monitor was given; None if nothing was given."""
    card = run.manifest.data
    if card is None:
        return None
    return abs(mean - card.mean) <= limits.whole_data * (abs(card.mean) + spread)


def _size(run: Run, mean: pd.Series[float]) -> float:
    """Return how large the data are: their largest magnitude, or that of the batches' means where larger."""
    card = run.manifest.data
    known = [abs(card.minimum), abs(card.maximum)] if card is not None else []
    return max([float(mean.abs().max()), *known])


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank a broken pipeline against a data set as small as a batch. The scores are judgement."""
    whole: bool | None = next(iter(found.details), None)
    if whole is None:
        shown = Message("there is no batch to compare with the data set")
    elif whole:
        shown = Message("the repeated batch has the mean of all real images given to the monitor")
    else:
        shown = Message("the repeated batch has another mean than the real images given to the monitor")
    compare = Message(
        "Compare two successive batches from the pipeline with `numpy.array_equal`, and count the different images in "
        "an epoch."
    )
    return [
        LOADER_REPEATS.cause(0.4 if whole else 0.9, shown, compare),
        WHOLE_DATA_SET_AT_ONCE.cause(0.8 if whole else 0.05 if whole is False else 0.2, shown),
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD009",
    name="degenerate-real-data",
    title=Message("The real images in training do not vary"),
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
