"""GD006: the generator's output range does not match the data.

What it is
    The generator's last activation bounds its output: a sigmoid to 0 ... 1, tanh to -1 ... 1. The images it has to
    imitate lie elsewhere: pixels in 0 ... 255 that were never divided, data in -1 ... 1 for a sigmoid, data
    standardised by mean and deviation for tanh.

Why it hurts
    Where the data lie outside, the discriminator tells real from generated images by values that the generator can
    never produce, and no gradient leads there. In our measurements both a sigmoid on -1 ... 1 data and a sigmoid on
    0 ... 255 data were fatal: one grey image, a discriminator loss of 0.

How it is recognised
    From the model card, before the first step: interval arithmetic through the generator's last layers (activations,
    rescaling, clipping) is compared with the smallest and largest value of the real images given to the monitor.
    During training also from the mean of each real batch: a mean that the generator cannot produce is proof, whatever
    the monitor was given. Finally from the values that the discriminator is given. Those that are out of reach for the
    discriminator's loss but not for the generator's are real images that were rescaled within the training step,
    where no data set shows it.

What it is not
    A sigmoid only approaches 0 and 1, but data that are exactly 0 in four fifths of their pixels, as MNIST is, are
    within reach. A tanh generator on data in 0 ... 1 can produce every image and has to learn to stay in the upper
    half: it did so unharmed in our measurements, and gave grey, noisy images to others. It is a warning. Data in the
    middle of the reach, such as images of low contrast for tanh, are only mentioned. An unbounded output, the rule in
    Wasserstein GANs of large images, is only mentioned, and a warning where even the mean of the samples lies outside
    the data's range after warm-up. A few stray values just outside are no mismatch. Noise or augmentation on everything
    the discriminator is given takes generated images out of reach as well, and is no mismatch either.

What to do
    Scale the images to the range of the output activation, or choose the activation for the images: sigmoid for
    0 ... 1, tanh for -1 ... 1. Give the monitor the images as training sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message, sentences
from gandoctor.rules.reading.model_card import card_evidence
from gandoctor.rules.reading.output_range import SLACK, in_words, missing_share, output_reach
from gandoctor.rules.reading.repetition import longest_stretch
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, why_missing
from gandoctor.rules.warm_up import contract_warm_up_end
from gandoctor.store import DataCard, Reach, Run


@dataclass(frozen=True)
class Limits:
    """Thresholds. The mismatch itself needs none; these say what is too little to mention.

    Attributes:
        slack: Share of the data's range that may lie outside the generator's reach. Judgement: stray pixels.
        sliver: Share outside up to which it is a warning: most of every image can be produced. Judgement.
        wider: Width of the reach over that of the data, from which it is mentioned. tanh on 0 ... 1 data has 2.
        aside: Share of the data's range that lies within reach on one side of it, from which that is a warning. tanh on
            0 ... 1 data has 1; on data of less contrast that are centred as it is, a third and less. Judgement.
        beside: Share of the data's range by which the mean of the samples may lie outside it. Judgement; single
            pixels leave the range in unharmed runs (measured with tanh on 0 ... 1 data: down to -0.9).
        overshoot: Share of the data's range by which the brightest or darkest value of the samples may lie outside it
            before it is said, which alone is no harm. Judgement.
        steps: Successive steps whose real batch has a mean, or values, that the generator cannot produce. One would
            be proof.
        first_steps: Real batches compared with the images given to the monitor.
    """

    slack: float = SLACK
    sliver: float = 0.1
    wider: float = 1.5
    aside: float = 0.5
    beside: float = 0.02
    overshoot: float = 0.1
    steps: int = 3
    first_steps: int = 20


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return what the model card shows, else what the real batches of training show."""
    reach, data = output_reach(run), run.manifest.data
    if reach is None:
        raise NotEvaluated(
            Message("The values that the generator can produce are not known: its last layers do not show them.")
        )
    if data is None and "real_mean" not in run:
        why = why_missing(run, "probe_data", Message("no real images were given to the monitor"))
        raise NotEvaluated(Message("The range of the real images is not known: {why}.", why=why))
    if data is not None and missing_share(data, reach) > limits.slack:
        return [_out_of_reach(run, data, reach, limits)]
    evidence = list(_in_training(run, reach, limits)) or list(_given(run, reach, limits))
    if not evidence and data is not None and data.kind == "images":  # columns have ranges of their own
        evidence = list(_beyond_the_data(run, data, reach, limits))
    return evidence


