"""One call of `optimizer.step`: whose update it is and the norm of its gradient; and a batch on its way into a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from gandoctor.player_names import PLAYERS, Player


class TorchBatch:
    """A batch on its way into a step; see `recording.in_step.Batch`."""

    def __init__(self, value: torch.Tensor) -> None:
        self._value = value

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of one example."""
        return tuple(self._value.shape[1:]) if self._value.dim() > 1 else None

    def mean_and_spread(self) -> tuple[Any, Any] | None:
        """Return two scalars; None where it is no batch of arrays."""
        if not self._value.is_floating_point() or self._value.dim() < 2 or len(self._value) < 2:
            return None
        x = self._value.detach().float()
        mean = x.mean(dim=0)
        # As x.std(dim=0), which takes ten times as long on a processor.
        return mean.mean(), (x - mean).square_().mean(dim=0).sqrt_().mean()


@dataclass(frozen=True)
class TorchUpdate:
    """One call of `optimizer.step`; see `recording.in_step.Update`.

    Attributes:
        gradients: Player -> name -> gradient, of the parameters that the optimizer moves.
        scale: What the gradients must be divided by: the loss scale of mixed precision, 1 without.
        unclipped: Norm of the gradient of the phase's own player before it was clipped; None where it was not.
        left_over: As `recording.in_step.Update` has it.
    """

    phase: Player
    gradients: dict[Player, dict[str, torch.Tensor]]
    scale: float = 1.0
    unclipped: Any = None
    left_over: float | None = None
    applied: Any = True
    finite: Any = True

    @property
    def moves(self) -> list[Player]:
        """The players given a gradient: an optimizer skips weights without one."""
        return [player for player in PLAYERS if self.gradients[player]]

    @cached_property
    def norms(self) -> dict[str, torch.Tensor]:
        """Name -> L2 norm of the gradient as it is, of the phase's own player."""
        own = self.gradients[self.phase]
        return dict(zip(own, _norms(list(own.values())), strict=True)) if own else {}

    def gradient_norm(self) -> Any | None:
        """Return the norm of the gradient of the phase's own player; None without any."""
        if not self.norms:
            return None
        return self.unclipped if self.unclipped is not None else _together(list(self.norms.values())) / self.scale


def norms_by_id(parameters: Iterable[torch.nn.Parameter]) -> dict[int, torch.Tensor]:
    """Return the L2 norm of each gradient there is, by the id of its parameter."""
    given = [p for p in parameters if p.grad is not None]
    return {id(p): norm_of([p.grad]) for p in given}


def norm_of(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Return the L2 norm of several gradients together; a sparse one counts its values."""
    return _together(_norms(tensors))


def _norms(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    return list(torch._foreach_norm([_plain(t) for t in tensors]))


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_sparse:
        tensor = tensor.detach().coalesce().values()
    if tensor.requires_grad or tensor.dtype is not torch.float32:
        return tensor.detach().float()
    return tensor  # as nearly always: each operation costs a few microseconds, and a step has dozens


def _together(norms: list[torch.Tensor]) -> torch.Tensor:
    if len({n.device for n in norms}) > 1:
        norms = [n.to(norms[0].device) for n in norms]
    return torch.linalg.vector_norm(torch.stack(norms))
