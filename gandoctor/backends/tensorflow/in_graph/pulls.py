"""Pulls: which way a loss pulls the discriminator's scores, by its gradient with respect to them, in the step's graph.

A loss may be made of many terms, and its formula unknown: what it wants of a score is the sign of one derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf
from tensorflow.python.eager import record
from tensorflow.python.framework import random_seed

from gandoctor.backends.tensorflow.in_graph.made_rows import rows_of, which_are_real
from gandoctor.player_names import Player

Judged = tuple[Any, Any]
"""A batch that the discriminator was given, and what it returned."""


def pulls_of(
    target: Any, phase: Player, judged: Sequence[Judged], made: Sequence[Any], is_penalised: bool
) -> dict[Literal["real", "fake"], Any]:
    """Return the share of a loss's gradient that wants higher scores less that which wants lower ones, for each side.

    1: all scores are to rise. -1: all are to fall. 0: neither. Real images are told from others only beside generated
    ones, and only in the discriminator's own step. Empty in eager execution.

    Args:
        target: The loss, in the graph being traced.
        phase: Whose it is.
        judged: What the discriminator was given since the last loss, and has returned.
        made: What the generator has returned.
        is_penalised: Whether the program has differentiated by other things than weights: it may depend on a last
            sigmoid's output by all layers, which would have to be differentiated once more.
    """
    graph = getattr(target, "graph", None)
    if graph is None:
        return {}
    here = [t for t in made if getattr(t, "graph", None) is graph]
    calls = [(image, scores) for image, scores in judged if scores.graph is graph and _are_scores(scores, image)]
    if is_penalised:
        calls = [call for call in calls if call[1].op.type != "Sigmoid"]
    if not here or not calls:
        return {}
    gradients = _gradients(graph, target, [scores for _, scores in calls])
    real, fake, batches = [], [], 0
    for (image, _), gradient in zip(calls, gradients, strict=True):
        if gradient is None:
            continue
        rows = rows_of(image, here)
        flat = tf.reshape(tf.cast(tf.convert_to_tensor(gradient), tf.float32), [tf.shape(gradient)[0], -1])
        is_real = which_are_real(rows)[:, None]
        batches += sum(not one.is_made for one in rows)
        if any(one.is_made for one in rows):
            fake.append(flat * (1.0 - is_real))
        if any(not one.is_made for one in rows):
            real.append(flat * is_real)
    found: dict[Literal["real", "fake"], Any] = {"fake": _share(fake)} if fake else {}
    if fake and batches == 1 and phase == "d":
        found["real"] = _share(real)
    return found


def _share(gradients: list[Any]) -> Any:
    wanted = -tf.add_n([tf.reduce_sum(g) for g in gradients])
    return tf.math.divide_no_nan(wanted, tf.add_n([tf.reduce_sum(tf.abs(g)) for g in gradients]))


def _are_scores(scores: Any, image: Any) -> bool:
    """Tell whether a discriminator returns one number an image, or a map of them, and not another image or classes."""
    rank = scores.shape.rank
    return bool(rank) and scores.dtype.is_floating and bool(image.shape.rank) and (rank == 1 or scores.shape[-1] == 1)


def _gradients(graph: Any, target: Any, scores: list[Any]) -> list[Any]:
    """Differentiate by the graph, with no tape recording it, and leave the seeds of later operations as they are."""
    seeds = random_seed._graph_to_seed_dict.get(graph)
    try:
        with record.stop_recording():
            return list(tf.gradients(target, scores))
    except Exception:  # noqa: BLE001 - some operation of the loss has no gradient in a graph
        return [None] * len(scores)
    finally:
        if seeds is None:
            random_seed._graph_to_seed_dict.pop(graph, None)
        else:
            random_seed._graph_to_seed_dict[graph] = seeds
