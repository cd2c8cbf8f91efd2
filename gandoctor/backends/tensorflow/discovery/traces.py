"""Traces: which updates a traced function makes. A function may have several traces, and one may run others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.control_flow_v2_func_graphs import ControlFlowFuncGraph

_OF_A_DATASET = "Dataset_"
"""How the graphs begin that `for batch in dataset` is traced into."""
_PROBING = "tmp"
"""The graph that AutoGraph traces the body of a loop into, to see which variables it has; it never runs."""


@dataclass(frozen=True, eq=False)
class TracedUpdate:
    """An update in a graph.

    Attributes:
        optimizer: Who makes it.
        variables: What is moved.
        repeats: Whether it lies in a loop or a branch of the graph: it may run any number of times a call.
    """

    optimizer: Any
    variables: list[Any]
    repeats: bool


class Traces:
    """The updates of every graph, known by the graph that was called and not by the function that it belongs to."""

    def __init__(self) -> None:
        self._updates: dict[int, list[TracedUpdate]] = {}
        self._graphs: list[Any] = []  # kept alive, so that their ids stay their own

    def updated(self, optimizer: Any, variables: list[Any]) -> None:
        """Take note of an update that is being traced."""
        graph = current_graph()
        if graph is not None and not is_probing(graph) and is_first_replica():
            update = TracedUpdate(optimizer, variables, repeats(graph))
            self._of(function_graph(graph)).append(update)

    def runs(self, called: Any) -> None:
        """Take note that the graph of a traced function is made part of the one being traced."""
        graph = current_graph()
        if graph is None or is_probing(graph) or not (inner := self.made_by(called)):
            return
        within = repeats(graph)
        self._of(function_graph(graph)).extend(
            TracedUpdate(u.optimizer, u.variables, within or u.repeats) for u in inner
        )

    def made_by(self, graph: Any) -> list[TracedUpdate]:
        """Return the updates that a call of a graph makes, in order."""
        return self._updates.get(id(graph), [])

    def _of(self, graph: Any) -> list[TracedUpdate]:
        if id(graph) not in self._updates:
            self._graphs.append(graph)
        return self._updates.setdefault(id(graph), [])


def current_graph() -> Any:
    """The graph being traced; None in eager execution."""
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


def function_graph(graph: Any) -> Any:
    """Return the graph of the traced function that a graph belongs to: out of loops, branches and datasets."""
    while _is_part(graph) and getattr(graph, "outer_graph", None) is not None:
        graph = graph.outer_graph
    return graph


def repeats(graph: Any) -> bool:
    """Tell whether a graph is that of a loop or a branch inside its function."""
    return function_graph(graph) is not graph


def outermost_graph(graph: Any) -> Any:
    """Return the graph that a graph lies in, over all functions that are being traced."""
    while isinstance(getattr(graph, "outer_graph", None), tf.__internal__.FuncGraph):
        graph = graph.outer_graph
    return graph


def runs_repeatedly(graph: Any) -> bool:
    """Tell whether a graph, or any that it is being traced for, is that of a loop or a branch."""
    while isinstance(graph, tf.__internal__.FuncGraph):
        if _is_part(graph):
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def is_probing(graph: Any) -> bool:
    """Tell whether a graph is only being looked at by AutoGraph, so that nothing in it will run."""
    while isinstance(graph, tf.__internal__.FuncGraph):
        if graph.name == _PROBING:
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def is_first_replica() -> bool:
    """Tell whether this is no other than the first of the replicas that a strategy traces one by one."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return True
    return tf.get_static_value(context.replica_id_in_sync_group) in (0, None)


def _is_part(graph: Any) -> bool:
    return isinstance(graph, ControlFlowFuncGraph) or str(getattr(graph, "name", "")).startswith(_OF_A_DATASET)
