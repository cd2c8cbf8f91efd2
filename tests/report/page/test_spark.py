"""Small charts draw any numbers that a signal may hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gandoctor.report.languages.language import language
from gandoctor.report.page.spark import spark

EN = language("en")


@pytest.mark.parametrize("log", [None, True, False])
@settings(max_examples=60)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=12))
def test_any_numbers_are_drawn(log, values):
    if log:
        values = [abs(value) for value in values]
    drawn = spark(pd.Series(values, index=range(1, len(values) + 1), name="d_loss"), EN, last_step=len(values), log=log)
    heights = [float(point.split(",")[1]) for line in drawn.lines for point in line.split()]
    assert all(0 <= height <= 100 for height in heights)


def test_an_axis_of_decades_ends_at_the_largest_number():
    values = pd.Series(np.logspace(0, 308, 20), index=range(1, 21), name="d_loss")
    drawn = spark(values, EN, last_step=20)
    assert drawn.is_log
    assert np.isfinite(float(drawn.high))
