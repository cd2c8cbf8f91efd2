"""R1: a gradient penalty on the real images of the discriminator's own steps, for a Keras program without one.

The program's loss stays as it is. Before `optimizer.apply` clips, accumulates or applies anything, the gradient of

    gamma / 2 * the mean over the real images x of |grad_x D(x)|^2

is added to the gradients it is given, in the graph of the step (Mescheder et al., Which Training Methods for GANs do
actually Converge?, ICML 2018, equation 9). D(x) is the logit where the discriminator ends in a sigmoid, and of a patch
discriminator the sum of the patches.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.in_graph.applied_gradients import scale
from gandoctor.backends.tensorflow.in_graph.eager_reals import EagerReals
from gandoctor.backends.tensorflow.in_graph.graph_calls import (
    CannotTell,
    GraphCalls,
    InGraph,
    check_batches,
    with_real,
)
from gandoctor.backends.tensorflow.in_graph.made_rows import Rows, channels_of, rows_of, which_are_real
from gandoctor.backends.tensorflow.in_graph.penalty import CannotPenalise, Penalised, penalty_gradients
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph
from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.errors import ChangeRefused
from gandoctor.player_names import NAMES, R1_PENALTY

_INSTEAD = "write the penalty into the script's own loss instead"


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
        self._eager = EagerReals()
        self._calls = GraphCalls(players, self._eager)
        if any(layer.compute_dtype != layer.variable_dtype for layer in players.discriminator._flatten_layers()):
            raise self._refused("it computes in half precision, in which the slope's own slope is lost")

    def attach(self) -> None:
        """Follow the calls of both networks."""
        self._calls.attach()

    def detach(self) -> None:
        """Follow nothing more."""
        self._calls.detach()

    def penalised(self, points: list[Any]) -> None:
        """Take note that the program has differentiated something with respect to these tensors."""
        self._calls.penalised(points)

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
                real = self._told_apart(self._calls.here(graph))
                found = penalty_gradients(self._players.discriminator, wanted, real, self._gamma)
        except (CannotPenalise, CannotTell) as error:
            raise self._refused(str(error)) from error.__cause__
        together = list(grads)
        for place, gradient in zip(places, found, strict=True):
            if gradient is not None:
                mine = gradient * tf.cast(scale(optimizer), gradient.dtype)
                given = together[place]
                together[place] = mine if given is None else tf.convert_to_tensor(given) + tf.cast(mine, given.dtype)
        return together

    def _told_apart(self, seen: InGraph) -> list[Penalised]:
        """Return what of the calls is real.

        Raises:
            CannotPenalise, CannotTell: It is not told.
        """
        calls = self._calls.taken(seen)
        rows = [[_rows(leaf, seen.made) for leaf in call.leaves] for call in calls]
        found = [(i, part) for each in rows for i, parts in enumerate(each) for part in parts if part.is_made]
        index, channels = 0, None
        if found:
            index, part = next(((i, one) for i, one in found if (one.tensor.shape.rank or 0) >= 3), found[0])
            channels = channels_of(part.tensor, seen.made)
        images = [(call, each[index] if len(each) > index else []) for call, each in zip(calls, rows, strict=True)]
        others = with_real(images)
        real = [(call, parts) for call, parts in others if not call.is_penalised]
        if not real:
            raise CannotPenalise(
                "the program takes a gradient penalty of its own at its real images"
                if others
                else "all that it is given holds generated images, and no batch of real ones alone is seen"
            )
        check_batches(images, real)
        return [Penalised(c.args, c.kwargs, c.training, index, which_are_real(parts), channels) for c, parts in real]

    def _refused(self, why: str) -> ChangeRefused:
        return ChangeRefused(f"{R1_PENALTY} of the {NAMES['d']} cannot be set: {why}; {_INSTEAD}.")


def _rows(leaf: Any, made: list[Any]) -> list[Rows]:
    """Return what an argument was put together of; nothing where it is no batch of floats."""
    if not tf.is_tensor(leaf) or not hasattr(leaf, "op") or not leaf.dtype.is_floating or (leaf.shape.rank or 0) < 2:
        return []
    return rows_of(leaf, made)