def _out_of_reach(run: Run, data: DataCard, reach: Reach, limits: Limits) -> Evidence:
    share = missing_share(data, reach)
    severity = Severity.CRITICAL if share > limits.sliver else Severity.WARNING
    statement = sentences(
        _ranges(data, reach), Message("{share:.0%} of that range is out of the generator's reach.", share=share)
    )
    mean = _first_mean(run, limits)
    if mean is not None and _in_other_units(run, data, mean, limits):
        severity = Severity.WARNING
        other = Message(
            "The real batches of training have a mean of {mean:.3g}, however: the monitor was given other images than "
            "training sees, or in other units.",
            mean=mean,
        )
        statement = sentences(statement, other)
    return card_evidence(statement, share, limits.slack, [_layer(reach)], severity)


def _in_training(run: Run, reach: Reach, limits: Limits) -> Iterator[Evidence]:
    """Yield evidence of real batches whose mean the generator cannot produce."""
    if "real_mean" not in run:
        return
    means = run["real_mean"]
    for bound, beyond in ((reach.low, means < (reach.low or 0.0)), (reach.high, means > (reach.high or 0.0))):
        found = longest_stretch(beyond, limits.steps) if bound is not None else None
        if found is None or bound is None:
            continue
        first, last = found.first_step, found.last_step
        mean = float(means.loc[first:last].median())
        statement = Message(
            "From step {first} to {last} the real batches had a mean of {mean:.3g}. The generator can produce {reach} "
            "({layer}), so no batch of its images can have that mean.",
            first=first,
            last=last,
            mean=mean,
            reach=in_words(reach),
            layer=reach.layer,
        )
        severity = Severity.CRITICAL if found.ongoing else Severity.WARNING
        told = sentences(statement, found.ending)
        yield Evidence("real_mean", mean, bound, first, last, told, severity, (_layer(reach),))


def _given(run: Run, reach: Reach, limits: Limits) -> Iterator[Evidence]:
    """Yield evidence of values out of reach that the discriminator is given for its own loss, not the generator's."""
    import pandas as pd

    for end, bound, sign in (("min", reach.low, -1.0), ("max", reach.high, 1.0)):
        names = [f"{player}_step_input_{end}" for player in ("d", "g")]
        if bound is None or any(name not in run for name in names):
            continue
        table = pd.DataFrame({name: run[name] for name in names}).dropna()
        own, generated = (sign * (table[name] - bound) for name in names)
        # As a share of everything it is given: what lies within the reach is never wider than the reach.
        width = (reach.high - reach.low if reach.high is not None and reach.low is not None else 0.0) + own
        found = longest_stretch((own > limits.slack * width) & (generated <= limits.slack * width), limits.steps)
        if found is None:
            continue
        first, last = found.first_step, found.last_step
        value, produced = (float(table[name].loc[first:last].median()) for name in names)
        share = float((own / width).loc[first:last].median())
        if sign < 0:
            given = Message(
                "From step {first} to {last} the discriminator was given values down to {value:.3g} for its own loss, "
                "and down to {produced:.3g} for the generator's.",
                first=first,
                last=last,
                value=value,
                produced=produced,
            )
        else:
            given = Message(
                "From step {first} to {last} the discriminator was given values up to {value:.3g} for its own loss, "
                "and up to {produced:.3g} for the generator's.",
                first=first,
                last=last,
                value=value,
                produced=produced,
            )
        therefore = Message(
            "The generator can produce {reach} ({layer}), so the values beyond come from the real images.",
            reach=in_words(reach),
            layer=reach.layer,
        )
        severity = Severity.CRITICAL if found.ongoing and share > limits.sliver else Severity.WARNING
        told = sentences(given, therefore, found.ending)
        yield Evidence(names[0], value, bound, first, last, told, severity, (_layer(reach),))


