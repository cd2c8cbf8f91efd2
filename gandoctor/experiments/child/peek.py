"""A look at the images `fit` was given, that leaves the training exactly what it would have had."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

IMAGES_MAX = 512
BYTES_MAX = 128 * 2**20

_EFFECTS = re.compile(
    "^(?!Stateless).*(Random|Shuffle|PyFunc|Generator|Multinomial|SampleDistorted|Assign|Scatter|Cache|Write|Print"
    "|Queue|Barrier|Rng|TableInsert|TableImport|TableRemove|Snapshot|Distribute)"
)
"""Operations whose running once more could be noticed: they draw, change a state or run the user's Python."""

_TRANSPARENT = ("_ShuffleDataset", "CacheDataset", "_PrefetchDataset", "_RepeatDataset", "_OptionsDataset")
"""Datasets that hand on the elements of their input as they are."""

_IN_MEMORY = ("_TensorSliceDataset", "_TensorDataset", "_RangeDataset")
"""Sources without any effect, which are not worth serializing to see that."""

_SERIALIZE_WHATEVER_STATE = 1


class CannotPeek(Exception):
    """The images cannot be had without side effects, or there are none; the message says why."""


def peek(x: Any, shape: tuple[int | None, ...] | None) -> np.ndarray:
    """Return the first images of the training data without consuming any of it.

    Arrays and tensors are sliced. A `tf.data.Dataset` is never iterated as it is: an iterator over a shuffled one
    advances the seed of the next and so changes the order in which training sees the data. Instead its pipeline is
    built anew without shuffles and caches, and read if nothing in it draws random numbers, keeps a state or runs
    Python.

    Args:
        x: The argument `x` (or `validation_data`) of `keras.Model.fit`.
        shape: Shape of one image as the discriminator takes it, None where it is not known.

    Returns:
        Images, (n, height, width[, channels]), n <= 512, in the dtype and units of the data.

    Raises:
        CannotPeek: There are no such images, or no way without side effects.
    """
    if hasattr(x, "element_spec"):
        return _from_dataset(x, shape)
    if hasattr(x, "__next__"):
        raise CannotPeek("the data comes from a Python generator, which can be read only once")
    leaves = list(_leaves(x))
    if not leaves or not all(hasattr(leaf, "shape") and hasattr(leaf, "__getitem__") for leaf in leaves):
        raise CannotPeek(f"the data comes from a {type(x).__name__}, which may run code of its own")
    return _images((leaf[:IMAGES_MAX] for leaf in leaves), shape)


def _from_dataset(dataset: Any, shape: tuple[int | None, ...] | None) -> np.ndarray:
    from tensorflow import data

    from gandoctor.backends.tensorflow.random_state import preserved_random_state

    if not isinstance(dataset, data.Dataset):
        raise CannotPeek(f"the data is a {type(dataset).__name__}, which cannot be read a second time")
    found: list[np.ndarray] = []
    with preserved_random_state():
        try:
            plain = _rebuilt(dataset)
        except AttributeError as error:
            raise CannotPeek(f"this version of TensorFlow builds datasets in another way ({error})") from None
        for element in plain:
            found.append(_images((leaf.numpy() for leaf in _leaves(element) if hasattr(leaf, "numpy")), shape))
            if sum(len(f) for f in found) >= IMAGES_MAX or sum(f.nbytes for f in found) >= BYTES_MAX:
                break
    if not found:
        raise CannotPeek("the dataset is empty")
    if len({f.shape[1:] for f in found}) > 1:
        raise CannotPeek("the images differ in size")
    return np.concatenate(found)[:IMAGES_MAX]


def _rebuilt(dataset: Any) -> Any:
    """Build the dataset anew from its sources, without what only reorders, keeps or repeats elements."""
    import tensorflow as tf

    kind = type(dataset).__name__
    if kind in _IN_MEMORY:
        return dataset
    if kind in _TRANSPARENT:
        return _rebuilt(dataset._input_dataset)
    if kind in ("_MapDataset", "_ParallelMapDataset"):
        function = dataset._map_func.function  # as traced already: nothing of the user's runs in Python
        _check(function.graph.as_graph_def())
        spec = dataset.element_spec
        variant = tf.raw_ops.MapDataset(
            input_dataset=tf.data.experimental.to_variant(_rebuilt(dataset._input_dataset)),
            other_arguments=function.captured_inputs,
            f=function,
            output_types=tf.nest.flatten(tf.compat.v1.data.get_output_types(dataset)),
            output_shapes=tf.nest.flatten(tf.compat.v1.data.get_output_shapes(dataset)),
        )
        return tf.data.experimental.from_variant(variant, spec)
    if kind in ("_BatchDataset", "_ParallelBatchDataset"):
        return _rebuilt(dataset._input_dataset).batch(dataset._batch_size, dataset._drop_remainder)
    if kind == "_TakeDataset":
        return _rebuilt(dataset._input_dataset).take(dataset._count)
    if kind == "_SkipDataset":
        return _rebuilt(dataset._input_dataset).skip(dataset._count)
    if kind == "_ZipDataset":
        return tf.data.Dataset.zip(tf.nest.map_structure(_rebuilt, dataset._datasets))
    _check(_graph_of(dataset))
    return dataset


def _graph_of(dataset: Any) -> Any:
    import tensorflow as tf

    try:
        serialized = tf.raw_ops.DatasetToGraphV2(
            input_dataset=tf.data.experimental.to_variant(dataset), external_state_policy=_SERIALIZE_WHATEVER_STATE
        )
    except (tf.errors.OpError, ValueError) as error:
        raise CannotPeek(f"what a {type(dataset).__name__} does cannot be told ({type(error).__name__})") from None
    return tf.compat.v1.GraphDef.FromString(serialized.numpy())


def _check(graph: Any) -> None:
    """Refuse a graph, the functions it calls included, that reading could change anything by."""
    operations = {node.op for node in graph.node}
    operations |= {node.op for function in graph.library.function for node in function.node_def}
    effects = sorted(op for op in operations if _EFFECTS.search(op))
    if effects:
        raise CannotPeek(f"reading the dataset once more could change the training ({', '.join(effects[:4])})")


def _leaves(structure: Any) -> Iterable[Any]:
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, list | tuple):
        for part in structure:
            yield from _leaves(part)
    elif structure is not None:
        yield structure


def _images(arrays: Iterable[Any], shape: tuple[int | None, ...] | None) -> np.ndarray:
    """Return the first of the arrays that holds images, of the given shape where it is known."""
    seen = []
    for leaf in arrays:
        array = np.asarray(leaf)
        seen.append(str(array.shape))
        if (
            array.ndim not in (3, 4)
            or (array.ndim == 4 and array.shape[-1] not in (1, 3))
            or array.dtype.kind not in "iufb"
        ):
            continue
        if shape is None or _fits(array.shape[1:], shape):
            return array
    raise CannotPeek(f"there are no images in the data of a shape the discriminator takes; found {', '.join(seen)}")


def _fits(found: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    if len(found) == 2 and len(wanted) == 3 and wanted[-1] == 1:
        found = (*found, 1)
    return len(found) == len(wanted) and all(w is None or f == w for f, w in zip(found, wanted, strict=True))
