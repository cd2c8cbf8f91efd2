"""Train functions that were traced before a monitor came: whether Keras can trace them anew without a difference."""

from __future__ import annotations

from typing import Any

from gandoctor.message import Absence, Absent, Message

_STATEFUL_RANDOM_OPS = frozenset(
    {
        "Multinomial",
        "ParameterizedTruncatedNormal",
        "RandomGamma",
        "RandomPoissonV2",
        "RandomShuffle",
        "RandomStandardNormal",
        "RandomUniform",
        "RandomUniformInt",
        "TruncatedNormal",
    }
)


_REMEDY = Message("attach the monitor at the model's first fit, or call compile() anew before this one")


def cannot_retrace(model: Any, optimizers: list[Any]) -> Absence | None:
    """Say why tracing the model's train function anew would change the training; None where it would not.

    Two things live in a traced function and nowhere else: the state of TensorFlow's stateful random ops, which would
    begin again, and the `trainable` flags as they were when it was traced.
    """
    stateful = sorted(_ops_of(model.train_function) & _STATEFUL_RANDOM_OPS)
    if stateful:
        why = Message(
            "the model was trained before the monitor was attached, and its traced step draws from {operation}, "
            "whose state would be lost in a new trace; {remedy}",
            operation=stateful[0],
            remedy=_REMEDY,
        )
        return Absence(Absent.USED_BEFORE, why)
    now = {id(v.value) for v in model.trainable_variables}
    known = {id(v.value) for o in optimizers if o.built for v in o._trainable_variables if hasattr(v, "path")}
    ours = {id(v.value) for v in model.variables}
    if known and (known & ours) - now:
        why = Message(
            "the model was trained before the monitor was attached and `trainable` was changed since, which a new "
            "trace would put into force; {remedy}",
            remedy=_REMEDY,
        )
        return Absence(Absent.USED_BEFORE, why)
    return None


def _ops_of(function: Any) -> set[str]:
    """Names of all TensorFlow ops in the functions that a Keras train function has traced."""
    found: set[str] = set()
    waiting, known = [function], set()
    while waiting:
        current = waiting.pop()
        if id(current) in known:
            continue
        known.add(id(current))
        if hasattr(current, "_list_all_concrete_functions"):
            for concrete in current._list_all_concrete_functions():
                definition = concrete.graph.as_graph_def()
                found |= {node.op for node in definition.node}
                found |= {node.op for f in definition.library.function for node in f.node_def}
            waiting.append(current.python_function)
        waiting.append(getattr(current, "__wrapped__", None))
        for cell in getattr(current, "__closure__", None) or ():
            try:
                waiting.append(cell.cell_contents)
            except ValueError:
                continue  # a name not bound yet
    return found
