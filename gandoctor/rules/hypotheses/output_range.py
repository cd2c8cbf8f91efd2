"""The hypothesis that the generator cannot produce the range of the data."""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.output_range import SLACK, extreme, in_words, missing_share, output_reach
from gandoctor.rules.rule import Cause
from gandoctor.store import Run

RANGE_MISMATCH = Hypothesis(
    "range-mismatch",
    Message("The generator cannot produce the range of the data"),
    Message("Compare the data's range with what the generator's last activation can reach."),
)


def range_mismatch(run: Run) -> Cause:
    """Return the hypothesis, scored by the layers where they are known, else by the samples.

    The scores are judgement: layers settle it (0.9 or 0.02), samples make it likely (0.6) or not (0.05), and without
    either it is one of several (0.25).
    """
    data, reach = run.manifest.data, output_reach(run)
    if data is None:
        return RANGE_MISMATCH.cause(0.25, Message("the data's range was not recorded"))
    shown = Message("the data lie in {low:.3g} to {high:.3g}", low=data.minimum, high=data.maximum)
    if reach is not None:
        short = missing_share(data, reach) > SLACK
        told = Message("{data}, and the generator reaches {reach}", data=shown, reach=in_words(reach))
        return RANGE_MISMATCH.cause(0.9 if short else 0.02, told)
    low, high = extreme(run, "sample_min", np.min), extreme(run, "sample_max", np.max)
    if low is None or high is None:
        return RANGE_MISMATCH.cause(0.25, Message("{data}; samples were not recorded", data=shown))
    slack = 5 * SLACK * (data.maximum - data.minimum)
    short = low > data.minimum + slack or high < data.maximum - slack
    told = Message("{data}, and samples never left {low:.3g} to {high:.3g}", data=shown, low=low, high=high)
    return RANGE_MISMATCH.cause(0.6 if short else 0.05, told)
