"""GD110: the columns of the data have very unequal scales.

What it is
    The real data are the rows of a table or the channels of a series, and one column spreads a hundred times as wide as
    another: an income in tens of thousands beside a rate of a few hundredths.

Why it hurts
    The networks see all columns on one scale. The discriminator judges by the widest columns, so the generator gets no
    gradient for the narrow ones; the same weights that produce an income to within a percent produce a rate with an
    error of many times its range.

How it is recognised
    By the standard deviations of the columns of the real data that the monitor was given, before the first step.
    Columns that do not vary are left out.

What it is not
    Columns whose values merely lie far from 0 are another matter, and so are skewed ones. The values of a waveform
    in successive columns share one unit: where neighbouring columns go together, as in no table, nothing is judged.
    A one-hot column of a rare class beside standardised numbers is about twenty times narrower, which is no cause
    for concern. Networks that scale their inputs and outputs themselves may well train on such data; the monitor
    cannot tell.

What to do
    Standardise each column by its mean and standard deviation, take the logarithm of skewed ones first, and undo both
    on the samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.reading.model_card import card_evidence
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        ratio: Largest standard deviation of a column over the smallest. Judgement, between standardised tables with
            rare classes (20), which train well, and tables in their own units (Iris: 4; the wine data of UCI: 2,500; an
            income beside a rate: 1,000,000).
        columns: Columns from which vectors may be a waveform. Judgement: few tables have as many.
        together: Mean correlation of neighbouring columns from which they are one.
    """

    ratio: float = 100.0
    columns: int = 64
    together: float = 0.5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence where the widest column is much wider than the narrowest."""
    data = run.manifest.data
    if data is None:
        raise NotEvaluated(Message("No real data were given to the monitor, so the scale of its columns is not known."))
    if data.kind == "images":
        raise NotEvaluated(Message("The data are images, whose pixels share one scale."))
    if data.column_stds is None:
        raise NotEvaluated(Message("No column of the real data varies."))
    low, high = data.column_stds
    ratio = high / low
    if not ratio > limits.ratio:
        return []
    if _is_waveform(run, limits):
        raise NotEvaluated(
            Message("Neighbouring columns go together as the values of a waveform do, which is no table.")
        )
    statement = Message(
        "The standard deviations of the columns of the real data range from {low:.3g} to {high:.3g}, by a factor of "
        "{ratio:,.0f}.",
        low=low,
        high=high,
        ratio=ratio,
    )
    return [card_evidence(statement, ratio, limits.ratio)]


def _is_waveform(run: Run, limits: Limits) -> bool:
    values = run.real_values
    if values is None or values.ndim != 2 or values.shape[1] < limits.columns:
        return False
    x = values.astype(np.float64) - values.mean(axis=0)
    size = np.sqrt((x * x).mean(axis=0))
    left, right = size[:-1], size[1:]
    both = (left > 0) & (right > 0)
    products = (x[:, :-1] * x[:, 1:]).mean(axis=0)[both]
    return bool(both.any() and float(np.mean(products / (left * right)[both])) > limits.together)


LIMITS = Limits()

RULE = Rule(
    id="GD110",
    name="unequal-columns",
    title=Message("The columns of the data have very unequal scales"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("standardise-columns",),
    references=(
        "LeCun et al., Efficient BackProp, 1998, section 4.3 (normalising the inputs)",
        "Xu et al., Modeling Tabular Data using Conditional GAN, NeurIPS 2019, section 4.2 (normalising columns)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD201", "GD202", "GD301", "GD303", "GD305", "GD403", "GD409", "GD411"),
        critical=0.9,
        warning=0.85,
        info=0.3,
        same_as=(),
    ),
)