def _beyond_the_data(run: Run, data: DataCard, reach: Reach, limits: Limits) -> Iterator[Evidence]:
    """Yield evidence of a generator that can produce more than the data contain."""
    width = data.maximum - data.minimum
    if not width > 0:
        return  # data of a single value: GD009
    unbounded = reach.low is None or reach.high is None
    if reach.low is not None and reach.high is not None and reach.high - reach.low <= limits.wider * width:
        return
    observed = float("inf") if unbounded else ((reach.high or 0.0) - (reach.low or 0.0)) / width
    statement = sentences(
        _ranges(data, reach),
        Message("The generator can produce all of these values, and has to learn to stay within them."),
    )
    severity = Severity.INFO if unbounded or _aside(data, reach) <= limits.aside * width else Severity.WARNING
    mean = _late(run, "sample_mean")
    if mean is not None and not -limits.beside <= mean <= 1 + limits.beside:
        severity = Severity.WARNING
        failed = Message(
            "It has not learnt that: after warm-up the mean of its images is {mean:.3g}.",
            mean=data.minimum + mean * width,
        )
        statement = sentences(statement, failed)
    low, high = _late(run, "sample_min"), _late(run, "sample_max")
    if low is not None and high is not None:
        beyond = max(data.minimum - low, high - data.maximum) / width
        if beyond > limits.overshoot:
            reached = Message(
                "After warm-up its images reach from {low:.3g} to {high:.3g}: clip them before they are shown or "
                "written as bytes, where what is too bright comes out dark.",
                low=low,
                high=high,
            )
            statement = sentences(statement, reached)
    yield card_evidence(statement, observed, limits.wider, [_layer(reach)], severity)


def _aside(data: DataCard, reach: Reach) -> float:
    """Return how far a bounded reach goes beyond the data on one side."""
    return max(data.minimum - (reach.low or 0.0), (reach.high or 0.0) - data.maximum)


def _ranges(data: DataCard, reach: Reach) -> Message:
    return Message(
        "The generator can produce {reach} ({layer}); the real images lie in {low:.3g} to {high:.3g}.",
        reach=in_words(reach),
        layer=reach.layer,
        low=data.minimum,
        high=data.maximum,
    )


def _layer(reach: Reach) -> str:
    return f"generator/{reach.layer}"


def _in_other_units(run: Run, data: DataCard, mean: float, limits: Limits) -> bool:
    """Tell whether the first real batches of training cannot be of the images that the monitor was given."""
    spread = float(run["real_spread"].iloc[: limits.first_steps].median()) if "real_spread" in run else data.std
    outside = not data.minimum <= mean <= data.maximum
    return outside or abs(mean - data.mean) > data.std or spread < data.std / 20


def _first_mean(run: Run, limits: Limits) -> float | None:
    return float(run["real_mean"].iloc[: limits.first_steps].median()) if "real_mean" in run else None


def _late(run: Run, name: str) -> float | None:
    """Return the median of a signal after warm-up; None where there is none."""
    if name not in run:
        return None
    values = run[name].loc[contract_warm_up_end(run) :].to_numpy()
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else None


LIMITS = Limits()

RULE = Rule(
    id="GD006",
    name="output-range-mismatch",
    title=Message("The generator's output range does not match the data"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("match-output-range", "check-data"),
    references=(
        "carpedm20/DCGAN-tensorflow issue 24 (images that were not normalised)",
        "fchollet/deep-learning-with-python-notebooks issue 7 (tanh output on data in 0 to 1)",
        "Radford et al., DCGAN, ICLR 2016 (images scaled to the range of the tanh activation)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=(
            "GD001",
            "GD201",
            "GD202",
            "GD204",
            "GD301",
            "GD304",
            "GD305",
            "GD401",
            "GD403",
            "GD404",
            "GD405",
            "GD407",
            "GD411",
        ),
        critical=0.96,
        warning=0.7,
        info=0.15,
        same_as=("range-mismatch",),
    ),
)
