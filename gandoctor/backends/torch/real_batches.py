"""RealBatches: which of the batches that a discriminator is given for its own update is the real one."""

from __future__ import annotations

from collections import deque

import torch

MADE_MAX = 2
"""Of the generator's latest outputs that are held on to until the step ends."""
GIVEN_MAX = 4


class RealBatches:
    """Tells the real batch by what is known of the other: it lies where the generator's output lies.

    A real batch is the only one that the generator has not made, beside one that it has. Where both are one batch,
    where generated images are changed on their way, or where several batches are unknown, none is told. Points of a
    gradient penalty require a gradient, and do not count.
    """

    def __init__(self) -> None:
        self._made: deque[torch.Tensor] = deque(maxlen=MADE_MAX)
        self._given: list[torch.Tensor] = []
        self._has_generated = False
        self._kinds: set[bool] = set()  # whether generated batches require a gradient

    def made(self, output: torch.Tensor) -> None:
        """The generator has returned something."""
        self._made.append(output.detach())

    def given(self, inputs: list[torch.Tensor]) -> None:
        """The discriminator has been given something that may be differentiated."""
        batches = [t for t in inputs if t.is_floating_point() and t.dim() >= 2]
        batch = next((t for t in batches if t.dim() >= 3), batches[0] if batches else None)
        place = None if batch is None else _place(batch)
        if batch is None or place is None:
            return
        if place in map(_place, self._made):
            self._has_generated = True
            self._kinds.add(batch.requires_grad)
        elif not batch.requires_grad and place not in map(_place, self._given):
            self._given = [*self._given[1 - GIVEN_MAX :], batch.detach()]

    @property
    def is_any_given(self) -> bool:
        """Whether the discriminator was given anything since the latest update that the generator has not made."""
        return bool(self._given)

    @property
    def are_of_both_steps(self) -> bool:
        """Whether they are those of both players' steps: real ones, and generated ones with and without a gradient."""
        return bool(self._given) and len(self._kinds) == 2

    def of_update(self) -> torch.Tensor | None:
        """Return the real batch of the update that is about to be made; None where it is not known. Forget it."""
        real = self._given[0] if self._has_generated and len(self._given) == 1 else None
        self._given, self._has_generated, self._kinds = [], False, set()
        return real

    def end_step(self) -> None:
        """Forget what belongs to the step that is over."""
        self._made.clear()
        self.of_update()


def _place(tensor: torch.Tensor) -> int | None:
    """Return where in memory a tensor lies; None of one that lies nowhere, as a sparse one."""
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, NotImplementedError):
        return None
