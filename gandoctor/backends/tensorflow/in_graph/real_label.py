"""RealLabel: one-sided label smoothing, for a Keras program whose labels are 1 and 0 and whose step is traced.

The discriminator's loss on real images is taken with another label than 1, such as 0.9 (Salimans et al., Improved
Techniques for Training GANs, NeurIPS 2016). Labels of generated images, and the generator's own loss, stay as they are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.common.symbolic_scope import in_symbolic_scope
from keras.src.backend.tensorflow import nn as keras_nn

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.discovery.flow import identity, is_made_of
from gandoctor.backends.tensorflow.discovery.patches import Patches
from gandoctor.backends.tensorflow.in_graph.graph_calls import (
    Call,
    CannotTell,
    GraphCalls,
    InGraph,
    check_batches,
    with_real,
)
from gandoctor.backends.tensorflow.in_graph.made_rows import Rows, rows_of
from gandoctor.backends.tensorflow.in_graph.score_rows import CannotFollow, calls_behind, largest_label, which_are_real
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph, is_muted
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.player_names import Player
from gandoctor.recording.smoothed_label import check_label, label_refused, other_label


class RealLabel:
    """Exchanges the labels of real images on their way into a loss, exactly those that are 1.

    All of it is told by the operations of the graph of a step: what is not made of what the generator has returned is
    real, and labels are known where the step makes them itself.

    Args:
        players: The GAN.
        label: Above 0.5, at most 1.

    Raises:
        GandoctorError: The label is out of range.
        ChangeRefused: The discriminator is made of several networks.
    """

    def __init__(self, players: KerasPlayers, label: float) -> None:
        check_label(label)
        self._players, self._label = players, label
        self._calls = GraphCalls(players)
        self._undo = ExitStack()
        self._is_inside = False
        if len(members_of(players.discriminator)) > 1:
            raise label_refused("it is made of several networks")

    def attach(self) -> None:
        """Follow the calls of both networks, and exchange labels from now on."""
        self._calls.attach()
        self._exchange_in(keras_nn, "binary_crossentropy", "target", "output")
        self._exchange_in(tf.nn, "sigmoid_cross_entropy_with_logits", "labels", "logits")
        patches = Patches()
        patches.replace(keras.losses.MeanSquaredError, "call", self._squares)
        self._undo.callback(patches.restore)

    def detach(self) -> None:
        """Leave the labels alone from now on."""
        self._undo.close()
        self._calls.detach()

    # What the program does. -------------------------------------------------------------------------------------

    def _exchange_in(self, owner: Any, name: str, labels: str, scores: str) -> None:
        """Exchange what a function is given as labels, the names of whose first two arguments are these."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def ours(*args: Any, **kwargs: Any) -> Any:
            given = dict(zip((labels, scores), args, strict=False)) | kwargs
            if labels not in given or scores not in given:
                return original(*args, **kwargs)

            def compute(exchanged: Any) -> Any:
                if args:
                    return original(exchanged, *args[1:], **kwargs)
                return original(**{**kwargs, labels: exchanged})

            return self._with_labels(compute, given[labels], given[scores])

        replaced = tf.autograph.experimental.do_not_convert(ours)

        def restore() -> None:
            if getattr(owner, name) is replaced:  # what someone has wrapped since stays, and only passes through
                setattr(owner, name, original)

        setattr(owner, name, replaced)
        self._undo.callback(restore)

    def _squares(self, original: Callable[..., Any], loss: Any, y_true: Any, y_pred: Any) -> Any:
        return self._with_labels(lambda exchanged: original(loss, exchanged, y_pred), y_true, y_pred)

    def _with_labels(self, compute: Callable[[Any], Any], labels: Any, scores: Any) -> Any:
        """Compute a loss, with its labels of real images exchanged where it is one of the discriminator's."""
        graph = current_graph()
        if self._is_inside or graph is None or is_muted() or in_symbolic_scope() or not tf.is_tensor(scores):
            return compute(labels)
        seen = self._calls.here(graph)
        own = calls_behind(scores, seen.calls, [call.output for call in seen.calls])
        real = [call for call in own if not all(part.is_made for part in _rows(call, seen.made))]
        if not real:
            return compute(labels)
        self._is_inside = True
        try:
            try:
                exchanged = self._exchanged(labels, scores, {identity(c.output): _rows(c, seen.made) for c in own})
            except (CannotFollow, _OtherLabel) as error:
                seen.why = seen.why or _refusal(error)
                return compute(labels)
            result = compute(labels if exchanged is None else exchanged)
        finally:
            self._is_inside = False
        if exchanged is not None:
            seen.smoothed.append(result)
            for call in real:
                call.is_labelled = True
        return result

    def _exchanged(self, labels: Any, scores: Any, rows: dict[int, list[Rows]]) -> Any | None:
        """Return other labels; None where no score is a real image's."""
        labels = tf.convert_to_tensor(labels)
        is_real, parts = which_are_real(scores, rows)
        if not any(parts):
            return None
        largest = largest_label(labels, parts)
        if largest != 1:
            raise _OtherLabel(largest)
        if labels.shape.rank != scores.shape.rank:
            raise CannotFollow(f"its labels are of shape {labels.shape} beside scores of shape {scores.shape}")
        is_one = tf.equal(labels, tf.ones((), labels.dtype))
        return tf.where(is_real & is_one, tf.cast(self._label, labels.dtype), labels)

    def penalised(self, points: list[Any]) -> None:
        """Take note that the program has differentiated something with respect to these tensors."""
        self._calls.penalised(points)

    def differentiated(self, phase: Player, target: Any) -> None:
        """Take note of a loss that a player is moved by."""
        graph = current_graph()
        if graph is None or phase != "g":
            return
        seen = self._calls.here(graph)
        if seen.smoothed and is_made_of(target, seen.smoothed):
            seen.why = label_refused("the labels of real images are part of the loss that moves the generator, too")

    def check(self, phase: Player) -> None:
        """Refuse an update that is not smoothed as it should be.

        Raises:
            ChangeRefused: The labels of real images are not known, or not those of the discriminator's loss alone.
        """
        graph = current_graph()
        if graph is None:
            raise label_refused("its steps run eagerly, where no graph tells what its labels are of")
        seen = self._calls.here(graph)
        if seen.why is not None:
            raise seen.why
        if phase != "d":
            return
        try:
            self._check_real(seen)
        except CannotTell as error:
            raise label_refused(str(error)) from None

    def _check_real(self, seen: InGraph) -> None:
        """Refuse an update of the discriminator of which a real image kept its label."""
        images = [(call, _rows(call, seen.made)) for call in self._calls.taken(seen)]
        real = [(call, parts) for call, parts in with_real(images) if call.is_labelled or not call.is_penalised]
        if not real:
            raise CannotTell("all that it is given holds generated images, and no batch of real ones alone is seen")
        if not all(call.is_labelled for call, _ in real):
            raise CannotTell(
                "its loss on real images is given no labels that are seen: it is neither Keras's binary cross-entropy "
                "nor tf.nn.sigmoid_cross_entropy_with_logits nor MeanSquaredError"
            )
        check_batches(images, real)


class _OtherLabel(Exception):
    """Real images are labelled otherwise than with 1."""

    def __init__(self, largest: float) -> None:
        super().__init__(largest)
        self.largest = largest


def _refusal(error: Exception) -> Exception:
    return other_label(error.largest) if isinstance(error, _OtherLabel) else label_refused(str(error))


def _rows(call: Call, made: list[Any]) -> list[Rows]:
    """Return what the images of a call were put together of: of the argument that holds generated ones, or of any."""
    floats = [
        t
        for t in call.leaves
        if tf.is_tensor(t) and hasattr(t, "op") and t.dtype.is_floating and (t.shape.rank or 0) >= 2
    ]
    found = [rows_of(t, made) for t in sorted(floats, key=lambda t: t.shape.rank < 3)]
    return next((rows for rows in found if any(one.is_made for one in rows)), found[0] if found else [])
