"""Sigmoids that a pass computes, with the graph of what they were given: the logits behind a final one."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gandoctor.backends.torch.sigmoid import ends_in_sigmoid

_SIGMOID = (torch.sigmoid, torch.Tensor.sigmoid, torch.special.expit)
_SIGMOID_IN_PLACE = (torch.sigmoid_, torch.Tensor.sigmoid_)


class LogitsUnseen(Exception):
    """The final sigmoid was not seen; says so as the end of a sentence."""


class Sigmoids(TorchFunctionMode):
    """Keeps what the last sigmoid of a pass was given and returned, with the graph that made it."""

    last: tuple[torch.Tensor, torch.Tensor] | None = None

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        is_sigmoid = function in _SIGMOID or function in _SIGMOID_IN_PLACE
        given: Any = next(iter((*args, *(kwargs or {}).values()))) if is_sigmoid else None
        if function in _SIGMOID_IN_PLACE:
            given = given.clone()
        output = function(*args, **(kwargs or {}))
        if given is not None:
            self.last = given, output
        return output


def logit_of(score: torch.Tensor, seen: Sigmoids) -> torch.Tensor:
    """Return what a final sigmoid was given, in the shape of the score; the score where there is none.

    Raises:
        LogitsUnseen: The sigmoid was not seen.
    """
    if not ends_in_sigmoid(score):
        return score
    given, made = seen.last or (None, None)
    if (
        given is None
        or made is None
        or made.numel() != score.numel()
        or not torch.equal(made.reshape(-1), score.reshape(-1))
    ):
        raise LogitsUnseen("its final sigmoid is computed where its logits are not seen")
    return given.reshape(score.shape)
