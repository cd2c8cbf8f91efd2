"""GraphCalls: what both networks are called with in the graph of a step, and which of it is known to be real."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import keras
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.backend.common.symbolic_scope import in_symbolic_scope

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.discovery.flow import identity
from gandoctor.backends.tensorflow.discovery.traces import is_probing, outermost_graph
from gandoctor.backends.tensorflow.in_graph.made_rows import Rows
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph, is_muted, wrapped
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.player_names import Player

GRAPHS_KEPT = 16
"""Graphs whose calls are remembered while they are traced."""


class CannotTell(Exception):
    """Says why it is not known which images are real, as the end of a sentence."""


@dataclass(eq=False)
class Call:
    """A call of the discriminator in a graph.

    Attributes:
        args, kwargs: What it was given, without the mode.
        training: The mode; None where nobody has said.
        output: What it has returned, the first of several.
        is_penalised: Whether the program takes a penalty of its own at what was given.
        is_labelled: Whether labels of its real images were seen, and exchanged.
    """

    args: Any
    kwargs: Any
    training: bool | None
    output: Any
    is_penalised: bool = False
    is_labelled: bool = False

    @functools.cached_property
    def leaves(self) -> list[Any]:
        """Everything it was given, in one list."""
        return list(keras.tree.flatten((self.args, self.kwargs)))


@dataclass
class InGraph:
    """What happened in a graph since the discriminator was last updated in it; what the generator has returned.

    Attributes:
        smoothed: Losses with exchanged labels.
        why: Why labels could not be exchanged, as an error; None where they could.
    """

    graph: Any
    calls: list[Call] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)
    smoothed: list[Any] = field(default_factory=list)
    why: Exception | None = None


class EagerCalls(Protocol):
    """Is told of calls outside any graph."""

    def generated(self, output: Any) -> None:
        """The generator has returned something."""

    def judged(self, args: Any, kwargs: Any, training: bool | None) -> None:
        """The discriminator was called."""

    def penalised(self, points: list[Any]) -> None:
        """Something was differentiated with respect to these tensors."""


class GraphCalls:
    """Follows the calls of both networks, graph by graph.

    Args:
        players: The GAN.
        eager: Is told of what runs eagerly; None where that is of no interest.
    """

    def __init__(self, players: KerasPlayers, eager: EagerCalls | None = None) -> None:
        self._players, self._eager = players, eager
        self._graphs: OrderedDict[int, InGraph] = OrderedDict()
        self._undo = ExitStack()

    def attach(self) -> None:
        """Follow them from now on."""
        players: tuple[tuple[Player, Any], ...] = (
            ("d", members_of(self._players.discriminator)[0]),
            ("g", members_of(self._players.generator)[-1]),
        )
        for player, network in players:
            self._undo.enter_context(wrapped(network, "call", functools.partial(self._seeing, player)))

    def detach(self) -> None:
        """Follow nothing more."""
        self._undo.close()
        self._graphs.clear()

    def here(self, graph: Any) -> InGraph:
        """Return what happened in a graph."""
        found = self._graphs.setdefault(id(graph), InGraph(graph))
        while len(self._graphs) > GRAPHS_KEPT:
            self._graphs.popitem(last=False)
        return found

    def penalised(self, points: list[Any]) -> None:
        """Take note that the program has differentiated something with respect to these tensors."""
        graph = current_graph()
        if graph is not None:
            known = {identity(point) for point in points}
            for call in self.here(graph).calls:
                call.is_penalised |= any(tf.is_tensor(leaf) and identity(leaf) in known for leaf in call.leaves)
        elif self._eager is not None:
            self._eager.penalised(points)

    def taken(self, seen: InGraph) -> list[Call]:
        """Return the discriminator's calls since its last update, and begin anew.

        Raises:
            CannotTell: It was not called, or the generator in another graph of the same step.
        """
        calls, seen.calls, seen.smoothed = seen.calls, [], []
        family = outermost_graph(seen.graph)
        elsewhere = [one.graph for one in self._graphs.values() if one.made and one.graph is not seen.graph]
        if any(outermost_graph(graph) is family and not is_probing(graph) for graph in elsewhere):
            raise CannotTell("generated images are made in a function inside its step or around it")
        if not calls:
            raise CannotTell("no call of it was seen in the graph that updates it")
        return calls

    def _seeing(self, player: Player, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not is_muted() and not in_symbolic_scope():
                first = keras.tree.flatten(result)[0]
                if player == "g":
                    self._generated(first)
                else:
                    self._judged(args, kwargs, first)
            return result

        return call

    def _generated(self, output: Any) -> None:
        graph = current_graph()
        if graph is not None:
            self.here(graph).made.append(output)
        elif self._eager is not None:
            self._eager.generated(output)

    def _judged(self, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        graph, training = current_graph(), _training()
        named = {name: value for name, value in kwargs.items() if name != "training" and value is not None}
        if graph is not None:
            self.here(graph).calls.append(Call(args, named, training, output))
        elif self._eager is not None:
            self._eager.judged(args, named, training)


def with_real(images: Sequence[tuple[Call, list[Rows]]]) -> list[tuple[Call, list[Rows]]]:
    """Return the calls that hold more than what the generator has made.

    Args:
        images: Calls, and what the images of each were put together of.

    Raises:
        CannotTell: Which argument is the image is not known, or nothing is the generator's.
    """
    if not any(part.is_made for _, parts in images for part in parts):
        raise CannotTell(
            "nothing that it is given in the graph of its update is what the generator has returned there, so that "
            "real images cannot be told from generated ones"
        )
    if not all(parts for _, parts in images):
        raise CannotTell("its calls are given different things, and which of them is the image is not known")
    return [(call, parts) for call, parts in images if not all(part.is_made for part in parts)]


def check_batches(images: Sequence[tuple[Call, list[Rows]]], real: Sequence[tuple[Call, Sequence[Rows]]]) -> None:
    """Check that the real images of an update are no more batches than the generated ones.

    What enters a graph beside the real batch may have been generated before.

    Args:
        images: Calls, and what the images of each were put together of.
        real: Those of them that are taken for real.

    Raises:
        CannotTell: They are more.
    """
    made = sum(part.is_made for _, parts in images for part in parts)
    batches = {identity(part.tensor) for _, parts in real for part in parts if not part.is_made}
    if len(batches) > made:
        raise CannotTell(
            f"{len(batches)} batches that it is given for an update are not known to be the generator's and {made} "
            "are, so that the others need not all be real"
        )


def _training() -> bool | None:
    context = global_state.get_global_attribute("current_call_ctx")
    mode: bool | None = None if context is None else context.get_value("training")
    return mode
