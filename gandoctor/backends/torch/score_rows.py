"""Which of the numbers that a loss is given are scores of real images: followed back through the graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from gandoctor.backends.torch.graph import nodes_of

_ONE_BY_ONE = frozenset(
    {
        *("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Alias", "Clone", "ToCopy"),
        *("Sigmoid", "Tanh", "Clamp", "Neg", "Add", "Sub", "Mul", "Div"),
    }
)
"""Operations that leave numbers in their order, (n, 1) as (n,) and the like."""


class CannotFollow(Exception):
    """Says why, as the end of a sentence."""


def which_are_real(scores: torch.Tensor, real: Mapping[Any, torch.Tensor]) -> torch.Tensor:
    """Return which numbers are made of scores of real images, bool in the shape of the scores.

    Args:
        scores: What a loss is given, with its graph.
        real: Node of a call of the discriminator -> which numbers of its output are of real images, bool in its shape.

    Raises:
        CannotFollow: Numbers of both kinds come together, or change places in a way that is not known.
    """
    nodes = list(nodes_of(scores.grad_fn, real))
    reached = [node for node in nodes if node in real]
    if all(bool(real[node].all()) for node in reached):
        return torch.ones(scores.shape, dtype=torch.bool, device=scores.device)
    leading = _leading_to(reached, nodes, real)
    found = _of(scores.grad_fn, scores.output_nr, real, leading)
    return found.reshape(scores.shape)


def _leading_to(reached: list[Any], nodes: list[Any], ends: Mapping[Any, Any]) -> set[Any]:
    """Return those of the nodes from which some can be reached."""
    before: dict[Any, list[Any]] = {}
    for node in nodes:
        for following, _ in () if node in ends else node.next_functions:
            before.setdefault(following, []).append(node)
    found, waiting = set(reached), list(reached)
    while waiting:
        new = [node for node in before.get(waiting.pop(), ()) if node not in found]
        found.update(new)
        waiting += new
    return found


def _of(node: Any, number: int, real: Mapping[Any, torch.Tensor], leading: set[Any]) -> torch.Tensor:
    """Return which numbers of a node's output are of real images."""
    shape, name = tuple(node._input_metadata[number].shape), type(node).__name__.partition("Backward")[0]
    if node in real:
        if tuple(real[node].shape) != shape:
            raise CannotFollow("which of its outputs the loss is given is not known")
        return real[node]
    given = [(i, following, k) for i, (following, k) in enumerate(node.next_functions) if following in leading]
    if name == "Cat":
        return _joined(node, given, real, leading)
    if len(given) > 1:
        raise CannotFollow("its loss compares scores of real images with those of generated ones")
    [(_, following, k)] = given
    before = _of(following, k, real, leading)
    if name == "Slice":
        places = torch.arange(before.shape[_axis(node, before)], device=before.device)
        # A start before the first and an end behind the last are kept as huge numbers.
        start, end = (min(_signed(v), len(places)) for v in (node._saved_start, node._saved_end))
        return before.index_select(_axis(node, before), places[start : end : node._saved_step])
    if name == "Split" and isinstance(size := getattr(node, "_saved_split_size", None), int):
        return before.split(size, _axis(node, before))[number]
    if name == "Select":
        return before.select(_axis(node, before), _signed(node._saved_index))
    if name in _ONE_BY_ONE and before.numel() == math.prod(shape):
        return before.reshape(shape)
    raise CannotFollow(f"what becomes of its scores on their way into the loss is not followed ({name})")


def _joined(node: Any, given: list[Any], real: Mapping[Any, torch.Tensor], leading: set[Any]) -> torch.Tensor:
    own = {i: _of(following, k, real, leading) for i, following, k in given}
    if len(own) < len(node.next_functions):
        raise CannotFollow("its scores are joined with other numbers before the loss")
    dim = _signed(node._saved_dim)
    return torch.cat([own[i] for i in range(len(own))], dim)


def _axis(node: Any, tensor: torch.Tensor) -> int:
    axis: int = _signed(node._saved_dim) % tensor.dim()
    return axis


def _signed(number: int) -> int:
    """Return a number of 64 bits that PyTorch shows without its sign."""
    return number - 2**64 if number >= 2**63 else number
