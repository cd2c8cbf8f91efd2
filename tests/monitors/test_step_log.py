"""The step log: what is put in a step is in its row, wherever in the step's graphs it was put."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.training
tf = pytest.importorskip("tensorflow")

from gandoctor.backends.tensorflow.in_graph.step_log import StepLog  # noqa: E402 - TensorFlow may be missing

Step = Callable[[Any], None]


def rows_of(step: Callable[[StepLog, Any], None], in_graph: bool, steps: int = 3) -> list[dict[str, float]]:
    """Run a step several times with its number; each time within `one_step`, as `train_step` is."""
    log = StepLog()

    def whole(number: Any) -> None:
        with log.one_step():
            step(log, number)
            log.commit()

    run = tf.function(whole) if in_graph else whole
    for number in range(steps):
        run(tf.constant(float(number)))
    return log.drain()


@pytest.mark.parametrize("in_graph", [True, False])
def test_values_of_all_shapes_and_kinds_are_in_their_row(in_graph: bool) -> None:
    def step(log: StepLog, number: Any) -> None:
        log.put({"a": number, "b": 7})
        log.put({"c": tf.reshape(number + 1, (1,)), "d": tf.cast(number, tf.float64)})

    expected = [{"a": n, "b": 7.0, "c": n + 1, "d": n} for n in (0.0, 1.0, 2.0)]
    assert rows_of(step, in_graph) == expected


@pytest.mark.parametrize("in_graph", [True, False])
def test_the_last_of_several_values_counts_also_where_it_is_absent(in_graph: bool) -> None:
    def step(log: StepLog, number: Any) -> None:
        log.put({"a": number, "b": number})
        log.put({"a": number + 10}, when=number != 1)

    assert rows_of(step, in_graph) == [{"a": 10.0, "b": 0.0}, {"b": 1.0}, {"a": 12.0, "b": 2.0}]


@pytest.mark.parametrize("in_graph", [True, False])
def test_a_branch_that_is_not_taken_writes_nothing(in_graph: bool) -> None:
    def step(log: StepLog, number: Any) -> None:
        def taken() -> Any:
            log.put({"a": number})
            return tf.constant(True)

        tf.cond(number == 1, taken, lambda: tf.constant(False))
        log.put({"b": number})

    assert rows_of(step, in_graph) == [{"b": 0.0}, {"a": 1.0, "b": 1.0}, {"b": 2.0}]


@pytest.mark.parametrize("in_graph", [True, False])
@pytest.mark.parametrize("inside_first", [True, False])
def test_the_last_value_counts_whichever_graph_it_was_put_in(in_graph: bool, inside_first: bool) -> None:
    def step(log: StepLog, number: Any) -> None:
        @tf.function
        def inside(number: Any) -> Any:
            log.put({"a": number + 10})
            return number

        def outside() -> None:
            log.put({"a": number + 20, "b": number})

        if inside_first:
            inside(number)
            outside()
        else:
            outside()
            inside(number)

    a = 20.0 if inside_first else 10.0
    assert rows_of(step, in_graph) == [{"a": a + n, "b": n} for n in (0.0, 1.0, 2.0)]


@pytest.mark.parametrize("in_graph", [True, False])
def test_what_is_no_scalar_fails_alone(in_graph: bool) -> None:
    def step(log: StepLog, number: Any) -> None:
        log.put({"a": number})
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            log.put({"b": tf.ones((2,))})

    assert rows_of(step, in_graph) == [{"a": 0.0}, {"a": 1.0}, {"a": 2.0}]


def test_a_step_that_raises_leaves_nothing_behind() -> None:
    log = StepLog()

    def fails() -> None:
        with log.one_step():
            log.put({"a": 1.0})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with log.one_step():
        log.put({"b": 2.0})
        log.commit()
    assert log.drain() == [{"b": 2.0}]


def test_a_hand_written_loop_commits_between_its_steps() -> None:
    log = StepLog()
    put = tf.function(lambda number: log.put({"a": number}))
    for number in (1.0, 2.0):
        put(tf.constant(number))
        log.commit()
    log.commit()
    assert log.drain() == [{"a": 1.0}, {"a": 2.0}, {}]
