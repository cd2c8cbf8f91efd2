"""R1: a gradient penalty on the real images of the discriminator's own steps, for a Keras program without one.

The program's loss stays as it is. Before `optimizer.apply` clips, accumulates or applies anything, the gradient of

    gamma / 2 * the mean over the real images x of |grad_x D(x)|^2

is added to the gradients it is given, in the graph of the step (Mescheder et al., Which Training Methods for GANs do
actually Converge?, ICML 2018, equation 9). D(x) is the logit where the discriminator ends in a sigmoid, and of a patch
discriminator the sum of the patches.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.backend.common.symbolic_scope import in_symbolic_scope

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.discovery.flow import identity
from gandoctor.backends.tensorflow.discovery.traces import is_probing, outermost_graph
from gandoctor.backends.tensorflow.in_graph.applied_gradients import scale
from gandoctor.backends.tensorflow.in_graph.eager_reals import EagerReals
from gandoctor.backends.tensorflow.in_graph.made_rows import Rows, channels_of, rows_of, which_are_real
from gandoctor.backends.tensorflow.in_graph.penalty import CannotPenalise, Penalised, penalty_gradients
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph, is_muted, wrapped
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.errors import ChangeRefused
from gandoctor.player_names import NAMES, R1_PENALTY, Player

GRAPHS_KEPT = 16
"""Graphs whose calls are remembered while they are traced."""
_INSTEAD = "write the penalty into the script's own loss instead"


@dataclass(eq=False)
class _Call:
    """A call of the discriminator in a graph: what it was given, and the mode it was called in."""

    args: Any
    kwargs: Any
    training: bool | None
    is_penalised: bool = False

    @functools.cached_property
    def leaves(self) -> list[Any]:
        return list(keras.tree.flatten((self.args, self.kwargs)))


@dataclass
class _InGraph:
    """What was called in a graph since the discriminator was last updated in it; what the generator has returned."""

    graph: Any
    calls: list[_Call] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)


class R1:
    """Adds the gradient of the penalty to what the discriminator's optimizer is given, in the graph that updates it.

    Which images are real is told by the operations of that graph: what is not made of what the generator has returned
    in it is real, if the generator has returned anything that the discriminator is given. Of steps that run eagerly it
    is told by the values.

    Args:
        players: The GAN.
        gamma: Weight of the penalty, 0 or more.

    Raises:
        ChangeRefused: The discriminator computes in half precision.
    """

    def __init__(self, players: KerasPlayers, gamma: float) -> None:
        self._players, self._gamma = players, gamma
        self._graphs: OrderedDict[int, _InGraph] = OrderedDict()
        self._eager = EagerReals()
        self._undo = ExitStack()
        if any(layer.compute_dtype != layer.variable_dtype for layer in players.discriminator._flatten_layers()):
            raise self._refused("it computes in half precision, in which the slope's own slope is lost")

    def attach(self) -> None:
        """Follow the calls of both networks."""
        players: tuple[tuple[Player, Any], ...] = (
            ("d", members_of(self._players.discriminator)[0]),
            ("g", members_of(self._players.generator)[-1]),
        )
        for player, network in players:
            self._undo.enter_context(wrapped(network, "call", functools.partial(self._seeing, player, network)))

    def detach(self) -> None:
        """Follow nothing more."""
        self._undo.close()
        self._graphs.clear()

    def _seeing(self, player: Player, network: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not is_muted() and not in_symbolic_scope():
                if player == "g":
                    self._generated(keras.tree.flatten(result)[0])
                else:
                    self._judged(args, kwargs)
            return result

        return call

    def _generated(self, output: Any) -> None:
        graph = current_graph()
        if graph is None:
            self._eager.generated(output)
        else:
            self._in(graph).made.append(output)

    def _judged(self, args: Any, kwargs: dict[str, Any]) -> None:
        graph, training = current_graph(), _training()
        named = {name: value for name, value in kwargs.items() if name != "training" and value is not None}
        if graph is None:
            self._eager.judged(args, named, training)
        else:
            self._in(graph).calls.append(_Call(args, named, training))

    def _in(self, graph: Any) -> _InGraph:
        found = self._graphs.setdefault(id(graph), _InGraph(graph))
        while len(self._graphs) > GRAPHS_KEPT:
            self._graphs.popitem(last=False)
        return found

    def penalised(self, points: list[Any]) -> None:
        """Take note that the program has differentiated something with respect to these tensors."""
        graph = current_graph()
        if graph is None:
            self._eager.penalised(points)
            return
        known = {identity(point) for point in points}
        for call in self._in(graph).calls:
            call.is_penalised |= any(tf.is_tensor(leaf) and identity(leaf) in known for leaf in call.leaves)

    def added(self, optimizer: Any, grads: list[Any], variables: list[Any] | None) -> list[Any]:
        """Return the gradients with those of the penalty.

        Args:
            optimizer: The discriminator's.
            grads: As it is given them; some may be None.
            variables: Likewise; None for those it was built with.

        Raises:
            ChangeRefused: The penalty cannot be had.
        """
        graph = current_graph()
        moved = list(optimizer._trainable_variables) if variables is None else list(variables)
        weights = {id(inner(v)): v for v in self._players.discriminator.trainable_variables}
        places = [i for i, v in enumerate(moved) if id(inner(v)) in weights]
        wanted = [weights[id(inner(moved[i]))] for i in places]
        try:
            if graph is None:
                found = self._eager.gradients(self._players.discriminator, wanted, self._gamma)
            else:
                real = self._told_apart(self._in(graph))
                found = penalty_gradients(self._players.discriminator, wanted, real, self._gamma)
        except CannotPenalise as error:
            raise self._refused(str(error)) from error.__cause__
        together = list(grads)
        for place, gradient in zip(places, found, strict=True):
            if gradient is not None:
                mine = gradient * tf.cast(scale(optimizer), gradient.dtype)
                given = together[place]
                together[place] = mine if given is None else tf.convert_to_tensor(given) + tf.cast(mine, given.dtype)
        return together

    def _told_apart(self, seen: _InGraph) -> list[Penalised]:
        """Return what of the calls is real.

        Raises:
            CannotPenalise: It is not told.
        """
        calls, seen.calls = seen.calls, []
        family = outermost_graph(seen.graph)
        elsewhere = [one.graph for one in self._graphs.values() if one.made and one.graph is not seen.graph]
        if any(outermost_graph(graph) is family and not is_probing(graph) for graph in elsewhere):
            raise CannotPenalise("generated images are made in a function inside its step or around it")
        if not calls:
            raise CannotPenalise("no call of it was seen in the graph that updates it")
        rows = [[_rows(leaf, seen.made) for leaf in call.leaves] for call in calls]
        found = [(i, part) for each in rows for i, parts in enumerate(each) for part in parts if part.is_made]
        if not found:
            raise CannotPenalise(
                "nothing that it is given in the graph of its update is what the generator has returned there, so that "
                "real images cannot be told from generated ones"
            )
        index, part = next(((i, one) for i, one in found if (one.tensor.shape.rank or 0) >= 3), found[0])
        channels = channels_of(part.tensor, seen.made)
        if any(len(each) <= index or not each[index] for each in rows):
            raise CannotPenalise("its calls are given different things, and which of them is the image is not known")
        parts = [(call, each[index]) for call, each in zip(calls, rows, strict=True)]
        others = [(call, each) for call, each in parts if not all(part.is_made for part in each)]
        real = [(call, each) for call, each in others if not call.is_penalised]
        if not real:
            raise CannotPenalise(
                "the program takes a gradient penalty of its own at its real images"
                if others
                else "all that it is given holds generated images, and no batch of real ones alone is seen"
            )
        made = sum(part.is_made for _, each in parts for part in each)
        batches = {identity(part.tensor) for _, each in real for part in each if not part.is_made}
        if len(batches) > made:  # what enters the graph beside the real batch may have been generated before
            raise CannotPenalise(
                f"{len(batches)} batches that it is given for an update are not known to be the generator's and {made} "
                "are, so that the others need not all be real"
            )
        return [Penalised(c.args, c.kwargs, c.training, index, which_are_real(each), channels) for c, each in real]

    def _refused(self, why: str) -> ChangeRefused:
        return ChangeRefused(f"{R1_PENALTY} of the {NAMES['d']} cannot be set: {why}; {_INSTEAD}.")


def _training() -> bool | None:
    """Return the mode of the call under way; None where nobody has said."""
    context = global_state.get_global_attribute("current_call_ctx")
    mode: bool | None = None if context is None else context.get_value("training")
    return mode


def _rows(leaf: Any, made: list[Any]) -> list[Rows]:
    """Return what an argument was put together of; nothing where it is no batch of floats."""
    if not tf.is_tensor(leaf) or not hasattr(leaf, "op") or not leaf.dtype.is_floating or (leaf.shape.rank or 0) < 2:
        return []
    return rows_of(leaf, made)
