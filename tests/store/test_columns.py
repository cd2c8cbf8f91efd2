"""A column holds what was recorded, in order of step, however it came."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gandoctor.store.columns import Column

Part = list[tuple[int, float]]


@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.floats()), min_size=1)), st.integers(-1, 31))
def test_it_is_a_dictionary_of_steps(parts: list[Part], cut: int) -> None:
    column, expected = Column(), {}
    for part in parts:
        column.add(np.array([s for s, _ in part], np.int64), np.array([v for _, v in part]))
        expected |= dict(part)
        np.testing.assert_array_equal(column.read()[0], sorted(expected))  # read on after every part, as a watcher does
    steps, values = column.read()
    np.testing.assert_array_equal(values, [expected[s] for s in sorted(expected)])
    earlier, told = column.until(cut).read()
    np.testing.assert_array_equal(earlier, [s for s in sorted(expected) if s <= cut])
    np.testing.assert_array_equal(told, values[: len(told)])
    assert steps.dtype == np.int64


def test_what_was_read_does_not_change_when_more_comes() -> None:
    column = Column()
    column.add(np.array([1, 3]), np.array([1.0, 3.0]))
    steps, values = column.read()
    column.add(np.array([2, 3]), np.array([2.0, 30.0]))
    assert column.read()[1].tolist() == [1.0, 2.0, 30.0]
    assert (steps.tolist(), values.tolist()) == ([1, 3], [1.0, 3.0])
