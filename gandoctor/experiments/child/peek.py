"""Read the images passed to `fit` without changing what the training sees."""

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
"""Operations with side effects: they draw random numbers, change a state or run the user's Python code."""

_TRANSPARENT = ("_ShuffleDataset", "CacheDataset", "_PrefetchDataset", "_RepeatDataset", "_OptionsDataset")
"""Datasets that pass on the elements of their input unchanged."""

_IN_MEMORY = ("_TensorSliceDataset", "_TensorDataset", "_RangeDataset")
"""Sources without side effects. They need no check, which would serialize all their data."""

_SERIALIZE_WHATEVER_STATE = 1


class CannotPeek(Exception):
    """There are no images, or they cannot be read without side effects. The message says why."""


def peek(x: Any, shape: tuple[int | None, ...] | None) -> np.ndarray:
    """Return the first images of the training data without consuming any of it.

    Arrays and tensors are sliced. A `tf.data.Dataset` is never iterated directly: an iterator over a shuffled dataset
    advances the seed of the next iterator, which changes the order in which training sees the data. Instead, the
    pipeline is rebuilt without shuffles and caches. It is read if nothing in it draws random numbers, keeps a state or
    runs Python code.

    Args:
        x: The argument `x` (or `validation_data`) of `keras.Model.fit`.
        shape: Shape of one image as the discriminator takes it, or None if it is not known.

    Returns:
        Images, (n, height, width[, channels]), n <= 512, in the dtype and units of the data.

    Raises:
        CannotPeek: There are no such images, or they cannot be read without side effects.
    """
    if hasattr(x, "element_spec"):
        return _read_dataset(x, shape)
    if hasattr(x, "__next__"):
        raise CannotPeek("the data comes from a Python generator, which can be read only once")
    leaves = list(_leaves(x))
    if not leaves or not all(hasattr(leaf, "shape") and hasattr(leaf, "__getitem__") for leaf in leaves):
        raise CannotPeek(f"the data comes from a {type(x).__name__}, which may run its own code")
    return _find_images((leaf[:IMAGES_MAX] for leaf in leaves), shape)


def image_shape(discriminator: Any) -> tuple[int | None, ...] | None:
    """Return the shape of one image that the discriminator takes; None if it declares none or has several inputs."""
    declared = getattr(discriminator, "input_shape", None)
    if (
        isinstance(declared, tuple)
        and len(declared) in (3, 4)
        and all(d is None or isinstance(d, int) for d in declared)
    ):
        return declared[1:]
    return None


def _read_dataset(dataset: Any, shape: tuple[int | None, ...] | None) -> np.ndarray:
    from tensorflow import data

    from gandoctor.backends.tensorflow.random_state import preserved_random_state

    if not isinstance(dataset, data.Dataset):
        raise CannotPeek(f"the data is a {type(dataset).__name__}, which cannot be read a second time")
    batches: list[np.ndarray] = []
    with preserved_random_state():
        try:
            plain = _rebuild(dataset)
        except AttributeError as error:
            raise CannotPeek(f"this version of TensorFlow builds datasets in another way ({error})") from None
        for element in plain:
            batches.append(_find_images((leaf.numpy() for leaf in _leaves(element) if hasattr(leaf, "numpy")), shape))
            if sum(map(len, batches)) >= IMAGES_MAX or sum(batch.nbytes for batch in batches) >= BYTES_MAX:
                break
    if not batches:
        raise CannotPeek("the dataset is empty")
    if len({batch.shape[1:] for batch in batches}) > 1:
        raise CannotPeek("the images differ in size")
    return np.concatenate(batches)[:IMAGES_MAX]


def _rebuild(dataset: Any) -> Any:
    """Rebuild the dataset from its sources, without steps that only reorder, cache or repeat elements."""
    import tensorflow as tf

    kind = type(dataset).__name__
    if kind in _IN_MEMORY:
        return dataset
    if kind in _TRANSPARENT:
        return _rebuild(dataset._input_dataset)
    if kind in ("_MapDataset", "_ParallelMapDataset"):
        function = dataset._map_func.function  # already traced: no Python code of the user runs
        _refuse_effects(function.graph.as_graph_def())
        spec = dataset.element_spec
        variant = tf.raw_ops.MapDataset(
            input_dataset=tf.data.experimental.to_variant(_rebuild(dataset._input_dataset)),
            other_arguments=function.captured_inputs,
            f=function,
            output_types=tf.nest.flatten(tf.compat.v1.data.get_output_types(dataset)),
            output_shapes=tf.nest.flatten(tf.compat.v1.data.get_output_shapes(dataset)),
        )
        return tf.data.experimental.from_variant(variant, spec)
    if kind in ("_BatchDataset", "_ParallelBatchDataset"):
        return _rebuild(dataset._input_dataset).batch(dataset._batch_size, dataset._drop_remainder)
    if kind == "_TakeDataset":
        return _rebuild(dataset._input_dataset).take(dataset._count)
    if kind == "_SkipDataset":
        return _rebuild(dataset._input_dataset).skip(dataset._count)
    if kind == "_ZipDataset":
        return tf.data.Dataset.zip(tf.nest.map_structure(_rebuild, dataset._datasets))
    _refuse_effects(_serialize(dataset))
    return dataset


def _serialize(dataset: Any) -> Any:
    import tensorflow as tf

    try:
        serialized = tf.raw_ops.DatasetToGraphV2(
            input_dataset=tf.data.experimental.to_variant(dataset), external_state_policy=_SERIALIZE_WHATEVER_STATE
        )
    except (tf.errors.OpError, ValueError) as error:
        raise CannotPeek(f"a {type(dataset).__name__} cannot be inspected ({type(error).__name__})") from None
    return tf.compat.v1.GraphDef.FromString(serialized.numpy())


def _refuse_effects(graph: Any) -> None:
    """Raise CannotPeek if the graph, or a function that it calls, has side effects."""
    operations = {node.op for node in graph.node}
    operations |= {node.op for function in graph.library.function for node in function.node_def}
    effects = sorted(op for op in operations if _EFFECTS.search(op))
    if effects:
        raise CannotPeek(f"reading the dataset again could change the training ({', '.join(effects[:4])})")


def _leaves(structure: Any) -> Iterable[Any]:
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, list | tuple):
        for part in structure:
            yield from _leaves(part)
    elif structure is not None:
        yield structure


def _find_images(arrays: Iterable[Any], shape: tuple[int | None, ...] | None) -> np.ndarray:
    """Return the first array that holds images, of the given shape if it is known."""
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
    raise CannotPeek(f"no array has images of a shape that the discriminator takes; the shapes are {', '.join(seen)}")


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    if len(shape) == 2 and len(wanted) == 3 and wanted[-1] == 1:
        shape = (*shape, 1)
    return len(shape) == len(wanted) and all(w is None or s == w for s, w in zip(shape, wanted, strict=True))
